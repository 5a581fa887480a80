"""The leftovers of an attempt in its process: child processes and busy threads."""

import os
import sys
from threading import Thread
from threading import enumerate as list_threads
from time import monotonic, sleep
from typing import Any

_SETTLING_SECONDS = 0.02
"""For threads about to end: a thread may still run just after it has delivered its result."""

_waitid: Any = getattr(os, "waitid", None)  # macOS has it from Python 3.13 on
_frames = sys._current_frames  # noqa: SLF001 - documented, and the only way to see what a thread does
_MODULES = sys.modules


class LeftOvers:
    """The possible leftovers of an attempt.

    Threads that exist already belong to the module, not to an attempt.
    """

    def __init__(self) -> None:
        self._threads = {*list_threads()}

    def exist(self) -> bool:
        """Return whether a child, running or ended, or a thread is left.

        Daemon threads and idle threads of a pool do not count: a flow may keep them for the next attempt.
        Orphaned descendants are not seen here; the worker adopts them.
        """
        try:
            return _has_children() or self._has_threads()
        except Exception:  # noqa: BLE001 - a thread's class may be the flow's own, with its own `is_alive`
            return True

    def _has_threads(self) -> bool:
        deadline = monotonic() + _SETTLING_SECONDS
        while any(_is_at_work(thread) for thread in list_threads() if thread not in self._threads):
            if monotonic() > deadline:
                return True
            sleep(0.001)
        return False


def _has_children() -> bool:
    if _waitid is None:
        return False
    try:
        _waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _is_at_work(thread: Thread) -> bool:
    return not thread.daemon and thread.is_alive() and not _is_idle_in_pool(thread)


def _is_idle_in_pool(thread: Thread) -> bool:
    """Return whether it is an idle thread of a `ThreadPoolExecutor`."""
    pools: Any = _MODULES.get("concurrent.futures.thread")
    frame = _frames().get(thread.ident or 0)
    return pools is not None and frame is not None and frame.f_code is pools._worker.__code__  # noqa: SLF001 - no other way
