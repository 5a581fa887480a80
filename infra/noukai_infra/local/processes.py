"""The processes of one run, found by an inherited environment variable.

A parent's list of children would miss some: a flow runs in its own process group, and becomes an orphan when
its worker dies.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping

import psutil

MARK = "_NOUKAI_LOCAL_RUN"

_GRACE_SECONDS = 1.0
_INTERVAL_SECONDS = 0.02


def marked(run: str) -> list[psutil.Process]:
    """Return the live processes of the run, except this one."""
    return [
        process for process in psutil.process_iter() if process.pid != os.getpid() and _belongs(process, run)
    ]


def end_all(
    run: str, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Terminate the run's processes; after a short grace, kill the rest."""
    asked: set[psutil.Process] = set()
    deadline = clock() + _GRACE_SECONDS
    while living := marked(run):
        over = clock() >= deadline
        for process in living:
            if over or process not in asked:
                _signal(process, signal.SIGKILL if over else signal.SIGTERM)
        asked.update(living)
        sleep(_INTERVAL_SECONDS)


def _belongs(process: psutil.Process, run: str) -> bool:
    try:
        environ: Mapping[str, str] = process.environ()
    except (psutil.Error, OSError):
        return False  # ended, a zombie, or another user's
    return environ.get(MARK) == run


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return  # it has already ended
