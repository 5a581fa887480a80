"""What happens inside a flow's process: the call of the flow, and the interruption of it.

What is called here was taken from its module before a flow could replace it there.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from os import getpid, kill
from signal import pthread_sigmask
from signal import signal as set_handler
from types import FrameType
from typing import Any, Protocol

from functions.call import INTERRUPT
from functions.failure import raised_by
from functions.outcome import Raised, Returned, result_of
from functions.telemetry import trace_of


class Interrupted(KeyboardInterrupt):
    """Raised in the flow's main thread when it must stop; no `except Exception` catches it.

    Of all exceptions, asyncio hands on only a `KeyboardInterrupt` from whatever task it hits, and cancels the others.
    """


class Log(Protocol):
    """Where the exception of a flow is written."""

    def exception(self, msg: object, /, *, exc_info: BaseException) -> None:
        """Write it with its trace."""


@dataclass(slots=True)
class TraceLog:
    """Keeps where a flow raised, and not with which text: that may quote the input, and stands in the job's row."""

    trace: str | None = None

    def exception(self, _msg: object, /, *, exc_info: BaseException) -> None:
        """Keep its trace."""
        self.trace = trace_of(exc_info)


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
class Guard:
    """Raises `Interrupted` in the guarded region only.

    The signal may be handled just after the flow has ended: disarming is the last act inside the region, so that it
    can never hit our own code.
    """

    told: Callable[[], object] = lambda: None
    """Called at each interruption, guarded or not."""
    armed: bool = False
    _pid: int = field(default_factory=getpid)

    def arm(self) -> None:
        """Let interruptions come here from now on, whatever the flow's module has made of their signal."""
        set_handler(INTERRUPT, self.interrupt)
        pthread_sigmask(signal.SIG_UNBLOCK, {INTERRUPT})

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
        if getpid() != self._pid:
            # A child that the flow has forked: to it the signal means its end, as to any other process.
            set_handler(INTERRUPT, signal.SIG_DFL)
            kill(getpid(), INTERRUPT)
        self.told()
        if self.armed:
            self.armed = False
            raise Interrupted

    def run(self, function: Callable[[], Any]) -> Any:
        """Call the function; an interruption ends it."""
        try:
            self.armed = True
            return function()
        finally:
            self.armed = False
