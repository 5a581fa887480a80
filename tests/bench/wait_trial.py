"""What waiting takes: many jobs of one kind, each waited for on a simulated clock."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean, median, quantiles

from functions.estimate import Estimate, RunTimes
from noukai_wire.limits import MAX_WAIT_SECONDS  # noqa: F401
from tests.bench.simulated_api import Life, SimulatedApi
from tests.bench.timeline import Timeline
from tests.bench.wait_loops import Loop

PER_REQUEST = 1.27
PER_HELD_SECOND = 2.27
"""USD per million: a gateway's and a function's request with its read; 128 MB for a second with the reads in it."""

SPREAD = 0.15
QUEUED_MS = 40.0
RUNS_BEFORE = 10


@dataclass(frozen=True)
class Figures:
    """What a wait takes on average, and how late it hears of the end."""

    requests: float
    held_seconds: float
    read_units: float
    late: float
    late_p95: float
    usd: float

    @classmethod
    def of(cls, lives: list[Life]) -> "Figures":
        """Sum up what was written down; `usd` is per million jobs."""
        late = sorted((life.noticed_at - life.ended_at) / 1000 for life in lives)
        requests, held = fmean(life.requests for life in lives), fmean(life.held_seconds for life in lives)
        return cls(
            requests,
            held,
            fmean(life.reads for life in lives),
            median(late),
            quantiles(late, n=20)[-1],
            requests * PER_REQUEST + held * PER_HELD_SECOND,
        )


def trial(loop: Loop, seconds: float, jobs: int, *, runs_before: int = 0, seed: int = 1, spread: float = SPREAD) -> Figures:
    """Wait for jobs that take about so long, of a flow whose worker has seen so many runs before."""
    chance = random.Random(seed)
    timeline = Timeline()
    api = SimulatedApi(timeline)

    def took() -> float:
        return seconds * 1000 * chance.lognormvariate(0, spread)

    for number in range(jobs):
        created_at = timeline.time + chance.random() * 1000
        claimed_at = created_at + QUEUED_MS
        run_times = RunTimes()
        for _ in range(runs_before):
            run_times.learn("flow", round(took()))
        estimate = run_times.estimate("flow", round(claimed_at))
        life = Life(f"job_{'a' * 18}{_letters(number)}", created_at, claimed_at, claimed_at + took(), estimate)
        api.lives[life.id] = life
        timeline.at(created_at, lambda life=life: loop(api, life))
    timeline.run()
    return Figures.of(list(api.lives.values()))


def _letters(number: int) -> str:
    """Eight letters of a job's id that stand for the number."""
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(8))
