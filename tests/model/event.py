"""The scheduler's choices: one turn of one actor, and how its pending call ends."""

from collections.abc import Callable
from functools import cache
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
"""An eventually consistent read sees the row before its last write."""
FAULTS = (FAILS, LOST, CUT, DIES, STALE)

RAISES = "raises"
UNCLEAN = "returns and has changed its process"
ORPHAN = "returns and leaves a process behind"
BUDGETED = {RAISES: "raises", UNCLEAN: "left-overs", ORPHAN: "left-overs"}
"""How flows may fail, and the budget that each failure uses."""

TIME = "time"
NOTHING: frozenset[str] = frozenset()
READS_TIME = frozenset({TIME})


class Event(NamedTuple):
    """One turn: `actor` continues from its pending `operation`, which ends as `choice` says.

    `writes` and `reads` name what the turn touches; a budget that it uses counts as written.
    """

    actor: str
    operation: str
    choice: str
    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING
    budget: str | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells it from the other events of a schedule's step."""
        return self[:3]

    def depends_on(self, other: "Event") -> bool:
        """Return whether the opposite order could end differently."""
        return (
            self.actor == other.actor
            or not self.writes.isdisjoint(other.writes)
            or not self.writes.isdisjoint(other.reads)
            or not self.reads.isdisjoint(other.writes)
        )

    def __str__(self) -> str:
        return f"{self.actor}: {self.operation} {self.choice}"


RECEIVE = "receive"
"""Its choices are the ids of the messages that come together, separated by spaces."""


class Pending(NamedTuple):
    """An actor's next call: the ways in which it may end, and what it touches.

    The choices are a function if they change while the actor waits; a choice of messages touches them too.
    """

    operation: str
    choices: tuple[str, ...] | Callable[[], tuple[str, ...]]
    reads: frozenset[str] = NOTHING
    writes: frozenset[str] = NOTHING

    def events(self, actor: str, left: frozenset[str]) -> tuple[Event, ...]:
        """Yield the turns that the actor may take, with what is left of the budgets."""
        choices = self.choices() if callable(self.choices) else self.choices
        return _events(actor, self.operation, choices, (self.reads, self.writes), left) if choices else ()


@cache
def _events(
    actor: str,
    operation: str,
    choices: tuple[str, ...],
    touched: tuple[frozenset[str], frozenset[str]],
    left: frozenset[str],
) -> tuple[Event, ...]:
    reads, writes = touched
    budgets = {choice: "faults" if choice in FAULTS else BUDGETED.get(choice) for choice in choices}
    return tuple(
        Event(
            actor, operation, choice, reads | READS_TIME, _written(operation, choice, writes, budget), budget
        )
        for choice, budget in budgets.items()
        if budget is None or budget in left
    )


def _written(operation: str, choice: str, writes: frozenset[str], budget: str | None) -> frozenset[str]:
    if operation == RECEIVE:
        return frozenset(choice.split())
    return (NOTHING if choice in (FAILS, DIES) else writes) | ({budget} if budget else NOTHING)
