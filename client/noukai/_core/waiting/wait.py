"""The wait for a job: at the API's poll interval, with held requests near the expected end."""

import math
import sys
from dataclasses import dataclass
from functools import partial

import httpx

from noukai._core.address import FlowAddress
from noukai._core.answer import poll_interval, read_job
from noukai._core.api import Api
from noukai._core.exchange import is_transient, tell_of_pause
from noukai._core.operation import (
    Deadline,
    DeadlinePassedError,
    Listener,
    Operation,
    Report,
    interruptible,
)
from noukai._core.sending.payload import with_output
from noukai._core.sending.submission import Submission
from noukai._errors import (
    ApiError,
    InvalidArgumentError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    NoukaiError,
    RateLimitedError,
    ResultLostError,
    ServerError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from noukai_wire.errors import ErrorCode
from noukai_wire.limits import MAX_WAIT_SECONDS
from noukai_wire.models import ExecuteResult, JobStatus
from noukai_wire.routes import Route

from .shared_checks import CheckedStatus
from .waits import Submitted

_ROUND_TRIP = 0.2
"""A hold ends this many seconds before the deadline, so that its answer is in time."""

_TIME_TO_CHECK = 5.0
"""The time limit in seconds of the single check with a `timeout_ms` of 0, including retries."""

_TIME_TO_CANCEL = 5.0
"""The time limit in seconds of the cancellation after the deadline."""


@dataclass(frozen=True)
class WaitTerms:
    """The terms of a wait: a `timeout_ms` of 0 makes one status check, None waits as long as it takes."""

    timeout_ms: float | None = None
    on_progress: Listener | None = None
    cancel_on_timeout: bool = False
    on_transfer: Listener | None = None

    def __post_init__(self) -> None:
        if self.timeout_ms is not None and not 0 <= self.timeout_ms < math.inf:
            raise InvalidArgumentError(
                f"timeout_ms must be 0 or more milliseconds, or None, not {self.timeout_ms!r}"
            )


def execute(
    api: Api, address: FlowAddress, submission: Submission, terms: WaitTerms
) -> Operation[ExecuteResult]:
    """Submit a job and wait for it; the timeout starts when the job is accepted."""
    accepted = yield from api.submit(address, submission, terms.on_transfer)
    return (yield from wait(api, accepted.id, terms, Submitted(accepted.flow, api.clock())))


def wait(
    api: Api, job_id: str, terms: WaitTerms, submitted: Submitted | None = None
) -> Operation[ExecuteResult]:
    """Wait for a job, and return its output; raise the `JobError` of any other end."""
    if "opentelemetry.trace" not in sys.modules:
        return (yield from _wait(api, job_id, terms, submitted))
    from noukai._core.sending.spans import wait_span  # noqa: PLC0415 - few programs have traces

    with wait_span(job_id):
        return (yield from _wait(api, job_id, terms, submitted))


def _wait(api: Api, job_id: str, terms: WaitTerms, submitted: Submitted | None) -> Operation[ExecuteResult]:
    watch = _Watch(api, job_id, terms)
    first_check = 0.0 if submitted is None else api.waits.seconds_to_first_check(submitted)
    how_to_go_on = f"job {job_id} goes on: client.job({job_id!r}).wait() continues to wait for it"
    try:
        with api.waits.counted(), interruptible(how_to_go_on):
            status = yield from watch.until_end(first_check)
    except DeadlinePassedError as passed:
        status = yield from watch.give_up(passed.__cause__)
    return _result((yield from watch.with_output(status)))


class _Watch:
    """The status checks of one job until it ends, beginning now."""

    def __init__(self, api: Api, job_id: str, terms: WaitTerms) -> None:
        self._api = api
        self._job_id = job_id
        self._terms = terms
        self._deadline = Deadline(api.clock, None if terms.timeout_ms is None else terms.timeout_ms / 1000)
        self._held = True
        self._is_alone: bool | None = None
        self._last: JobStatus | None = None

    def until_end(self, first_check: float) -> Operation[JobStatus]:
        """Check the job until it has ended, first after so many seconds."""
        if self._terms.timeout_ms == 0:
            return (yield from self._check_once())
        if self._terms.on_progress is None:
            yield from self._deadline.pause(min(first_check, self._deadline.left / 2))
        while True:
            status, interval = yield from self._check()
            yield from self._note(status)
            if status.is_terminal:
                self._api.waits.note_end(status)
                return status
            yield from self._deadline.pause(interval)

    def _check_once(self) -> Operation[JobStatus]:
        status = yield from self._api.check(self._job_id, Deadline(self._api.clock, _TIME_TO_CHECK))
        yield from self._note(status)
        if not status.is_terminal:
            raise DeadlinePassedError
        return status

    def _check(self) -> Operation[tuple[JobStatus, float]]:
        """Fetch the job's status, by its own request or a shared one.

        Returns also the seconds to the next check.
        """
        if self._is_alone is not True and self._terms.on_progress is None and self._api.waits.are_many:
            return (yield from self._check_with_others())
        self._is_alone = True
        return (yield from self._check_alone())

    def _check_with_others(self) -> Operation[tuple[JobStatus, float]]:
        checks = self._api.shared_checks
        if self._is_alone is None:
            self._is_alone = False
            yield from self._deadline.pause(min(checks.seconds_to_round(), self._deadline.left / 2))
        while True:
            checked = (yield from checks.check([self._job_id], self._deadline))[self._job_id]
            if not isinstance(checked, CheckedStatus):
                raise checked
            if isinstance(checked.seen, JobStatus):
                return checked.seen, checks.seconds_to_round(checked.poll_interval)
            if checked.seen is not None and not is_transient(checked.seen):
                raise checked.seen
            yield from self._deadline.pause(checks.seconds_to_round(checked.poll_interval))

    def _check_alone(self) -> Operation[tuple[JobStatus, float]]:
        asked_at = self._api.clock()
        response = yield from self._answer()
        interval = poll_interval(response, self._api.clock() - asked_at)
        return read_job(self._job_id, response), interval

    def _answer(self) -> Operation[httpx.Response]:
        """Send a held request, or a plain one once the API has refused to hold."""
        exchange = self._api.exchange
        patience = exchange.patience_of_wait(self._deadline)
        if self._held:
            try:
                return (
                    yield from exchange.send(self._hold, self._deadline, patience, is_final=_refuses_to_hold)
                )
            except ApiError as refusal:
                if not _refuses_to_hold(refusal):
                    raise
                self._held = False
                tell_of_pause(refusal)
                yield from self._deadline.pause(refusal.retry_after or 0.0, because=refusal)
        ask = partial(self._api.requests.of, Route.STATUS_BY_ID, id=self._job_id)
        return (yield from exchange.send(ask, self._deadline, patience))

    def _hold(self, left: float) -> httpx.Request:
        seconds = int(min(MAX_WAIT_SECONDS, max(0.0, left - _ROUND_TRIP)))
        params: dict[str, int | str] = {"seconds": seconds}
        if self._terms.on_progress is not None:
            params["progress"] = "true"
        return self._api.requests.of(Route.WAIT_BY_ID, left, held=seconds, params=params, id=self._job_id)

    def _note(self, status: JobStatus) -> Operation[None]:
        known = None if self._last is None else self._last.progress
        self._last = status
        listener = self._terms.on_progress
        if listener is not None and status.progress is not None and status.progress != known:
            yield Report(listener, dict(status.progress))

    def with_output(self, status: JobStatus) -> Operation[JobStatus]:
        """Return the status with the output, which may be behind a URL."""
        if status.result is None or status.result.output_url is None:
            return status
        # A single check has no deadline for the download.
        deadline = None if self._terms.timeout_ms == 0 else self._deadline
        patience = self._api.exchange.patience_of_wait(self._deadline)
        try:
            return (yield from with_output(self._api, status, deadline, patience, self._terms.on_transfer))
        except DeadlinePassedError as passed:
            late = f"its result did not arrive within {self._terms.timeout_ms} ms"
            message = f"job {status.id} has ended, but {late}: wait again"
            raise WaitTimeoutError(message, status) from passed.__cause__

    def give_up(self, cause: BaseException | None) -> Operation[JobStatus]:
        """Raise `WaitTimeoutError`, unless cancelling shows that the job has ended in the meantime."""
        fate = "it goes on: wait again, or cancel it"
        if self._terms.cancel_on_timeout:
            time_to_cancel = Deadline(self._api.clock, _TIME_TO_CANCEL)
            try:
                self._last = yield from self._api.cancel(self._job_id, time_to_cancel)
            except (NoukaiError, DeadlinePassedError) as failure:
                cause = failure
                fate = "cancelling it failed, so it may go on"
            else:
                if self._last.state in {"completed", "failed"}:
                    return self._last
                fate = f"it is now {self._last.state}"
        raise WaitTimeoutError(
            f"job {self._job_id} had not ended after {self._terms.timeout_ms} ms; {fate}", self._last
        ) from cause


def _refuses_to_hold(refusal: NoukaiError) -> bool:
    if isinstance(refusal, NotFoundError):  # a missing route: our 404 has its own code, a gateway's has none
        return refusal.code in (ErrorCode.NOT_FOUND, None)
    return isinstance(refusal, RateLimitedError | ServerError)


def result_of(api: Api, end: JobStatus | ApiError, on_transfer: Listener | None) -> Operation[ExecuteResult]:
    """Return the output of a job with this final status; raise the error of any other end.

    Sends no request, unless the output is behind a URL.
    """
    if isinstance(end, ApiError):
        raise end
    return _result((yield from with_output(api, end, on_transfer=on_transfer)))


def _result(status: JobStatus) -> ExecuteResult:
    if status.state == "failed":
        raise JobFailedError(f"job {status.id} failed: {status.error or 'no reason was given'}", status)
    if status.state == "cancelled":
        raise JobCancelledError(f"job {status.id} was cancelled", status)
    if status.result is None and status.error is not None:
        raise ResultLostError(f"the result of job {status.id} is lost: {status.error}", status)
    if status.result is None:
        raise UnexpectedAnswerError(f"job {status.id} is completed, but its status carries no result")
    return status.result
