"""The scenarios to explore: their actors, and how much may fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.model.event import CUT, DIES, FAILS, FAULTS, LOST

_STRANGER = '{"id": "job_x", "created_at": 1, "org": "acme", "flow": "trial/add", "arguments": {}}'


@dataclass(frozen=True)
class Scenario:
    """Actors and the budgets that bound a schedule; `faults` are the ways in which a call may fail."""

    name: str
    workers: int = 2
    clients: tuple[str, ...] = ("cancel",)
    """Members of `callers.CALLERS`."""
    submitted: bool = True
    """Whether the job and its message exist at the start."""
    poison: tuple[str, ...] = ()
    """Bodies on the queue that no submission sent."""
    batch: int = 1
    """The most messages that come together."""
    reads_dead_letters: bool = False
    """Whether dead letters are read; a message is one after `most_receives`."""
    most_receives: int = 1000
    max_attempts: int = 2
    faults: tuple[str, ...] = (DIES,)
    budgets: Mapping[str, int] = field(default_factory=dict)
    """`faults`, `duplicates`, `raises` (flows that raise) and `waits` (steps of time before the end)."""
    steps: tuple[str, ...] = ("deadline",)
    old_receipts: bool = False
    """Whether an older receipt of a message still works: AWS leaves it open."""


CRASH = Scenario("crash", budgets={"faults": 1, "duplicates": 1})
RAISE = replace(CRASH, name="raise", faults=(), budgets={"duplicates": 1, "raises": 1})
KILL = replace(RAISE, name="process killed", budgets={"kills": 1, "raises": 1, "duplicates": 1})
EVERY = {
    scenario.name: scenario
    for scenario in (
        CRASH,
        replace(CRASH, name="crash, old receipts", old_receipts=True),
        replace(CRASH, name="failed call", faults=(FAILS,)),
        replace(CRASH, name="answer lost", faults=(LOST,)),
        replace(CRASH, name="call cut", faults=(CUT,)),
        RAISE,
        replace(RAISE, name="raise, old receipts", old_receipts=True),
        KILL,
        replace(KILL, name="process left unclean", budgets={"left-overs": 1, "raises": 1, "duplicates": 1}),
    )
}
"""Soon fully explored: two workers, a repeated delivery, a cancellation, and one failure."""
_TWO_ILLS = {"duplicates": 1, "raises": 1, "faults": 1}
LONG = {
    scenario.name: scenario
    for scenario in (
        replace(RAISE, name="raise and crash", faults=(DIES,), budgets=_TWO_ILLS),
        replace(RAISE, name="raise and failed call", faults=(FAILS,), budgets=_TWO_ILLS),
        replace(RAISE, name="raise and answer lost", faults=(LOST,), budgets=_TWO_ILLS),
        replace(RAISE, name="raise and call cut", faults=(CUT,), budgets=_TWO_ILLS),
        replace(KILL, name="process killed and crash", faults=(DIES,), budgets={**_TWO_ILLS, "kills": 1}),
    )
}
"""Fully explored too, if there is time."""

WIDE = Scenario(
    "everything",
    workers=3,
    clients=("submit", "submit", "submit delayed", "cancel"),
    submitted=False,
    poison=("not JSON",),
    batch=3,
    reads_dead_letters=True,
    most_receives=6,
    max_attempts=3,
    faults=FAULTS,
    budgets={"faults": 3, "duplicates": 2, "raises": 2, "waits": 4},
    steps=("deadline", "third", "check"),
)
RETRIED = replace(
    WIDE, name="retried", clients=("submit", "cancel", "retry", "retry", "read"), poison=(_STRANGER,)
)
SWEPT = replace(
    WIDE, name="swept", clients=("submit", "cancel", "read", "sweep"), poison=(), steps=("deadline", "days")
)
KEPT = replace(
    WIDE,
    name="kept",
    clients=("submit", "submit", "submit delayed", "retry"),
    workers=2,
    poison=(),
    faults=(DIES,),
    budgets={"faults": 2, "kills": 3, "left-overs": 2, "raises": 2, "waits": 2},
)
SOME = {scenario.name: scenario for scenario in (WIDE, RETRIED, SWEPT, KEPT)}
"""Explored at random."""
