"""The estimate of a flow's next run."""

from contextlib import suppress
from typing import Any

import pytest

from noukai_functions.jobs.estimate import Estimate, RunTimes, refine

NOW = 1_700_000_000_000


def learned(*took: int) -> RunTimes:
    """Return the run times of a worker that has run one flow."""
    run_times = RunTimes()
    for each in took:
        with run_times.timed("demo/one") as run:
            run.took_ms = each
    return run_times


def estimate(*took: int, flow: str = "demo/one") -> Estimate | None:
    with learned(*took).timed(flow) as run:
        run.begun_at = NOW
        return run.estimate


def test_a_flow_never_seen_has_no_estimate() -> None:
    """The runs of one flow say nothing about another."""
    assert estimate(500, flow="demo/two") is None


def test_a_run_without_a_duration_says_nothing() -> None:
    """A failed run changes no estimate, and neither does one that an error ends."""
    run_times = learned(1000)
    with suppress(KeyError), run_times.timed("demo/one") as run:
        run.begun_at = NOW - 5000
        raise KeyError
    with run_times.timed("demo/one") as run:
        run.begun_at = NOW
        assert run.estimate == (NOW + 1000, 250)


def test_one_run_is_a_first_guess() -> None:
    """After one run, the next is expected to take as long, within a quarter."""
    assert estimate(1000) == (NOW + 1000, 250)


def test_equal_runs_narrow_the_spread() -> None:
    """The spread is never below a twentieth."""
    assert estimate(*[1000] * 40) == (NOW + 1000, 50)


def test_the_latest_runs_count_most() -> None:
    """A flow that has become slower is soon expected to be slow."""
    found = estimate(*[1000] * 40, *[2000] * 20)
    assert found is not None
    assert 1850 < found.expected_at - NOW <= 2000


def test_runs_that_differ_a_lot_give_no_estimate() -> None:
    """Runs that take a second or a minute at random cannot be predicted."""
    assert estimate(*[1000, 60_000] * 5) is None


@pytest.mark.parametrize(
    "progress", [None, {}, {"percent": 0}, {"percent": 100}, {"percent": True}, {"percent": "5"}]
)
def test_progress_without_a_share_changes_nothing(progress: dict[str, Any] | None) -> None:
    """Only a percentage between 0 and 100 predicts the end."""
    known = Estimate(NOW + 1000, 100)
    assert refine(known, NOW - 500, NOW, progress) == known
    assert refine(None, NOW - 500, NOW, progress) is None


@pytest.mark.parametrize("percent", [5e-324, 1e-300, 1e-9, 0.001])
def test_progress_that_predicts_years_changes_nothing(percent: float) -> None:
    """A flow may report a tiny share done; no attempt lasts that long, and no row holds such a time."""
    known = Estimate(NOW + 1000, 100)
    assert refine(known, NOW - 10_000, NOW, {"percent": percent}) == known
    assert refine(None, NOW - 10_000, NOW, {"percent": percent}) is None


def test_progress_alone_predicts_the_end() -> None:
    """A quarter done after ten seconds predicts about thirty more."""
    assert refine(None, NOW - 10_000, NOW, {"percent": 25}) == (NOW + 30_000, 7500)


def test_progress_outweighs_earlier_runs_near_the_end() -> None:
    """In a run slower than usual, its progress counts little at first and nearly all at last."""
    known = Estimate(NOW + 60_000, 9000)
    ends = [refine(known, NOW, NOW + share * 1200, {"percent": share}) for share in (10, 50, 90)]
    ahead = [(end.expected_at - NOW) / 1000 for end in ends if end is not None]
    assert 60 < ahead[0] < 70 < ahead[1] < 110 < ahead[2] < 120
