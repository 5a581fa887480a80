"""The plan of a soak, drawn from its seed: its flows, kills and cancellations."""

import random
from collections import Counter
from dataclasses import dataclass
from enum import Enum

SHARES = {"quick": 50, "slow": 12, "later": 12, "flaky": 10, "program": 6, "refuse": 6, "stubborn": 4}
LASTING = frozenset({"slow", "later", "program", "stubborn"})
"""Flows that run long enough to be cancelled meanwhile."""
_CANCELLED_SHARE = 0.05
_RUNNING_SHARE = 0.7
"""The share that a cancellation meets running is above one half, since some end before."""


class Blow(Enum):
    """An act of the soak on a job."""

    KILL_WORKER = "worker killed"
    KILL_FLOW = "flow killed"
    KILL_IDLE = "process killed between two attempts"
    CANCEL_RUNNING = "cancelled when seen running"
    CANCEL_PENDING = "cancelled when seen pending"


@dataclass(frozen=True, slots=True)
class Plan:
    """Job n runs flow n of `flows`; a blow falls once as many jobs have ended as `blows` says."""

    seed: int
    flows: tuple[str, ...]
    blows: tuple[tuple[int, Blow], ...]
    fault_share: float

    @classmethod
    def draw(cls, jobs: int, *, kills: int, seed: int, fault_share: float = 0.1) -> "Plan":
        """Draw a plan that kills that many workers, flows and idle processes, and cancels one job in 20."""
        # The seed repeats a run and protects no secret.
        chance = random.Random(seed)
        cancelled = round(jobs * _CANCELLED_SHARE)
        running = round(cancelled * _RUNNING_SHARE)
        wanted = {
            Blow.KILL_WORKER: kills,
            Blow.KILL_FLOW: kills,
            Blow.KILL_IDLE: kills,
            Blow.CANCEL_RUNNING: running,
            Blow.CANCEL_PENDING: cancelled - running,
        }
        blows = [(chance.randrange(round(jobs * 0.9)), blow) for blow in Counter(wanted).elements()]
        return cls(
            seed=seed,
            flows=tuple(chance.choices(list(SHARES), list(SHARES.values()), k=jobs)),
            blows=tuple(sorted(blows, key=lambda blow: blow[0])),
            fault_share=fault_share,
        )
