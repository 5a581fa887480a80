"""Typical flows: most are quick; some take long, fail at first, fail for good, or do not stop."""

import asyncio
import subprocess
import time

from noukai.flow import Context, PermanentError, flow

ATTEMPTS = 8


@flow(timeout=15, max_attempts=ATTEMPTS)
def quick(number: int) -> int:
    """Return at once."""
    return number


@flow(timeout=15, max_attempts=ATTEMPTS)
def slow(number: int, context: Context) -> int:
    """Take a while, and report progress."""
    for step in range(10):
        context.progress(percent=10 * step)
        time.sleep(0.15)
    return number


@flow(timeout=15, max_attempts=ATTEMPTS)
async def later(number: int) -> int:
    """Take a while, in a coroutine."""
    await asyncio.sleep(1)
    return number


@flow(timeout=15, max_attempts=ATTEMPTS, backoff=0.5)
def flaky(number: int, context: Context) -> int:
    """Fail in the first attempt."""
    if context.attempt == 1:
        raise ConnectionError("not yet")
    return number


@flow(timeout=15, max_attempts=ATTEMPTS)
def program(number: int) -> int:
    """Run a program."""
    subprocess.run(["sleep", "1"], check=True)
    return number


@flow(timeout=15, max_attempts=ATTEMPTS)
def refuse(number: int) -> None:
    """Fail for good."""
    raise PermanentError(f"never {number}")


@flow(timeout=15, max_attempts=ATTEMPTS)
def stubborn(number: int) -> int:
    """Take a while, and ignore interruptions."""
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        try:
            time.sleep(0.1)
        except BaseException:  # noqa: BLE001 - that is how it is stubborn
            continue
    return number
