"""The time until the next look at a job."""

from dataclasses import replace

import pytest

from noukai_functions.api.answers import HOLD_BELOW_MS, next_poll_ms, poll_interval_headers
from noukai_functions.jobs.lifecycle import Job, State
from tests.job_rows import pending

NOW = 1_700_000_000_000
PENDING = pending(NOW, flow="demo/one")
RUNNING = replace(PENDING, state=State.RUNNING, attempt=1, started_at=NOW, lease_until=NOW + 10**9)


def known(seconds: float, spread: float) -> Job:
    """Return a running job that should take so many seconds."""
    return replace(RUNNING, expected_at=NOW + round(seconds * 1000), spread_ms=round(spread * 1000))


@pytest.mark.parametrize(
    ("job", "after", "pause"),
    [
        (PENDING, 0, 125),
        (PENDING, 1999, 249),
        (PENDING, 2000, 4000),
        (RUNNING, 5299, 250),
        (RUNNING, 5300, 5500),
        (RUNNING, 50_000, 2750),
        (RUNNING, 60_000, 3420),
        (RUNNING, 600_000, 34_200),
        (replace(PENDING, not_before=NOW + 4500), 0, 4500),
        (replace(PENDING, not_before=NOW + 4500), 4500, 125),
    ],
    ids=lambda value: value if isinstance(value, int) else value.state,
)
def test_job_of_a_flow_never_seen(job: Job, after: int, pause: int) -> None:
    """It is watched at first, then looked at after a share of its age; not before it may start."""
    assert next_poll_ms(job, NOW + after) == pause


@pytest.mark.parametrize(
    ("job", "after", "pause"),
    [
        (known(5, 0.75), 100, 3400),  # until just before its end
        (known(5, 0.75), 3700, 125),  # then watched
        (known(5, 0.75), 6000, 125),
        (known(60, 9), 12_000, 30_789),
        (known(59, 9), 12_000, 29_000),
        (known(60, 9), 60_000, 250),
        (known(60, 9), 70_000, 1500),  # past its usual end: looked at less often
        (known(900, 45), 850_000, 7500),  # too uncertain to hold a request for
        (known(900, 45), 900_000, 2970),
        (known(900, 135), 765_000, 22_500),
        (known(900, 135), 900_000, 8438),
        (known(900, 135), 1_500_000, 55_000),
    ],
)
def test_job_of_a_known_flow(job: Job, after: int, pause: int) -> None:
    """It is left alone until just before its usual end, and watched there if the end is certain enough."""
    assert next_poll_ms(job, NOW + after) == pause


def test_a_job_that_overruns_is_looked_at_ever_more_seldom() -> None:
    """Past its expected end, it is polled at least as often as one without an estimate."""
    job = known(5, 0.75)
    pauses = [next_poll_ms(job, NOW + seconds * 1000) for seconds in (6, 20, 100, 800)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= next_poll_ms(RUNNING, NOW + 800_000)


def test_an_early_end_is_not_missed_for_long() -> None:
    """A long job is checked after ten seconds, and after at most ten times its age."""
    job = known(3600, 60)
    assert [next_poll_ms(job, NOW + after) for after in (50, 10_050, 110_550)] == [10_000, 100_500, 1_105_500]


def test_progress_is_followed_as_often_as_it_is_written() -> None:
    """A follower polls every second, later after a tenth of the job's age."""
    job = known(600, 10)
    assert [next_poll_ms(job, NOW + after, progress=True) for after in (3000, 60_000)] == [1000, 6000]
    assert next_poll_ms(PENDING, NOW + 3000, progress=True) == 1000


def test_estimate_ends_with_its_attempt() -> None:
    """A job that waits for its next attempt is not expected to end with the last one."""
    job = replace(known(5, 0.75), state=State.PENDING)
    assert next_poll_ms(job, NOW + 1000) == next_poll_ms(PENDING, NOW + 1000)


@pytest.mark.parametrize(
    ("after", "held", "headers"),
    [
        (0, True, ("0", "0")),
        (0, False, ("1", "1000")),
        (5299, True, ("0", "0")),
        (60_000, True, ("4", "3420")),
    ],
)
def test_the_poll_interval_on_the_wire(after: int, held: bool, headers: tuple[str, str]) -> None:
    """Seconds are rounded up, so that nobody comes too early; only a held request may be repeated at once."""
    sent = poll_interval_headers(RUNNING, NOW + after, held=held)
    assert (sent["Retry-After"], sent["Retry-After-Ms"]) == headers


def test_a_job_that_has_ended_may_be_asked_for_at_once() -> None:
    """A submission repeated after its job's end need not wait."""
    assert poll_interval_headers(replace(RUNNING, state=State.COMPLETED), NOW)["Retry-After"] == "0"


def test_holding_costs_about_a_request() -> None:
    """A hold at 2.17 USD a second saves requests at 1.34 USD, and costs little more than they do."""
    assert HOLD_BELOW_MS / 1000 * 2.17 < 1.2 * 1.34
