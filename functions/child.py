"""What happens inside a flow's process: the call of the flow, and the interruption of it."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol

from functions.failure import raised_by
from functions.flow import Context, Flow
from functions.outcome import Outcome, Raised, Returned, result_of
from functions.process import INTERRUPT
from functions.progress import ProgressBoard
from functions.telemetry import logger, trace_of
from noukai_wire.limits import MAX_ROW_RESULT_BYTES


class Interrupted(KeyboardInterrupt):
    """Raised in the flow's main thread when it must stop; no `except Exception` catches it.

    Of all exceptions, asyncio hands on only a `KeyboardInterrupt` from whatever task it hits, and cancels the others.
    """


class Log(Protocol):
    """Where the exception of a flow is written."""

    def exception(self, msg: object, /, *, exc_info: BaseException) -> None:
        """Write it with its trace."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a flow for one attempt of a job. `timeout_at` is on the clock `now`, in milliseconds.

    `arguments` gives those of the flow; `keep` makes an object of an output that is too large for a row, if it can.
    """

    flow: Flow
    arguments: Callable[[], Mapping[str, Any]]
    keep: Callable[[bytes], Outcome]
    job_id: str
    org: str
    attempt: int
    timeout_at: int
    now: Callable[[], int]

    def __call__(self, board: ProgressBoard) -> Outcome:
        """Run the flow to its outcome."""
        context = Context(
            job_id=self.job_id,
            attempt=self.attempt,
            org=self.org,
            logger=logger(),
            remaining=lambda: (self.timeout_at - self.now()) / 1000,
            report=board.write,
        )
        logger().append_keys(job_id=self.job_id, attempt=self.attempt)
        guard = _Guard(context)
        signal.signal(INTERRUPT, guard.interrupt)
        outcome = outcome_of(lambda: guard.run(lambda: self.flow.run(self.arguments(), context)), _WorkersLog)
        if isinstance(outcome, Returned) and len(content := outcome.result.encode()) > MAX_ROW_RESULT_BYTES:
            return self.keep(content)
        return outcome


class _WorkersLog:
    """Has where a flow raised and not with which text: that may quote the input, and stands in the job's row."""

    def exception(self, msg: object, /, *, exc_info: BaseException) -> None:
        name = type(exc_info).__name__
        logger().error(msg, extra={"exception": trace_of(exc_info), "exception_name": name})


def outcome_of(run: Callable[[], Any], logger: Callable[[], Log]) -> Returned | Raised:
    """Run a flow to its outcome, whatever it does; what it raises is logged."""
    try:
        return result_of(run())
    except Interrupted:
        return Raised("Interrupted: the flow was told to stop")
    except BaseException as error:  # noqa: BLE001 - a flow may end itself with SystemExit or worse
        logger().exception("the flow raised", exc_info=error)
        return raised_by(error)


@dataclass(slots=True)
class _Guard:
    """Raises `Interrupted` in the guarded region only.

    The signal may be handled just after the flow has ended: disarming is the last act inside the region, so that it
    can never hit our own code.
    """

    context: Context
    armed: bool = False

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        self.context.mark_cancelled()
        if self.armed:
            self.armed = False
            raise Interrupted

    def run(self, function: Callable[[], Any]) -> Any:
        try:
            self.armed = True
            return function()
        finally:
            self.armed = False
