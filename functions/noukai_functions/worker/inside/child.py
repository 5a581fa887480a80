"""The interruption of a flow within its process.

What is called here was taken from its module before a flow could replace it there.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from os import getpid, kill
from signal import pthread_sigmask
from signal import signal as set_handler
from types import FrameType
from typing import Any

from noukai.flow.runtime import Interrupted
from noukai_functions.telemetry import trace_of
from noukai_functions.worker.exchange.call import INTERRUPT


@dataclass(slots=True)
class TraceLog:
    """A log that keeps the trace without the message: that may quote the input, and stands in the row."""

    trace: str | None = None

    def exception(self, _msg: object, /, *, exc_info: BaseException) -> None:
        """Keep its trace."""
        self.trace = trace_of(exc_info)


@dataclass(slots=True)
class Guard:
    """A guard that raises `Interrupted` only within its region.

    The signal may be handled just after the flow has ended: disarming is the last act inside the region, so
    that it can never hit our own code.
    """

    told: Callable[[], object] = lambda: None
    """Called at each interruption, guarded or not."""
    armed: bool = False
    _pid: int = field(default_factory=getpid)

    def arm(self) -> None:
        """Install the signal handler, whatever the flow's module has installed."""
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
        """Call the function; end it on interruption."""
        try:
            self.armed = True
            return function()
        finally:
            self.armed = False
