"""The wait for a job: at the API's poll interval, with held requests near the expected end."""

import math
from dataclasses import dataclass
from functools import partial

import httpx

from noukai._core.address import FlowAddress
from noukai._core.answer import read_job, retry_after
from noukai._core.api import Api
from noukai._core.deadline import DeadlinePassedError
from noukai._core.operation import Listener, Operation, Report, interruptible
from noukai._core.patience import is_transient, tell_of_pause
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

from .looks import Look

_ROUND_TRIP = 0.2
"""A hold ends this many seconds before the deadline, so that its answer is in time."""

_DEFAULT_INTERVAL = 1.0
"""The poll interval in seconds if the API gives none."""

_LEAST_INTERVAL = 0.2
"""The shortest time in seconds between two requests, so that a hold that returns at once does not spin."""

_TIME_TO_LOOK = 5.0
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
    return (yield from Wait(api, accepted.id, terms, api.recent.rest_of(accepted.flow, api.clock())).result())


class Wait:
    """A wait for one job, beginning now.

    `rest` is the number of seconds before which its end is not expected.
    """

    def __init__(self, api: Api, job_id: str, terms: WaitTerms, rest: float = 0.0) -> None:
        self._api = api
        self._job_id = job_id
        self._terms = terms
        self._rest = rest
        self._deadline = api.deadline(None if terms.timeout_ms is None else terms.timeout_ms / 1000)
        self._patience = api.patience_of_wait(self._deadline)
        self._held = True
        self._is_alone: bool | None = None
        self._last: JobStatus | None = None

    def result(self) -> Operation[ExecuteResult]:
        """Return the job's output; raise the `JobError` of any other end."""
        how_to_go_on = (
            f"job {self._job_id} goes on: client.job({self._job_id!r}).wait() continues to wait for it"
        )
        try:
            with self._api.looks.joined(), interruptible(how_to_go_on):
                status = yield from self._watch()
        except DeadlinePassedError as passed:
            status = yield from self._give_up(passed.__cause__)
        return _result((yield from self._with_output(status)))

    def _with_output(self, status: JobStatus) -> Operation[JobStatus]:
        # A single check has no deadline for the download.
        deadline = None if self._terms.timeout_ms == 0 else self._deadline
        try:
            return (
                yield from with_output(self._api, status, deadline, self._patience, self._terms.on_transfer)
            )
        except DeadlinePassedError as passed:
            ended = (
                f"job {status.id} has ended, but its result did not arrive within {self._terms.timeout_ms} ms"
            )
            raise WaitTimeoutError(f"{ended}: wait again", status) from passed.__cause__

    def _watch(self) -> Operation[JobStatus]:
        if self._terms.timeout_ms == 0:
            status = yield from self._api.look(self._job_id, self._api.deadline(_TIME_TO_LOOK))
            yield from self._see(status)
            if status.is_terminal:
                return status
            raise DeadlinePassedError
        if self._terms.on_progress is None:
            yield from self._deadline.pause(min(self._rest, self._deadline.left / 2))
        while True:
            status, interval = yield from self._look()
            yield from self._see(status)
            if status.is_terminal:
                self._api.recent.note(status)
                return status
            yield from self._deadline.pause(interval)

    def _look(self) -> Operation[tuple[JobStatus, float]]:
        """Fetch the job's status, by its own request or a shared one.

        Returns also the seconds to the next check.
        """
        if self._is_alone is not True and self._terms.on_progress is None and self._api.looks.are_shared:
            return (yield from self._look_with_others())
        self._is_alone = True
        return (yield from self._look_alone())

    def _look_with_others(self) -> Operation[tuple[JobStatus, float]]:
        looks = self._api.looks
        if self._is_alone is None:
            self._is_alone = False
            yield from self._deadline.pause(min(looks.pause_of(), self._deadline.left / 2))
        while True:
            look = (yield from looks.of([self._job_id], self._deadline))[self._job_id]
            if not isinstance(look, Look):
                raise look
            if isinstance(look.seen, JobStatus):
                return look.seen, looks.pause_of(look.poll_interval)
            if look.seen is not None and not is_transient(look.seen):
                raise look.seen
            yield from self._deadline.pause(looks.pause_of(look.poll_interval))

    def _look_alone(self) -> Operation[tuple[JobStatus, float]]:
        asked_at = self._api.clock()
        response = yield from self._ask()
        interval = retry_after(response)
        took = self._api.clock() - asked_at
        return read_job(self._job_id, response), max(
            _DEFAULT_INTERVAL if interval is None else interval, _LEAST_INTERVAL - took
        )

    def _ask(self) -> Operation[httpx.Response]:
        if self._held:
            try:
                asked = self._api.exchange(
                    self._hold, self._deadline, self._patience, is_final=_refuses_to_hold
                )
                return (yield from asked)
            except ApiError as refusal:
                if not _refuses_to_hold(refusal):
                    raise
                self._held = False
                tell_of_pause(refusal)
                yield from self._deadline.pause(refusal.retry_after or 0.0, because=refusal)
        ask = partial(self._api.request, Route.STATUS_BY_ID, id=self._job_id)
        return (yield from self._api.exchange(ask, self._deadline, self._patience))

    def _hold(self, left: float) -> httpx.Request:
        seconds = int(min(MAX_WAIT_SECONDS, max(0.0, left - _ROUND_TRIP)))
        params: dict[str, int | str] = {"seconds": seconds}
        if self._terms.on_progress is not None:
            params["progress"] = "true"
        return self._api.request(Route.WAIT_BY_ID, left, held=seconds, params=params, id=self._job_id)

    def _see(self, status: JobStatus) -> Operation[None]:
        known = None if self._last is None else self._last.progress
        self._last = status
        listener = self._terms.on_progress
        if listener is not None and status.progress is not None and status.progress != known:
            yield Report(listener, dict(status.progress))

    def _give_up(self, cause: BaseException | None) -> Operation[JobStatus]:
        """Raise `WaitTimeoutError`, unless cancelling shows that the job has ended in the meantime."""
        fate = "it goes on: wait again, or cancel it"
        if self._terms.cancel_on_timeout:
            try:
                self._last = yield from self._api.cancel(self._job_id, self._api.deadline(_TIME_TO_CANCEL))
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


def told(api: Api, end: JobStatus | ApiError, on_transfer: Listener | None) -> Operation[ExecuteResult]:
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
