"""What waiting may take, on a simulated clock: exact figures, so they are tests."""

import pytest

from tests.bench.crowd import Crowd
from tests.bench.lambda_pool import LambdaPool
from tests.bench.wait_loops import ours
from tests.bench.wait_trial import PER_HELD_SECOND, RUNS_BEFORE, trial

_WORKER_USD_PER_SECOND = 13.33
"""Per million jobs: 1024 MB for a second."""


@pytest.mark.parametrize(
    ("seconds", "requests", "late"),
    [(0.2, 1.2, 0.15), (5, 4, 0.15), (20, 6, 0.03 * 20), (60, 6, 0.03 * 60), (900, 8, 0.03 * 900)],
)
def test_waiting_for_a_flow_that_was_seen_before(seconds: float, requests: float, late: float) -> None:
    """Few requests hear of the end soon, within the bill: 30 USD per million, or a hundredth of the job's own."""
    found = trial(ours, seconds, 80, runs_before=RUNS_BEFORE)
    assert found.requests <= requests
    assert found.late <= late
    assert found.usd <= max(30, 0.01 * seconds * _WORKER_USD_PER_SECOND)


@pytest.mark.parametrize(("seconds", "requests"), [(5, 6), (60, 20), (900, 40)])
def test_waiting_for_a_flow_never_seen(seconds: float, requests: float) -> None:
    """Without any knowledge half of the ends are heard of within seven per cent of the time, within the same bill."""
    found = trial(ours, seconds, 120)
    assert found.requests <= requests
    assert found.late <= 0.07 * seconds
    assert found.usd <= max(30, 0.01 * seconds * _WORKER_USD_PER_SECOND)


@pytest.mark.parametrize("runs_before", [0, RUNS_BEFORE])
def test_a_held_second_costs_no_more_than_it_is_counted_for(runs_before: int) -> None:
    """128 MB for a second and all reads beside one for each request: the looks at the row are few enough."""
    found = trial(ours, 5, 50, runs_before=runs_before)
    looks = found.read_units - found.requests
    assert found.held_seconds * 128 / 1024 * _WORKER_USD_PER_SECOND + looks * 0.125 <= (
        found.held_seconds * PER_HELD_SECOND
    )


@pytest.mark.parametrize("reserved", [4, None])
def test_a_crowd_starves_no_worker_and_loses_no_answer(reserved: int | None) -> None:
    """Held requests beyond their share are refused; everybody hears of the end all the same, and all workers work."""
    pool = LambdaPool(40, reserved)
    crowd = Crowd(300, 32, pool)
    found = crowd.run()
    assert pool.refused["wait"] > 0
    assert pool.refused["worker"] == 0
    assert pool.most["worker"] == 32
    assert crowd.answered == 300
    assert found.late < 1.5
