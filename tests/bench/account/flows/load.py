"""Flows that cost what they are told to; `milliseconds` is for the simulated process that runs them."""

from random import Random
from string import ascii_lowercase

from noukai.flow import Context, flow


class NotYetError(Exception):
    """Asks for the pause that a first backoff has on average."""

    retry_after = 0.5


@flow(timeout=5, max_attempts=2)
def brief(message: str, size: int, milliseconds: int, failures: int = 0, *, context: Context) -> str:
    """Fail so many attempts, then return text."""
    if context.attempt <= failures:
        raise NotYetError(
            f"attempt {context.attempt} of a job of {milliseconds} ms with {len(message)} characters"
        )
    # Letters in no order, since answers are compressed: about as far as any other text.
    return "".join(Random(size).choices(ascii_lowercase, k=size))


@flow(timeout=840, max_attempts=2)
def lasting(message: str, size: int, milliseconds: int, failures: int = 0, *, context: Context) -> str:
    """Do the same for longer."""
    result: str = brief(message, size, milliseconds, failures, context=context)
    return result
