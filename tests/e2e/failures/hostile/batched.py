"""Flows in one batch: a well-behaved one, and one that harms its process."""

import os
import signal
import time
from collections.abc import Callable

from noukai.flow import flow

ACTS: dict[str, Callable[[], object]] = {
    "exit": lambda: os._exit(7),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "all descriptors": lambda: os.closerange(0, 65536),
    "hang": lambda: time.sleep(600),
    "fork and return": os.fork,
}


@flow(batch=10, timeout=2, max_attempts=1)
def act(kind: str) -> str:
    """Act and return, if that is possible."""
    ACTS[kind]()
    return "done"


@flow(batch=10, timeout=2, max_attempts=1)
def work(number: int) -> int:
    """Work."""
    return number
