"""Flows that take as long as they are told; the simulated process that runs them reads `milliseconds`."""

from random import Random
from string import ascii_lowercase

from noukai.flow import Context, flow


class NotYetError(Exception):
    """An error that asks for the average pause of a first backoff."""

    retry_after = 0.5


@flow(timeout=5, max_attempts=2)
def brief(message: str, size: int, milliseconds: int, failures: int = 0, *, context: Context) -> str:
    """Fail that many attempts, then return text."""
    if context.attempt <= failures:
        # In one line, as the trace quotes it, and the bill counts the trace.
        raise NotYetError(f"attempt {context.attempt} of {milliseconds} ms with {len(message)} characters")
    # Random letters, since answers are compressed: they shrink about as much as other text.
    return "".join(Random(size).choices(ascii_lowercase, k=size))


@flow(timeout=840, max_attempts=2)
def lasting(message: str, size: int, milliseconds: int, failures: int = 0, *, context: Context) -> str:
    """Do the same for longer."""
    result: str = brief(message, size, milliseconds, failures, context=context)
    return result
