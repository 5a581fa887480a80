"""The operations of the API: each sends a request with retries, and reads the answer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import httpx

from noukai._display.shown import FlowTable
from noukai._errors import ApiError
from noukai_wire.batches import AcceptedBatch, JobIds, StatusList
from noukai_wire.flows import FlowList
from noukai_wire.health import HealthReport
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
from .answer import error_of_entry, of_flow, read, read_job, unexpected
from .exchange import Exchange
from .operation import Clock, Deadline, Listener, Operation
from .requests import Requests
from .sending.payload import uploaded, with_output
from .sending.spans import retry_span, submission_span
from .sending.submission import Submission
from .settings import Settings
from .waiting.shared_checks import CheckedStatus, SharedChecks, SharedChecksByLoop
from .waiting.waits import Waits

_JSON = {"Content-Type": "application/json"}


class Api:
    """The API as its settings describe it; `jitter` returns a random number from 0 up to 1.

    Without an `http_client` of the caller it `is_picklable`: another process can use it with the same
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
        self.is_picklable = http_client is None
        self.clock = clock
        self.requests = Requests(settings, http_client)
        self.exchange = Exchange(settings.max_retries, clock, jitter)
        self.waits = Waits(clock)
        self._shared_checks = SharedChecksByLoop(self.statuses, clock)

    @property
    def shared_checks(self) -> SharedChecks:
        """Return the status checks that the caller shares with other waits."""
        return self._shared_checks.here()

    def submit(
        self, address: FlowAddress, submission: Submission, on_transfer: Listener | None = None
    ) -> Operation[JobAccepted]:
        """Submit a job; retries are harmless, because they carry the same idempotency key."""
        patience = self.exchange.patience_of_submission(submission.retry_for)
        with submission_span(address) as span:
            submission = yield from uploaded(self, address, submission, on_transfer)
            headers = {"Idempotency-Key": submission.idempotency_key, **_JSON, **span.headers}
            content = submission.content
            ask = partial(
                self.requests.of, Route.SUBMIT, content=content, headers=headers, **address._asdict()
            )
            response = yield from self.exchange.send(ask, Deadline(self.clock), patience)
            accepted = of_flow(address, read(JobAccepted, response), response)
            span.note_job(accepted.id)
            return accepted

    def submit_jobs(
        self, address: FlowAddress, submissions: Sequence[Submission]
    ) -> Operation[list[JobAccepted | ApiError]]:
        """Submit jobs in one request; return each one's outcome, in order."""
        content = b'{"jobs":[%b]}' % b",".join(submission.entry for submission in submissions)
        patience = self.exchange.patience_of_submission(submissions[0].retry_for)
        with submission_span(address, len(submissions)) as span:
            headers = {**_JSON, **span.headers}
            ask = partial(
                self.requests.of, Route.SUBMIT_JOBS, content=content, headers=headers, **address._asdict()
            )
            response = yield from self.exchange.send(ask, Deadline(self.clock), patience)
        entries = read(AcceptedBatch, response).jobs
        outcomes = [error_of_entry(each.error, response) if each.error else each.job for each in entries]
        found = [of_flow(address, each, response) for each in outcomes if each is not None]
        if len(found) != len(submissions):
            raise unexpected(response, f"{len(found)} outcomes of {len(submissions)} submissions")
        return found

    def statuses(self, ids: Sequence[str], deadline: Deadline) -> Operation[list[CheckedStatus]]:
        """Check the status of jobs in one request."""
        content = JobIds(ids=list(ids)).model_dump_json().encode()
        ask = partial(self.requests.of, Route.STATUSES, content=content, headers=_JSON)
        response = yield from self.exchange.send(ask, deadline, self.exchange.patience_of_wait(deadline))
        found = read(StatusList, response).jobs
        strange = {each.job.id for each in found if each.job} - set(ids)
        if strange:
            raise unexpected(response, f"it is about job {strange.pop()}: do processes share a connection?")
        return [
            CheckedStatus(
                each.id, error_of_entry(each.error, response) if each.error else each.job, each.retry_after_ms
            )
            for each in found
        ]

    def retry(self, job_id: str) -> Operation[JobAccepted]:
        """Resubmit the job's input; retries are harmless, because they make one new job."""
        with retry_span(job_id) as span:
            ask = partial(self.requests.of, Route.RETRY_BY_ID, headers=span.headers, id=job_id)
            return read(JobAccepted, (yield from self.exchange.send(ask, Deadline(self.clock))))

    def status(self, job_id: str) -> Operation[JobStatus]:
        """Fetch the job's status with its output, wherever that is stored."""
        return (yield from with_output(self, (yield from self.check(job_id, Deadline(self.clock)))))

    def check(self, job_id: str, deadline: Deadline) -> Operation[JobStatus]:
        """Fetch the job's status as the API shows it."""
        response = yield from self.exchange.send(
            partial(self.requests.of, Route.STATUS_BY_ID, id=job_id), deadline
        )
        return read_job(job_id, response)

    def cancel(self, job_id: str, deadline: Deadline | None = None) -> Operation[JobStatus]:
        """Cancel the job, and return its status afterwards; a terminal job is unchanged."""
        response = yield from self.exchange.send(
            partial(self.requests.of, Route.CANCEL_BY_ID, id=job_id), deadline or Deadline(self.clock)
        )
        return read_job(job_id, response)

    def jobs(self, route: Route, query: JobQuery, address: Mapping[str, Any]) -> Operation[JobList]:
        """Fetch a page of a list."""
        params = query.model_dump(mode="json", by_alias=True, exclude_none=True)
        ask = partial(self.requests.of, route, params=params, **address)
        return read(JobList, (yield from self.exchange.send(ask, Deadline(self.clock))))

    def cancel_jobs(self, address: FlowAddress, body: JobCancellation) -> Operation[CancelledJobs]:
        """Cancel a page of a flow's jobs; a retry cancels the rest of the page, and counts no job twice."""
        content = body.model_dump_json(by_alias=True, exclude_none=True).encode()
        ask = partial(
            self.requests.of, Route.CANCEL_JOBS, content=content, headers=_JSON, **address._asdict()
        )
        response = yield from self.exchange.send(ask, Deadline(self.clock))
        return read(CancelledJobs, response)

    def ask(
        self, route: Route, *, headers: Mapping[str, str] | None = None, **given: Any
    ) -> Operation[httpx.Response]:
        """Send a request that may be repeated; a content is JSON, the rest is passed to `Requests.of`."""
        headers = {**_JSON, **(headers or {})} if given.get("content") is not None else headers
        ask = partial(self.requests.of, route, headers=headers, **given)
        return (yield from self.exchange.send(ask, Deadline(self.clock)))

    def flows(self) -> Operation[FlowTable]:
        """Fetch the flows of the deployment."""
        response = yield from self.exchange.send(partial(self.requests.of, Route.FLOWS), Deadline(self.clock))
        return FlowTable(read(FlowList, response).flows)

    def usage(self, from_: date | str | None, to: date | str | None) -> Operation[UsageReport]:
        """Fetch the usage of the key's org; a missing bound is the API's default."""
        params = {name: str(day) for name, day in (("from", from_), ("to", to)) if day is not None}
        response = yield from self.exchange.send(
            partial(self.requests.of, Route.USAGE, params=params), Deadline(self.clock)
        )
        return read(UsageReport, response)

    def health(self) -> Operation[HealthReport]:
        """Fetch the health of the deployment."""
        ask = partial(self.requests.of, Route.SYSTEM_HEALTH)
        return read(HealthReport, (yield from self.exchange.send(ask, Deadline(self.clock))))
