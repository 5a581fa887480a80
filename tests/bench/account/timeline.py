"""Simulated time, which passes only while everybody sleeps; the first due goes on."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from greenlet import getcurrent, greenlet


class Actor(greenlet):
    """Somebody who acts, and sleeps in between.

    `stage` says what for, `calls` how often AWS was called, `jobs` how many flows ran and `flow_ms` how long they took.
    """

    stage: str = ""
    calls: int = 0
    jobs: int = 0
    flow_ms: float = 0.0


@dataclass(order=True)
class _Turn:
    at: float
    number: int
    actor: Actor = field(compare=False)
    needed: Callable[[], bool] = field(compare=False)


class Timeline:
    """A clock as the functions want it, in milliseconds since the epoch, and the actors that live by it."""

    def __init__(self, time: float = 1_700_000_000_000) -> None:
        self.time = time
        self._order = count()
        self._due: list[_Turn] = []

    @property
    def actor(self) -> Actor:
        """Who acts now."""
        current = getcurrent()
        if not isinstance(current, Actor):
            raise TypeError("only an actor takes time")
        return current

    def now(self) -> int:
        """The whole milliseconds since the epoch."""
        return int(self.time)

    def sleep(self, seconds: float) -> None:
        """Let the others act until so many seconds have passed."""
        actor = self.actor
        self._wake(actor, seconds)
        if actor.parent is None:
            raise TypeError("nobody else can act")
        actor.parent.switch()

    def start(
        self, main: Callable[[], object], after: float = 0.0, *, needed: Callable[[], bool] = lambda: True
    ) -> None:
        """Let one more act, so many seconds from now, if it is still needed then."""
        self._wake(Actor(main), after, needed)

    def run(self) -> None:
        """Return when everybody has come to an end."""
        while self._due:
            turn = heapq.heappop(self._due)
            if turn.needed():
                self.time = max(self.time, turn.at)
                turn.actor.parent = getcurrent()
                turn.actor.switch()

    def _wake(self, actor: Actor, seconds: float, needed: Callable[[], bool] = lambda: True) -> None:
        heapq.heappush(self._due, _Turn(self.time + seconds * 1000, next(self._order), actor, needed))
