"""What waiting may take, on a simulated clock: exact figures, so they are tests."""

from typing import Any

import pytest

from tests.bench.crowd import Crowd
from tests.bench.lambda_pool import LambdaPool
from tests.bench.wait_loops import ours
from tests.bench.wait_trial import PER_HELD_SECOND, RUNS_BEFORE, trial

_WORKER_USD_PER_SECOND = 13.33
"""Per million jobs: 1024 MB for a second."""


def _bill(seconds: float) -> float:
    return max(30, 0.01 * seconds * _WORKER_USD_PER_SECOND)


@pytest.mark.parametrize(
    ("seconds", "requests", "late"),
    [(0.2, 1.2, 0.15), (5, 4, 0.15), (20, 6, 0.03 * 20), (60, 16, 0.01 * 60), (900, 25, 0.01 * 900)],
)
def test_waiting_for_a_flow_that_was_seen_before(seconds: float, requests: float, late: float) -> None:
    """Few requests hear of the end soon, within the bill: 30 USD per million, or a hundredth of the job's own."""
    found = trial(ours, seconds, 80, runs_before=RUNS_BEFORE)
    assert found.requests <= requests
    assert found.late <= late
    assert found.usd <= _bill(seconds)


@pytest.mark.parametrize("seconds", [60, 120, 225, 900, 3600])
@pytest.mark.parametrize("known", [{"runs_before": RUNS_BEFORE, "spread": 0.05}, {"reports": True}], ids=str)
def test_waiting_for_a_long_job_whose_time_is_known(seconds: float, known: dict[str, Any]) -> None:
    """By runs that differ by a twentieth, or by its progress: the end is heard of at once, within the same bill."""
    found = trial(ours, seconds, 80, **known)
    assert found.share <= 0.003
    assert found.share_p95 <= 0.01
    assert found.usd <= _bill(seconds)


@pytest.mark.parametrize("seconds", [60, 225, 900, 3600])
def test_waiting_for_a_long_job_of_a_flow_that_varies(seconds: float) -> None:
    """Its end is heard of within three per cent of its time, nearly always within six, within the same bill."""
    found = trial(ours, seconds, 80, runs_before=RUNS_BEFORE)
    assert found.share <= 0.03
    assert found.share_p95 <= 0.06
    assert found.usd <= _bill(seconds)


@pytest.mark.parametrize("seconds", [60, 120, 225, 900, 3600])
def test_waiting_for_a_long_job_of_a_flow_never_seen(seconds: float) -> None:
    """The same without any knowledge; from one minute to ten at twice the bill, since it then takes so many looks."""
    found = trial(ours, seconds, 80)
    assert found.share <= 0.03
    assert found.share_p95 <= 0.06
    assert found.usd <= _bill(seconds) * (2 if 60 < seconds < 600 else 1)


def test_waiting_for_a_short_job_of_a_flow_never_seen() -> None:
    """Without any knowledge half of the ends are heard of within seven per cent of the time, within the same bill."""
    found = trial(ours, 5, 120)
    assert found.requests <= 6
    assert found.late <= 0.07 * 5
    assert found.usd <= _bill(5)


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
