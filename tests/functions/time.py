"""The functions' clock in tests."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ManualClock:
    """A clock that stands still; `step` moves it at each look, and sleeping moves it as far as asked."""

    def __init__(self, now: int = 1_700_000_000_000) -> None:
        self.time = now
        self.step = 0
        self.slept: list[float] = []
        self.while_asleep: Callable[[], object] = lambda: None
        self.at_each_look: Callable[[], object] = lambda: None

    def now(self) -> int:
        self.time += self.step
        self.at_each_look()
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += round(seconds * 1000)
        self.while_asleep()


class LambdaContext:
    """Lambda's context of an invocation with this much time left."""

    def __init__(self, remaining_ms: int = 900_000) -> None:
        self.remaining_ms = remaining_ms

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms
