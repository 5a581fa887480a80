"""Waiting for what another process does, and reading when it was."""

import time
from collections.abc import Callable
from datetime import datetime

_LIMIT_SECONDS = 60


def until(happened: Callable[[], bool], *, every: float = 0.05) -> None:
    """Look again and again whether it has happened; a minute is too long.

    Requests are better made less often: each is a process that works, on the machine whose times are measured.
    """
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("it has not happened")
        time.sleep(every)


def seconds(timestamp: str | None) -> float:
    """Give a time of a status as seconds since the epoch."""
    assert timestamp
    return datetime.fromisoformat(timestamp).timestamp()
