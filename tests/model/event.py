"""What the scheduler decides between: one turn of one actor, and how its pending call ends."""

from collections.abc import Callable
from typing import NamedTuple

DONE = "done"
FAILS = "fails"
"""The call is not applied, and fails for good."""
LOST = "answer lost"
"""The call is applied, its answer is lost, and the SDK repeats it."""
CUT = "cut"
"""The call is applied, but fails for its caller for good."""
DIES = "dies"
"""The process of the actor dies before the call."""
STALE = "stale"
"""A read that need not be consistent sees the row before its last write."""
FAULTS = (FAILS, LOST, CUT, DIES, STALE)

TIME = "time"
NOTHING: frozenset[str] = frozenset()


class Event(NamedTuple):
    """One turn: `actor` goes on from its pending `operation`, which ends as `choice` says.

    `writes` and `reads` name what the turn touches; a budget that it draws on is written.
    """

    actor: str
    operation: str
    choice: str
    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING
    budget: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the other events of a schedule's step."""
        return self[:3]

    def depends_on(self, other: "Event") -> bool:
        """Whether the two in the other order could end otherwise."""
        return (
            self.actor == other.actor
            or not self.writes.isdisjoint(other.writes)
            or not self.writes.isdisjoint(other.reads)
            or not self.reads.isdisjoint(other.writes)
        )

    def __str__(self) -> str:
        return f"{self.actor}: {self.operation} {self.choice}"


class Pending(NamedTuple):
    """Where an actor stands: what it is about to do, the ways in which that may end, and what it touches."""

    operation: str
    choices: Callable[[], list[str]]
    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING
