"""Flows of a busy deployment: noisy ones, and others beside them."""

import time
from pathlib import Path

from noukai.flow import Context, flow


@flow(timeout=40, max_attempts=1, concurrency=2, memory=512)
def noise(begun: str, until: str) -> str:
    """Create a file to report the start, and run until there is another one."""
    Path(begun).touch()
    while not Path(until).exists():
        time.sleep(0.05)
    return begun


@flow(timeout=5)
def quiet(value: int) -> int:
    return value


@flow(timeout=100)
def long(*, context: Context) -> float:
    return context.remaining_seconds
