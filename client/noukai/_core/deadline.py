"""The deadline of an operation."""

import math
from collections.abc import Callable

from noukai._errors import NoukaiError

from .operation import Operation, Sleep

Clock = Callable[[], float]


class DeadlinePassedError(Exception):
    """An error for a passed deadline; its cause is the last failure, if any."""


class Deadline:
    """A moment of a monotonic clock, or never."""

    def __init__(self, clock: Clock, seconds: float | None = None) -> None:
        self._clock = clock
        self._at = math.inf if seconds is None else clock() + seconds

    @property
    def left(self) -> float:
        """Return the seconds left: 0 once it has passed, infinite without a deadline."""
        return max(0.0, self._at - self._clock())

    def pause(self, seconds: float, because: NoukaiError | None = None) -> Operation[None]:
        """Sleep for these seconds, or until the deadline; in that case raise `DeadlinePassedError`."""
        left = self.left
        if min(seconds, left):
            yield Sleep(min(seconds, left))
        if seconds >= left:
            raise DeadlinePassedError from because
