"""The cost of waiting: many jobs of one kind, each waited for on a simulated clock."""

import random
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from math import exp
from statistics import NormalDist, fmean, median, quantiles

from noukai_functions.jobs.estimate import Estimate, RunTimes, refine
from noukai_functions.jobs.lifecycle import progress_interval_ms
from tests.bench import prices
from tests.bench.account.timeline import Timeline
from tests.bench.waits.simulated_api import WORK, Life, SimulatedApi
from tests.bench.waits.wait_loops import Loop

_MEMORY_GB = 128 / 1024
"""The memory of the function `wait`."""

SPREAD = 0.15
"""The spread of the logarithm of the durations."""
_STEP_SPREAD = 0.3
"""The same for the steps of a job that reports its progress."""

RUNS_BEFORE = 10
"""The runs that a worker has seen of a flow that counts as known."""
_QUEUED_MS = 40.0


@dataclass(frozen=True)
class Figures:
    """The average cost of a wait, and how many seconds late it notices the end."""

    requests: float
    held_seconds: float
    read_units: float
    late: float
    late_p95: float
    share: float
    """The lateness as a share of the job's own time."""
    share_p95: float
    usd: float
    """Per million jobs."""

    @classmethod
    def of(cls, lives: list[Life]) -> "Figures":
        """Sum up what was written down."""
        late = [(life.noticed_at - life.ended_at) / 1000 for life in lives]
        shares = [
            each * 1000 / (life.ended_at - life.claimed_at) for each, life in zip(late, lives, strict=True)
        ]
        requests, held = fmean(life.requests for life in lives), fmean(life.held_seconds for life in lives)
        read_units = fmean(life.read_units for life in lives)
        return cls(
            requests=requests,
            held_seconds=held,
            read_units=read_units,
            late=median(late),
            late_p95=quantiles(late, n=20)[-1],
            share=median(shares),
            share_p95=quantiles(shares, n=20)[-1],
            usd=1_000_000 * _usd(requests, held, read_units),
        )


def _usd(requests: float, held_seconds: float, read_units: float) -> float:
    """Return the price of requests and their reads: the function is busy before each hold and during it."""
    seconds = requests * WORK + held_seconds
    return (
        prices.usd("api_requests", requests)
        + prices.usd("lambda_requests", requests)
        + prices.usd("gb_seconds", seconds * _MEMORY_GB)
        + prices.usd("read_units", read_units)
    )


PER_REQUEST = 1_000_000 * _usd(1, 0, 1)
"""USD per million: the request to the gateway and to the function, with its time and its consistent read."""


def trial(
    loop: Loop,
    seconds: float,
    jobs: int,
    *,
    runs_before: int = 0,
    spread: float = SPREAD,
    reports: bool = False,
) -> Figures:
    """Wait for jobs of about this duration, of a flow of which the worker has seen that many runs.

    With `reports` each job reports every per cent of its work.
    """
    chance = random.Random(1)
    timeline = Timeline()
    api = SimulatedApi(timeline)
    deviations = NormalDist(0, spread)
    for number in range(jobs):
        # Evenly over the whole spread, so that a few jobs represent many.
        took_ms = seconds * 1000 * exp(deviations.inv_cdf((number + 0.5) / jobs))
        created_at = timeline.time + chance.random() * 1000
        before = [seconds * 1000 * exp(each) for each in deviations.samples(runs_before, seed=number)]
        life = _life(number, created_at, took_ms, before)
        if reports:
            life.refined = _refined(life, chance)
        api.lives[life.id] = life
        timeline.start(partial(loop, api, life), after=(created_at - timeline.time) / 1000)
    timeline.run()
    return Figures.of(list(api.lives.values()))


def _life(number: int, created_at: float, took_ms: float, runs_before: list[float]) -> Life:
    claimed_at = created_at + _QUEUED_MS
    run_times = RunTimes()
    for earlier_ms in runs_before:
        with run_times.timed("bench/flow") as earlier:
            earlier.took_ms = round(earlier_ms)
    with run_times.timed("bench/flow") as run:
        run.begun_at = round(claimed_at)
    return Life(job_id(number), created_at, claimed_at, claimed_at + took_ms, run.estimate)


def _refined(life: Life, chance: random.Random) -> list[tuple[float, Estimate | None]]:
    """Return what the worker writes of a job whose hundred steps grow ever longer or ever shorter."""
    drift = chance.gauss(0, SPREAD)
    steps = [exp(chance.gauss(drift * (step / 50 - 1), _STEP_SPREAD)) for step in range(100)]
    scale = (life.ended_at - life.claimed_at) / sum(steps)
    reported_at = [life.claimed_at + scale * passed for passed in accumulate(steps)]
    written: list[tuple[float, Estimate | None]] = []
    begun_at, due_at = round(life.claimed_at), life.claimed_at + progress_interval_ms(0)
    for percent, at in enumerate(reported_at[:-1], start=1):
        if at >= due_at:
            written.append((at, refine(life.estimate, begun_at, round(at), {"percent": percent})))
            due_at = at + progress_interval_ms(round(at) - begun_at)
    return written


def job_id(number: int) -> str:
    """Return a different id for each number."""
    return "job_" + "".join(chr(ord("a") + number // 26**place % 26) for place in range(26))
