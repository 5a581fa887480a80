"""Something that acts in a world: it runs from one of its calls to the next, when the scheduler picks it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from greenlet import greenlet

from tests.model.event import Pending


@dataclass
class Actor:
    """Something that runs by itself; `main` is started again when its process dies, if it is one of many."""

    name: str
    main: Callable[["Actor"], None]
    revives: bool
    thread: Any = None
    pending: Pending | None = None
    hit: bool = False
    """Whether a call of its present work has failed."""
    claimed: int | None = None
    """The attempt that it has claimed in its present work."""

    def go_on(self, *choice: str) -> None:
        """Let it run to its next call."""
        self.pending = self.thread.switch(*choice)

    def start(self) -> None:
        self.hit, self.claimed = False, None
        self.thread = greenlet(partial(self.main, self))
        self.go_on()

    def die(self) -> None:
        self.thread.throw()
        self.pending = None
        if self.revives:
            self.start()
