"""Waiting for events in other processes, and reading their times."""

import time
from collections.abc import Callable
from datetime import datetime

_LIMIT_SECONDS = 60


def until(happened: Callable[[], bool], *, every: float = 0.05) -> None:
    """Check repeatedly whether it has happened, for a minute at most.

    Make requests less often: each uses a process of the machine whose times are measured.
    """
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("it has not happened")
        time.sleep(every)


def seconds(timestamp: str | None) -> float:
    """Return a time of a status as seconds since the epoch."""
    assert timestamp
    return datetime.fromisoformat(timestamp).timestamp()
