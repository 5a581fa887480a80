"""The operations of the API: each sends a request with retries, and reads the answer."""

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
"""The longest pause in seconds before each retry; the last one applies to all further retries."""

_OUTAGE = 15 * 60.0
"""How many seconds a wait without a deadline goes on while the API does not answer."""

Ask = Callable[[float], httpx.Request]
"""Makes a request that must end within a number of seconds."""


class Api:
    """The API as its settings describe it; `jitter` returns a random number from 0 up to 1.

    Without an `http_client` of the caller it `is_portable`: another process can use it with the same
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
        """Submit a job; retries are harmless, because they carry the same idempotency key."""
        submission = yield from uploaded(self, address, submission, on_transfer)
        headers = {"Idempotency-Key": submission.idempotency_key, **_JSON}
        ask = partial(
            self.request, Route.SUBMIT, content=submission.content, headers=headers, **address._asdict()
        )
        response = yield from self.exchange(ask, self.deadline(), self.patience_of_submission(submission))
        return of_flow(address, read(JobAccepted, response), response)

    def submit_jobs(
        self, address: FlowAddress, submissions: Sequence[Submission]
    ) -> Operation[list[JobAccepted | ApiError]]:
        """Submit jobs in one request; return each one's outcome, in order."""
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
        """Check the status of jobs in one request."""
        content = JobIds(ids=list(ids)).model_dump_json().encode()
        ask = partial(self.request, Route.STATUSES, content=content, headers=_JSON)
        response = yield from self.exchange(ask, deadline, self.patience_of_wait(deadline))
        found = read(StatusList, response).jobs
        strange = {each.job.id for each in found if each.job} - set(ids)
        if strange:
            raise unexpected(response, f"it is about job {strange.pop()}: do processes share a connection?")
        return [
            Look(
                each.id, error_of_entry(each.error, response) if each.error else each.job, each.retry_after_ms
            )
            for each in found
        ]

    def retry(self, job_id: str) -> Operation[JobAccepted]:
        """Resubmit the job's input; retries are harmless, because they make one new job."""
        response = yield from self.exchange(
            partial(self.request, Route.RETRY_BY_ID, id=job_id), self.deadline()
        )
        return read(JobAccepted, response)

    def status(self, job_id: str) -> Operation[JobStatus]:
        """Fetch the job's status with its output, wherever that is stored."""
        return (yield from with_output(self, (yield from self.look(job_id, self.deadline()))))

    def look(self, job_id: str, deadline: Deadline) -> Operation[JobStatus]:
        """Fetch the job's status as the API shows it."""
        response = yield from self.exchange(partial(self.request, Route.STATUS_BY_ID, id=job_id), deadline)
        return read_job(job_id, response)

    def cancel(self, job_id: str, deadline: Deadline | None = None) -> Operation[JobStatus]:
        """Cancel the job, and return its status afterwards; a terminal job is unchanged."""
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
        """Cancel a page of a flow's jobs; a retry cancels the rest of the page, and counts no job twice."""
        content = body.model_dump_json(by_alias=True, exclude_none=True).encode()
        ask = partial(self.request, Route.CANCEL_JOBS, content=content, headers=_JSON, **address._asdict())
        response = yield from self.exchange(ask, self.deadline())
        return read(CancelledJobs, response)

    def flows(self) -> Operation[FlowTable]:
        """Fetch the flows of the deployment."""
        response = yield from self.exchange(partial(self.request, Route.FLOWS), self.deadline())
        return FlowTable(read(FlowList, response).flows)

    def usage(self, from_: date | str | None, to: date | str | None) -> Operation[UsageReport]:
        """Fetch the usage of the key's org; a missing bound is the API's default."""
        params = {name: str(day) for name, day in (("from", from_), ("to", to)) if day is not None}
        response = yield from self.exchange(
            partial(self.request, Route.USAGE, params=params), self.deadline()
        )
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
        """Return a request that must end within the seconds left; a held one gets `held` seconds on top."""
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
        """Send the request until it succeeds, or raise an error that a retry cannot solve.

        At the deadline, raises `DeadlinePassedError`, caused by the last error. Without `patience`, the
        client's settings limit the retries; `is_final` returns true for errors to raise at once.
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
        """Return the patience of a wait with an unreachable API: until its deadline, or 15 minutes."""
        if not self.settings.max_retries:
            return Patience(0, limited_seconds=math.inf)
        seconds = _OUTAGE if math.isinf(deadline.left) else math.inf
        return Patience(self.settings.max_retries, seconds, limited_seconds=math.inf, longest_pause=math.inf)

    def patience_of_submission(self, submission: Submission) -> Patience:
        """Return the patience of a submission."""
        retries, seconds = 0, submission.retry_for
        if seconds is None:
            retries = self.settings.max_retries
            seconds = DEFAULT_RETRY_FOR if retries else 0.0
        return Patience(retries, seconds, limited_seconds=seconds)

    def backoff(self, attempt: int) -> float:
        """Return how many seconds to sleep after a number of attempts."""
        return self._jitter() * _BACKOFFS[min(attempt, len(_BACKOFFS) - 1)]


@lru_cache(maxsize=256)
def _url(base_url: str, route: Route, **variables: str) -> httpx.URL:
    """Return the URL, cached: building it takes an eighth of a request's time."""
    return httpx.URL(base_url + route.path(**variables))
