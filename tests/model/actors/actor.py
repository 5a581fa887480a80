"""An actor in a world: when the scheduler picks it, it runs up to its next call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from greenlet import greenlet

from tests.model.event import Event, Pending


@dataclass
class Deeds:
    """The deeds of an actor in its current work: an invocation of a function, or a caller's request."""

    claimed: set[tuple[str, int]] = field(default_factory=set)
    """The attempts that it has claimed, by job."""
    settled: set[str] = field(default_factory=set)
    """The jobs that it has brought to their terminal state."""
    hit: set[str] = field(default_factory=set)
    """The rows and messages of its failed calls."""


@dataclass
class Actor:
    """An actor with its own thread of calls; `main` starts again if its process dies and is one of many."""

    name: str
    main: Callable[["Actor"], None]
    revives: bool
    thread: Any = None
    pending: Pending | None = None
    deeds: Deeds = field(default_factory=Deeds)
    _turns: tuple[Event, ...] = ()
    _known_for: tuple[Pending, frozenset[str]] | None = None

    def turns(self, left: frozenset[str]) -> tuple[Event, ...]:
        """Yield every way in which it may continue with what is left of the budgets."""
        if self.pending is None:
            return ()
        if (self.pending, left) != self._known_for or callable(self.pending.choices):
            self._known_for = (self.pending, left)
            self._turns = self.pending.events(self.name, left)
        return self._turns

    def start(self) -> None:
        self.begin()
        self.thread = greenlet(partial(self.main, self))
        self.pending = self.thread.switch()

    def begin(self) -> None:
        """Take up new work."""
        self.deeds = Deeds()

    def go_on(self, choice: str) -> None:
        """Let it run to its next call."""
        self.pending = self.thread.switch(choice)

    def die(self) -> None:
        self.stop()
        if self.revives:
            self.start()

    def stop(self) -> None:
        """End it where it stands."""
        if self.pending is not None:
            self.thread.throw()
        self.pending = None
