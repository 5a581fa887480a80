"""The cost of waiting on a simulated clock: the figures are exact, so they are tests."""

from math import log
from typing import Any

import pytest

from tests.bench.account.lambda_pool import LambdaPool
from tests.bench.waits.crowd import Crowd
from tests.bench.waits.wait_loops import ours
from tests.bench.waits.wait_trial import PER_REQUEST, RUNS_BEFORE, trial

_WORKER_USD_PER_SECOND = 13.33
"""Per million jobs: 1024 MB for a second."""


def _bill(seconds: float) -> float:
    return max(30, 0.01 * seconds * _WORKER_USD_PER_SECOND)


@pytest.mark.parametrize(
    ("seconds", "requests", "late"),
    [(0.2, 1.2, 0.15), (5, 4, 0.15), (20, 6, 0.03 * 20), (60, 16, 0.01 * 60), (900, 25, 0.01 * 900)],
)
def test_waiting_for_a_flow_that_was_seen_before(seconds: float, requests: float, late: float) -> None:
    """Few requests notice the end soon, for 30 USD per million, or a hundredth of the job's own price."""
    found = trial(ours, seconds, 80, runs_before=RUNS_BEFORE)
    assert found.requests <= requests
    assert found.late <= late
    assert found.usd <= _bill(seconds)


@pytest.mark.parametrize("seconds", [60, 90, 225, 600, 900])
@pytest.mark.parametrize("known", [{"runs_before": RUNS_BEFORE, "spread": 0.05}, {"reports": True}], ids=str)
def test_waiting_for_a_long_job_whose_time_is_known(seconds: float, known: dict[str, Any]) -> None:
    """With similar runs, or with progress, the end is noticed at once, within the same bill."""
    found = trial(ours, seconds, 160, **known)
    assert found.share <= 0.003
    assert found.share_p95 <= 0.01
    assert found.usd <= _bill(seconds)


@pytest.mark.parametrize("seconds", [60, 90, 225, 600, 900])
@pytest.mark.parametrize("spread", [0.15, 0.25])
def test_waiting_for_a_long_job_of_a_flow_that_varies(seconds: float, spread: float) -> None:
    """The end is noticed within 3 % of the job's time, nearly always within 6 %, within the same bill."""
    found = trial(ours, seconds, 80, runs_before=RUNS_BEFORE, spread=spread)
    assert found.share <= 0.03
    assert found.share_p95 <= 0.06
    assert found.usd <= _bill(seconds)


@pytest.mark.parametrize("spread", [0.05, 0.15])
def test_one_run_says_nearly_as_much_as_ten(spread: float) -> None:
    """Only the first job of a flow is as expensive to wait for as one without an estimate."""
    found = trial(ours, 225, 80, runs_before=1, spread=spread)
    assert found.share <= 0.03
    assert found.share_p95 <= 0.06
    assert found.usd <= 1.03 * _bill(225)


def _least_usd(seconds: float) -> float:
    """Return the least price of the polls after the first minute of a job without an estimate.

    Half of the jobs that end after any given time must be seen before 3 % more of it have passed. So a job
    needs half a look in each such span on average, and there are ln(seconds / 60) / ln(1.03) of them.
    """
    return PER_REQUEST * 0.5 * log(seconds / 60) / log(1.03)


def test_no_schedule_keeps_the_bill_of_a_flow_never_seen() -> None:
    """Even without a look in the first minute, the looks after it cost more than the bill allows."""
    assert _least_usd(225) + PER_REQUEST > _bill(225)


@pytest.mark.parametrize("seconds", [60, 90, 225, 600, 900, 3600])
def test_waiting_for_a_long_job_of_a_flow_never_seen(seconds: float) -> None:
    """It is noticed as soon. The first minute costs more than it must; from 11 minutes on the bill is met."""
    found = trial(ours, seconds, 80)
    assert found.share <= 0.03
    assert found.share_p95 <= 0.06
    assert found.usd <= max(_bill(seconds), 29 + 1.1 * _least_usd(seconds))
    assert found.usd <= _bill(seconds) or 60 < seconds < 660


def test_waiting_for_a_short_job_of_a_flow_never_seen() -> None:
    """Without an estimate, half of the ends are noticed within 7 % of the time, within the same bill."""
    found = trial(ours, 5, 120)
    assert found.requests <= 6
    assert found.late <= 0.07 * 5
    assert found.usd <= _bill(5)


@pytest.mark.parametrize("runs_before", [0, RUNS_BEFORE])
def test_reads_cost_a_fraction_of_holding(runs_before: int) -> None:
    """A held request reads its row repeatedly, for less than half of the price of its seconds."""
    found = trial(ours, 5, 50, runs_before=runs_before)
    reads_usd = (found.read_units - found.requests) * 0.125
    assert reads_usd <= found.held_seconds * 128 / 1024 * _WORKER_USD_PER_SECOND / 2


@pytest.mark.parametrize("reserved", [4, None])
def test_a_crowd_starves_no_worker_and_loses_no_answer(reserved: int | None) -> None:
    """Held requests beyond their share are refused; every client notices the end and all workers work."""
    pool = LambdaPool(40, reserved)
    crowd = Crowd(300, 32, pool)
    found = crowd.run()
    assert pool.refused["wait"] > 0
    assert pool.refused["worker"] == 0
    assert pool.most["worker"] == 32
    assert crowd.answered == 300
    assert found.late < 1.5
