"""The interruption of a flow within its process.

Functions are imported by name, so that a flow cannot replace them in their modules.
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
from noukai_functions.worker.exchange import INTERRUPT


@dataclass(slots=True)
class TraceLog:
    """A log that keeps an exception's trace without its message, which may quote the input."""

    trace: str | None = None

    def exception(self, _msg: object, /, *, exc_info: BaseException) -> None:
        """Keep the trace of an exception."""
        self.trace = trace_of(exc_info)


@dataclass(slots=True)
class Guard:
    """A guard that raises `Interrupted` only within its region.

    A signal may arrive just after the flow has ended. Disarming is the last step inside the region, so that
    the exception never hits our own code.
    """

    told: Callable[[], object] = lambda: None
    """Called at each interruption, inside the region or not."""
    armed: bool = False
    _pid: int = field(default_factory=getpid)

    def arm(self) -> None:
        """Install the signal handler, whatever the flow's module has installed."""
        set_handler(INTERRUPT, self.interrupt)
        pthread_sigmask(signal.SIG_UNBLOCK, {INTERRUPT})

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
        if getpid() != self._pid:
            # In a child forked by the flow, the signal ends the process, as by default.
            set_handler(INTERRUPT, signal.SIG_DFL)
            kill(getpid(), INTERRUPT)
        self.told()
        if self.armed:
            self.armed = False
            raise Interrupted

    def run(self, function: Callable[[], Any]) -> Any:
        """Call the function; raise in it on interruption."""
        try:
            self.armed = True
            return function()
        finally:
            self.armed = False
