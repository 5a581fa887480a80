"""The interruption of a flow within its process.

Functions are imported by name, so that a flow cannot replace them in their modules.
"""

import signal
from _thread import get_ident
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from os import register_at_fork
from signal import getsignal, pthread_sigmask
from signal import signal as set_handler
from types import FrameType, MethodType
from typing import Any

from noukai.flow.runtime import Interrupted
from noukai_functions.telemetry.logger import trace_of
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

    def arm(self) -> None:
        """Install the signal handler, whatever the flow's module has installed."""
        _spare_children()
        set_handler(INTERRUPT, self.interrupt)
        pthread_sigmask(signal.SIG_UNBLOCK, {INTERRUPT})

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Handle the signal."""
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


@cache
def _spare_children() -> None:
    """Let the signal end the children that a flow forks, as by default, from their first moment.

    Python forgets a signal that a starting child receives while it has a handler in Python. A pool that ends
    such a child would wait for it forever. So the signal is blocked until the child has the default again.
    """
    masks = {}

    def block() -> None:
        masks[get_ident()] = pthread_sigmask(signal.SIG_BLOCK, {INTERRUPT})

    def unblock() -> None:
        pthread_sigmask(signal.SIG_SETMASK, masks.pop(get_ident()))

    def reset() -> None:
        handler = getsignal(INTERRUPT)
        if isinstance(handler, MethodType) and isinstance(handler.__self__, Guard):
            set_handler(INTERRUPT, signal.SIG_DFL)
        unblock()

    register_at_fork(before=block, after_in_parent=unblock, after_in_child=reset)
