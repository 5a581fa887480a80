"""The operations of the API: each sends its request with its retries, and reads the answer."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from importlib.metadata import version
from typing import Any

import httpx

from noukai._display.shown import FlowTable
from noukai._errors import ApiError, NoukaiError
from noukai._io.timeouts import Timeouts
from noukai_wire.batches import AcceptedBatch, JobIds, StatusList
from noukai_wire.flows import FlowList
from noukai_wire.models import (
    CancelledJobs,
    JobAccepted,
    JobCancellation,
    JobList,
    JobQuery,
    JobStatus,
)
from noukai_wire.routes import Route
from noukai_wire.usage import UsageReport

from .address import FlowAddress
from .answer import answered, error_of_entry, of_flow, read, read_job, unexpected
from .deadline import Clock, Deadline, DeadlinePassedError
from .operation import Listener, Operation
from .patience import Failures, Patience, asked_pause, is_transient
from .sending.payload import uploaded, with_output
from .sending.submission import DEFAULT_RETRY_FOR, Submission
from .settings import Settings
from .waiting.looks import Look, Looks, LooksByLoop
from .waiting.recent import RecentJobs

_JSON = {"Content-Type": "application/json"}
_BACKOFFS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds at most before each retry; the last stands for all that follow."""

_OUTAGE = 15 * 60.0
"""Seconds for which a wait without a deadline goes on although the API does not answer."""

Ask = Callable[[float], httpx.Request]
"""Makes a request that must be over in so many seconds."""


class Api:
    """The API as its settings describe it; `jitter` returns a random number from 0 up to 1.

    Without an `http_client` of the caller's it `is_portable`: another process can ask it with the same
    settings.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        jitter: Callable[[], float],
        http_client: httpx.Client | httpx.AsyncClient | None = None,
    ) -> None:
        self.settings = settings
        self.timeouts = Timeouts.of(settings.timeout, http_client)
        self.is_portable = http_client is None
        self.clock = clock
        self.recent = RecentJobs(clock)
        self._looks = LooksByLoop(self.statuses, clock)
        self._jitter = jitter
        self._headers = httpx.Headers(
            {
                "Authorization": f"Bearer {settings.api_key}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"noukai-python/{version('noukai')}",
            }
        )

    @property
    def looks(self) -> Looks:
        """Return the status checks that the caller shares with other waits."""
        return self._looks.here()

    def submit(
        self, address: FlowAddress, submission: Submission, on_transfer: Listener | None = None
    ) -> Operation[JobAccepted]:
        """Submit a job; repeating it is harmless, since every attempt carries the same idempotency key."""
        submission = yield from uploaded(self, address, submission, on_transfer)
        headers = {"Idempotency-Key": submission.idempotency_key, **_JSON}
        ask = partial(self.request, Route.SUBMIT, content=submission.content, headers=headers, **address._asdict())
        response = yield from self.exchange(ask, self.deadline(), self.patience_of_submission(submission))
        return of_flow(address, read(JobAccepted, response), response)

    def submit_jobs(
        self, address: FlowAddress, submissions: Sequence[Submission]
    ) -> Operation[list[JobAccepted | ApiError]]:
        """Submit jobs in one request; return an outcome for each, in their order."""
        content = b'{"jobs":[%b]}' % b",".join(submission.entry for submission in submissions)
        ask = partial(self.request, Route.SUBMIT_JOBS, content=content, headers=_JSON, **address._asdict())
        patience = self.patience_of_submission(submissions[0])
        response = yield from self.exchange(ask, self.deadline(), patience)
        entries = read(AcceptedBatch, response).jobs
        outcomes = [error_of_entry(each.error, response) if each.error else each.job for each in entries]
        found = [of_flow(address, each, response) for each in outcomes if each is not None]
        if len(found) != len(submissions):
            raise unexpected(response, f"{len(found)} outcomes of {len(submissions)} submissions")
        return found

    def statuses(self, ids: Sequence[str], deadline: Deadline) -> Operation[list[Look]]:
        """Fetch the status of jobs in one request."""
        content = JobIds(ids=list(ids)).model_dump_json().encode()
        ask = partial(self.request, Route.STATUSES, content=content, headers=_JSON)
        response = yield from self.exchange(ask, deadline, self.patience_of_wait(deadline))
        found = read(StatusList, response).jobs
        strange = {each.job.id for each in found if each.job} - set(ids)
        if strange:
            raise unexpected(response, f"it is about job {strange.pop()}: do processes share a connection?")
        return [
            Look(each.id, error_of_entry(each.error, response) if each.error else each.job, each.retry_after_ms)
            for each in found
        ]

    def retry(self, job_id: str) -> Operation[JobAccepted]:
        """Submit the job's input again; repeating it is harmless, since it makes one new job only."""
        response = yield from self.exchange(partial(self.request, Route.RETRY_BY_ID, id=job_id), self.deadline())
        return read(JobAccepted, response)

    def status(self, job_id: str) -> Operation[JobStatus]:
        """Fetch the job as it stands, with its output, wherever that is."""
        return (yield from with_output(self, (yield from self.look(job_id, self.deadline()))))

    def look(self, job_id: str, deadline: Deadline) -> Operation[JobStatus]:
        """Fetch the job as the API shows it."""
        response = yield from self.exchange(partial(self.request, Route.STATUS_BY_ID, id=job_id), deadline)
        return read_job(job_id, response)

    def cancel(self, job_id: str, deadline: Deadline | None = None) -> Operation[JobStatus]:
        """Cancel the job, and return it as it stands afterwards: a terminal job is unchanged."""
        response = yield from self.exchange(
            partial(self.request, Route.CANCEL_BY_ID, id=job_id), deadline or self.deadline()
        )
        return read_job(job_id, response)

    def jobs(self, route: Route, query: JobQuery, address: Mapping[str, Any]) -> Operation[JobList]:
        """Fetch a page of a list."""
        params = query.model_dump(mode="json", by_alias=True, exclude_none=True)
        ask = partial(self.request, route, params=params, **address)
        return read(JobList, (yield from self.exchange(ask, self.deadline())))

    def cancel_jobs(self, address: FlowAddress, body: JobCancellation) -> Operation[CancelledJobs]:
        """Cancel a page of a flow's jobs; a repetition cancels the rest of it, and counts no job again."""
        content = body.model_dump_json(by_alias=True, exclude_none=True).encode()
        ask = partial(self.request, Route.CANCEL_JOBS, content=content, headers=_JSON, **address._asdict())
        response = yield from self.exchange(ask, self.deadline())
        return read(CancelledJobs, response)

    def flows(self) -> Operation[FlowTable]:
        """Fetch the flows of the deployment."""
        response = yield from self.exchange(partial(self.request, Route.FLOWS), self.deadline())
        return FlowTable(read(FlowList, response).flows)

    def usage(self, from_: date | str | None, to: date | str | None) -> Operation[UsageReport]:
        """Fetch what the key's org has used; a bound that is not stated is the API's default."""
        params = {name: str(day) for name, day in (("from", from_), ("to", to)) if day is not None}
        response = yield from self.exchange(partial(self.request, Route.USAGE, params=params), self.deadline())
        return read(UsageReport, response)

    def deadline(self, seconds: float | None = None) -> Deadline:
        """Return the moment that many seconds from now, or never."""
        return Deadline(self.clock, seconds)

    def request(
        self,
        route: Route,
        left: float,
        *,
        held: float = 0.0,
        params: Mapping[str, int | str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **variables: str,
    ) -> httpx.Request:
        """Send a request within the seconds left; a held one takes `held` on top of the usual timeout."""
        return httpx.Request(
            route.method,
            _url(self.settings.base_url, route, **variables),
            params=params,
            content=content,
            headers=httpx.Headers({**self._headers, **headers}) if headers else self._headers,
            extensions=self.timeouts.of_request(left, held),
        )

    def exchange(
        self,
        ask: Ask,
        deadline: Deadline,
        patience: Patience | None = None,
        *,
        is_final: Callable[[NoukaiError], bool] | None = None,
    ) -> Operation[httpx.Response]:
        """Repeat the request until it is answered with success or with an error that lasts, which is raised.

        When the deadline comes first, `DeadlinePassedError` is raised, caused by the error that was to be
        retried. Without `patience` the client's setting says how often that is; `is_final` is true for errors
        to raise at once.
        """
        failures = Failures(self.clock, patience or Patience(self.settings.max_retries))
        while left := deadline.left:
            try:
                response = yield from answered(ask(left))
            except NoukaiError as error:
                pause = max(asked_pause(error), self.backoff(failures.count))
                if not is_transient(error) or (is_final is not None and is_final(error)):
                    raise
                if failures.is_last(error, pause) and deadline.left:
                    raise
                yield from deadline.pause(pause, because=error)
            else:
                failures.end()
                return response
        raise DeadlinePassedError

    def patience_of_wait(self, deadline: Deadline) -> Patience:
        """Return how long a wait outlasts an unreachable API: until its deadline, or a quarter of an hour."""
        if not self.settings.max_retries:
            return Patience(0, limited_seconds=math.inf)
        seconds = _OUTAGE if math.isinf(deadline.left) else math.inf
        return Patience(self.settings.max_retries, seconds, limited_seconds=math.inf, longest_pause=math.inf)

    def patience_of_submission(self, submission: Submission) -> Patience:
        """Return for how long a submission is repeated."""
        retries, seconds = 0, submission.retry_for
        if seconds is None:
            retries = self.settings.max_retries
            seconds = DEFAULT_RETRY_FOR if retries else 0.0
        return Patience(retries, seconds, limited_seconds=seconds)

    def backoff(self, attempt: int) -> float:
        """Return how many seconds to sleep after so many attempts before."""
        return self._jitter() * _BACKOFFS[min(attempt, len(_BACKOFFS) - 1)]


@lru_cache(maxsize=256)
def _url(base_url: str, route: Route, **variables: str) -> httpx.URL:
    """Return the URL, cached: building it takes an eighth of a request."""
    return httpx.URL(base_url + route.path(**variables))
