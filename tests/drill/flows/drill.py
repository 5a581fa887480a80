"""The flows of a drill."""

import os
import signal

from noukai.flow import flow


class LaterError(Exception):
    """Asks for the next attempt some seconds later."""

    retry_after = 6


@flow(timeout=20)
def echo(message: str) -> str:
    """Return the message."""
    return message


@flow(timeout=20, max_attempts=1)
def fail(message: str) -> str:
    """Fail for good."""
    raise ValueError(message)


@flow(timeout=20, max_attempts=10)
def put_off(message: str) -> str:
    """Fail, and ask for time."""
    raise LaterError(message)


@flow(timeout=20, max_attempts=10)
def kill(message: str) -> str:
    """Kill the worker."""
    os.kill(os.getppid(), signal.SIGKILL)
    return message
