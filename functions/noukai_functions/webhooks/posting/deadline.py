"""One deadline for many operations that each would wait anew."""

import time
from collections.abc import Callable


class Deadline:
    """A time by which all operations end."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._at = monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that remain.

        Raises:
            TimeoutError: none remain.
        """
        remaining = self._at - self._monotonic()
        if remaining <= 0:
            raise TimeoutError("the deadline is over")
        return remaining

    def within(self, seconds: float) -> "Deadline":
        """Return a deadline in so many seconds that is not after this one."""
        return Deadline(min(seconds, self._at - self._monotonic()), self._monotonic)
