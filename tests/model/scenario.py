"""What is explored: who acts, and how much may go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.model.event import DIES, FAULTS


@dataclass(frozen=True)
class Scenario:
    """Actors and the budgets that bound a schedule; `faults` are the ways in which a call may end ill."""

    name: str
    workers: int = 2
    clients: tuple[str, ...] = ("cancel",)
    """Each is a call of the API: `submit` and `cancel`."""
    submitted: bool = True
    """Whether the job is there, and its message, before anybody acts."""
    buries: bool = False
    """Whether dead letters are read; a message is one after `most_receives`."""
    most_receives: int = 1000
    max_attempts: int = 2
    faults: tuple[str, ...] = (DIES,)
    budgets: Mapping[str, int] = field(default_factory=dict)
    """Of `faults`, `duplicates`, `raises` (flows that raise) and `waits` (steps of time before all is quiet)."""
    steps: tuple[str, ...] = ("deadline",)
    old_receipts: bool = False
    """Whether an older receipt of a message still counts: AWS leaves it open."""


CRASH = Scenario("one crash", budgets={"faults": 1, "duplicates": 1})
WIDE = Scenario(
    "everything at random",
    workers=3,
    clients=("submit", "submit", "cancel"),
    submitted=False,
    buries=True,
    most_receives=6,
    max_attempts=3,
    faults=FAULTS,
    budgets={"faults": 3, "duplicates": 2, "raises": 2, "waits": 4},
    steps=("deadline", "third", "check"),
)
