"""The simulation holds the plan's rates and loses nothing; without a setting it shows the bottleneck."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from noukai_infra.planning import limits
from noukai_infra.planning.load import Load
from noukai_infra.planning.plan import Plan
from noukai_infra.settings import Scale, Settings
from tests.bench.scale.background import Background
from tests.bench.scale.cells import STOP_SECONDS, Move, spread
from tests.bench.scale.demand import BURST_EVERY, PATIENCE_SECONDS, Demand
from tests.bench.scale.parts import Backlog, Throughput
from tests.bench.scale.stack import Stack
from tests.bench.scale.tables import RATES, planned

STEADY_SECONDS = 3_500
"""Before the first burst, with time to grow."""


def holds(stack: Stack) -> bool:
    """Return whether a stack keeps up with the steady rate: nobody waits or is refused, all is counted."""
    stack.run(STEADY_SECONDS)
    is_counted = stack.day.bottlenecks.get("metering", 0) == 0
    return stack.day.ages[-1] <= 5 and stack.demand.waiting < 1 and is_counted


@pytest.mark.parametrize("rate", RATES)
def test_plan_holds_its_rate(rate: float) -> None:
    assert holds(planned(rate))


@pytest.mark.parametrize("rate", RATES)
def test_nothing_accepted_is_lost_in_a_burst(rate: float) -> None:
    """What waits after ten times the rate is worked off within minutes; what was not accepted was told so."""
    stack = planned(rate)
    day = stack.run(BURST_EVERY)
    assert day.accepted == pytest.approx(day.settled + stack.waiting)
    heard = day.accepted + stack.demand.given_up + stack.demand.waiting
    assert stack.demand.submitted == pytest.approx(heard)
    assert stack.waiting <= 2 * rate
    assert (day.oldest[1] <= 300, day.recovery <= 900, day.lost_usage) == (True, True, 0)


def test_jobs_may_be_long() -> None:
    """A thousand a second of a minute each, with provisioned pollers."""
    assert holds(planned(1_000, seconds=60))


def changed(**settings: Any) -> Callable[[Stack], Stack]:
    """Return a change of a stack's settings."""
    return lambda stack: replace(stack, settings=replace(stack.settings, **settings))


def scaled(**values: Any) -> Callable[[Stack], Stack]:
    """Return a change of the settings of scale."""
    return lambda stack: changed(scale=replace(stack.settings.scale, **values))(stack)


def without(quota: limits.Quota) -> Callable[[Stack], Stack]:
    """Return a stack in an account whose quota was not raised."""
    return lambda stack: replace(stack, quotas={**stack.quotas, quota: quota.default})


def with_worker(**values: Any) -> Callable[[Stack], Stack]:
    """Return a change of the worker."""
    return lambda stack: changed(worker=replace(stack.settings.worker, **values))(stack)


@pytest.mark.parametrize(
    ("change", "bottleneck"),
    [
        (changed(throttle_rate=10_000, throttle_burst=5_000), "gateway"),
        (without(limits.GATEWAY_RATE), "gateway"),
        (without(limits.CONCURRENCY), "submitting"),
        (with_worker(queues=1), "pollers"),
        (with_worker(max_concurrency=100), "pollers"),
        (scaled(index_partitions=4), "index"),
        (scaled(metering_memory=None, metering_batch=1_000), "metering"),
    ],
    ids=["throttle", "gateway quota", "concurrency", "queues", "pollers", "index", "metering"],
)
def test_missing_setting_is_a_bottleneck(change: Callable[[Stack], Stack], bottleneck: str) -> None:
    """With one of the settings or quotas lowered, the rate is not held, and the model says where."""
    stack = change(planned(RATES[-1]))
    assert not holds(stack)
    assert stack.day.bottlenecks[bottleneck] > 1_000


def test_write_quota_is_for_bursts() -> None:
    """The default holds the steady rate; after a burst, the backlog takes longer."""
    raised = planned(RATES[-1])
    low = without(limits.TABLE_WRITES)(planned(RATES[-1]))
    recoveries = [stack.run(BURST_EVERY).recovery for stack in (raised, low)]
    assert recoveries[0] < recoveries[1]
    assert low.day.bottlenecks["table"] > 0 == raised.day.bottlenecks.get("table", 0)


def test_cold_table_refuses_the_first_hour() -> None:
    """Without warm throughput, a table doubles within half an hour each: until then, callers are refused."""
    cold, warm = planned(RATES[-1]), planned(RATES[-1])
    cold = scaled(table_writes=None, index_writes=None)(cold)
    for stack in (cold, warm):
        stack.run(1_800)
    assert cold.day.accepted < 0.5 * warm.day.accepted
    assert cold.day.bottlenecks["table"] > 1_000


def test_defaults_do_not_hold_a_thousand() -> None:
    """The settings of a small stack are for a small stack."""
    _, plan = Plan.of(Load(1_000, 0.2))
    assert not holds(Stack(Settings(), plan.load, {}))


def background(rate: float) -> dict[str, float]:
    stack = planned(rate)
    return dict(Background(stack.settings, stack.load, stack.metering).per_job())


def test_no_background_task_grows_faster_than_the_jobs() -> None:
    """Per job, each does no more at a higher rate than at the lowest, where it cannot be shared."""
    least = background(RATES[0])
    for rate in RATES[1:]:
        found = background(rate)
        assert {name: work for name, work in found.items() if work > least[name] * 1.001} == {}


def test_sweep_ends_before_its_alarm() -> None:
    """Segments keep a round of six thousand million rows within two days; one alone would not."""
    stack = planned(RATES[-1])
    assert Background(stack.settings, stack.load, stack.metering).round_hours < 36
    alone = replace(stack.settings, scale=Scale())
    assert Background(alone, stack.load, stack.metering).round_hours > 48


def test_move_loses_nothing_and_runs_nothing_twice() -> None:
    """Submissions are stopped for as long as one may be repeated; some callers hear that, and nobody else."""
    move = Move().run()
    assert (move.lost(), move.run_twice) == (0, 0)
    assert 0 < move.unheard <= STOP_SECONDS


def test_move_without_a_stop_runs_jobs_twice() -> None:
    """This is what the stop is for; and jobs are found after the move only if the former cell is asked."""
    assert Move(stop_seconds=0).run().run_twice > 0
    assert Move(stop_seconds=PATIENCE_SECONDS // 2).run().run_twice > 0
    assert Move(asks_former=False).run().lost() > 0


def test_orgs_fill_cells_evenly() -> None:
    """Ten cells hold ten thousand jobs a second each, as long as no org has more than a cell."""
    rates = spread(90_000, orgs=1_000, cells=10)
    assert sum(rates) == pytest.approx(90_000)
    assert max(rates) < 10_000


def test_oldest_of_a_backlog() -> None:
    backlog = Backlog()
    for second in range(3):
        backlog.add(second, 10)
    assert (backlog.take(15), backlog.age(5), backlog.count) == (15, 4, 15)
    assert (backlog.take(50), backlog.age(5), backlog.count) == (15, 0, 0)


def test_table_doubles_after_half_an_hour() -> None:
    table = Throughput(warm=4_000, quota=40_000)
    table.note(4_000)
    assert [table.most(second) for second in (0, 1_799, 1_800)] == [4_000, 4_000, 8_000]


def test_clients_give_up_after_a_minute() -> None:
    """With nothing accepted, all of the first second's clients are told after a minute."""
    demand = Demand(10)
    for second in range(PATIENCE_SECONDS + 1):
        demand.ask(second)
        demand.hear(second, 0.0)
    assert demand.given_up == pytest.approx(10)
