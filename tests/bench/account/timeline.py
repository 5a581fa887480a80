"""Simulated time: it passes only while every actor sleeps; the first one due goes on."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from greenlet import getcurrent, greenlet


class Actor(greenlet):
    """One who acts, and sleeps in between.

    `stage` is what it acts for, `calls` the number of AWS calls, `jobs` the number of flows that ran and
    `flow_ms` their duration.
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
    """A clock in milliseconds since the epoch, as the functions want it, and the actors that live by it."""

    def __init__(self, time: float = 1_700_000_000_000) -> None:
        self.time = time
        self._order = count()
        self._due: list[_Turn] = []

    @property
    def actor(self) -> Actor:
        """Return the actor whose turn it is."""
        current = getcurrent()
        if not isinstance(current, Actor):
            raise TypeError("only an actor takes time")
        return current

    def now(self) -> int:
        """Return the whole milliseconds since the epoch."""
        return int(self.time)

    def sleep(self, seconds: float) -> None:
        """Let the others act for that many seconds."""
        actor = self.actor
        self._wake(actor, seconds)
        if actor.parent is None:
            raise TypeError("nobody else can act")
        actor.parent.switch()

    def start(
        self, main: Callable[[], object], after: float = 0.0, *, needed: Callable[[], bool] = lambda: True
    ) -> None:
        """Add an actor that begins in that many seconds, if it is still needed then."""
        self._wake(Actor(main), after, needed)

    def run(self) -> None:
        """Return when every actor has ended."""
        while self._due:
            turn = heapq.heappop(self._due)
            if turn.needed():
                self.time = max(self.time, turn.at)
                turn.actor.parent = getcurrent()
                turn.actor.switch()

    def _wake(self, actor: Actor, seconds: float, needed: Callable[[], bool] = lambda: True) -> None:
        heapq.heappush(self._due, _Turn(self.time + seconds * 1000, next(self._order), actor, needed))
