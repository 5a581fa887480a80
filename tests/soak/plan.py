"""What a soak does, drawn from its seed: which flows, which jobs are cancelled, and when something is killed."""

import random
from dataclasses import dataclass

SHARES = {"quick": 50, "slow": 12, "later": 12, "flaky": 10, "program": 6, "refuse": 6, "stubborn": 4}


@dataclass(frozen=True)
class Plan:
    """The n-th job runs the n-th of `flows`; a victim is killed once so many jobs have ended as `kills` says."""

    seed: int
    flows: tuple[str, ...]
    cancelled: frozenset[int]
    kills: tuple[tuple[int, str], ...]
    fault_share: float

    @classmethod
    def draw(
        cls, jobs: int, *, kills: int, seed: int, cancelled_share: float = 0.05, fault_share: float = 0.1
    ) -> "Plan":
        """Draw a plan in which so many workers and so many flows are killed."""
        # It repeats a run; nothing is kept secret by it.
        chance = random.Random(seed)
        victims = ["worker"] * kills + ["flow"] * kills
        return cls(
            seed=seed,
            flows=tuple(chance.choices(list(SHARES), list(SHARES.values()), k=jobs)),
            cancelled=frozenset(chance.sample(range(jobs), round(jobs * cancelled_share))),
            kills=tuple(sorted((chance.randrange(round(jobs * 0.9)), victim) for victim in victims)),
            fault_share=fault_share,
        )
