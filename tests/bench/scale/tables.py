"""The tables of `make bench ARGS=scale`: a day at each rate, the work of background tasks, and cells."""

from collections.abc import Iterable
from dataclasses import dataclass

from noukai_infra.planning import limits
from noukai_infra.planning.load import Load
from noukai_infra.planning.plan import Plan
from noukai_infra.settings import Settings
from tests.bench.report import Cell, Section
from tests.bench.scale.background import Background
from tests.bench.scale.cells import STOP_SECONDS, Move, spread
from tests.bench.scale.demand import BURST, BURST_EVERY, BURST_SECONDS
from tests.bench.scale.stack import DAY_SECONDS, Day, Stack

RATES = (1, 100, 1_000, 10_000)
SECONDS = 0.2
ORGS = 1_000
CELLS = 10
_ASSUMED = (
    f"Bursts of {BURST} times the rate for {BURST_SECONDS} s, every {BURST_EVERY // 3600} h; {ORGS:,} orgs. "
    "Settings and quotas are those of `noukai plan`. What is not accepted got 429 or 503 for the minute in "
    "which the client repeats it, and its caller an error."
)


@dataclass(frozen=True)
class Simulated:
    """A day of a stack with the settings and the quotas of its plan."""

    stack: Stack
    day: Day

    @property
    def background(self) -> Background:
        """Return the work of its background tasks."""
        return Background(self.stack.settings, self.stack.load, self.stack.metering)


def planned(rate: float, seconds: float = SECONDS) -> Stack:
    """Return a stack with the settings and the quotas of the plan for a rate."""
    _, plan = Plan.of(Load(rate, seconds))
    return Stack(Settings.from_context(plan.settings), plan.load, plan.quotas, orgs=ORGS)


def simulated(rate: float, seconds: int = DAY_SECONDS) -> Simulated:
    """Let a day pass at a rate."""
    stack = planned(rate)
    return Simulated(stack, stack.run(seconds))


def sections() -> Iterable[Section]:
    """Run a day at each rate, and a move between cells."""
    found = {rate: simulated(rate) for rate in RATES}
    yield _days(found)
    yield _background(found)
    yield _cells()


def _days(found: dict[int, Simulated]) -> Section:
    rows: list[list[Cell]] = []
    figures: dict[str, object] = {}
    for rate, each in found.items():
        day, demand = each.day, each.stack.demand
        middle, oldest = day.oldest
        lost = day.accepted - day.settled - each.stack.waiting
        rows.append([
            f"{rate:,}", f"{demand.submitted:,.0f}", f"{day.accepted / demand.submitted:.1%}",
            f"{abs(lost):.0f}", middle, oldest, day.recovery, day.metering_age, each.background.round_hours,
        ])  # fmt: skip
        figures[str(rate)] = {"accepted": day.accepted, "oldest": oldest, "bottlenecks": day.bottlenecks}
    columns = (
        *("jobs a second", "submitted", "accepted", "accepted and lost", "oldest message, median s"),
        *("at most, s", "until none waits for 5 s", "counted late, at most s", "hours of a sweep"),
    )
    return Section(
        f"A day of jobs of {SECONDS:g} s, with bursts",
        columns,
        rows,
        figures,
        [_ASSUMED],
    )


def _background(found: dict[int, Simulated]) -> Section:
    tasks = {rate: each.background.per_job() for rate, each in found.items()}
    names = list(tasks[RATES[0]])
    rows: list[list[Cell]] = [[name, *(f"{tasks[rate][name]:.5f}" for rate in RATES)] for name in names]
    hottest = (tasks[rate]["budgets, read units"] * rate / limits.PARTITION_READS for rate in RATES)
    rows.append(["budgets, share of a partition's reads", *(f"{share:.5f}" for share in hottest)])
    columns = ["for each job, at", *(f"{rate:,} a second" for rate in RATES)]
    return Section("The work of background tasks", columns, rows, {str(rate): tasks[rate] for rate in RATES})


def _cells() -> Section:
    rates = spread(RATES[-1] * CELLS * 0.9, ORGS, CELLS)
    move, hasty = Move().run(), Move(stop_seconds=0).run()
    rows: list[list[Cell]] = [
        ["cells, and the largest one's jobs a second", CELLS, max(rates)],
        [f"moved, stopped for {STOP_SECONDS} s: lost, run twice", move.lost(), move.run_twice],
        ["… submissions that were refused until their callers gave up", move.unheard, ""],
        ["moved without a stop: lost, run twice", hasty.lost(), hasty.run_twice],
    ]
    figures = {"rates": rates, "lost": move.lost(), "twice": move.run_twice}
    return Section("Cells", ["", "", " "], rows, figures)
