"""The life of a job as data."""

from dataclasses import replace

import pytest

from noukai_functions.jobs.lifecycle import (
    TERMINAL,
    Job,
    State,
    Transition,
    Verdict,
    has_lost,
    judge,
    longest_backoff_seconds,
    seconds_until_claimable,
)
from noukai_functions.worker.execution import backoff_seconds
from noukai_wire.models import TERMINAL_STATES
from tests.job_rows import pending

NOW = 1_000_000
PENDING = pending(NOW, max_attempts=2)
RUNNING = replace(PENDING, state=State.RUNNING, attempt=1, lease_until=NOW + 60_000, started_at=NOW)
WAITING = replace(PENDING, not_before=NOW + 5_001)
CANCELLED = replace(RUNNING, state=State.CANCELLED, lease_until=None, expires_at=(NOW + 60_000) // 1000)


def test_no_transition_leaves_a_terminal_state() -> None:
    """A terminal state never changes again."""
    assert all(
        not (transition.sources & TERMINAL) or transition.sources == {transition.target}
        for transition in Transition
    )


def test_wire_knows_the_same_terminal_states() -> None:
    """The client and the functions agree on when a job has ended."""
    assert set(TERMINAL) == TERMINAL_STATES


@pytest.mark.parametrize(
    ("seen", "now", "verdict"),
    [
        (None, NOW, Verdict.DROP),
        (CANCELLED, NOW, Verdict.DROP),
        (replace(PENDING, created_at=NOW + 1), NOW, Verdict.DROP),
        (RUNNING, NOW + 59_999, Verdict.DEFER),
        (WAITING, NOW, Verdict.DEFER),
        (RUNNING, NOW + 60_000, Verdict.CLAIMABLE),
        (WAITING, NOW + 5_001, Verdict.CLAIMABLE),
        (PENDING, NOW, Verdict.CLAIMABLE),
        (replace(RUNNING, attempt=2), NOW + 60_000, Verdict.EXHAUSTED),
    ],
)
def test_judgement_of_a_delivery(seen: Job | None, now: int, verdict: Verdict) -> None:
    """By the row that was read, a delivery is dropped, deferred or continues."""
    assert judge(seen, NOW, now) is verdict


@pytest.mark.parametrize(
    ("job", "now", "seconds"), [(RUNNING, NOW, 60), (WAITING, NOW, 6), (PENDING, NOW, 1)]
)
def test_deferral_ends_when_the_job_can_be_claimed(job: Job, now: int, seconds: int) -> None:
    """It returns in the first whole second in which its job can be claimed."""
    assert seconds_until_claimable(job, now) == seconds


@pytest.mark.parametrize(
    ("job", "overdue"),
    [
        (PENDING, True),
        (replace(RUNNING, lease_until=NOW), True),
        (replace(RUNNING, lease_until=PENDING.start_by + 1), False),
        (replace(PENDING, not_before=PENDING.start_by + 1), False),
        (CANCELLED, False),
    ],
)
def test_overdue_job(job: Job, overdue: bool) -> None:
    """Its row is neither held nor delayed, and its message must be gone."""
    assert job.is_overdue(job.start_by) is overdue
    assert not job.is_overdue(job.start_by - 1) or job.lease_until == NOW


@pytest.mark.parametrize(
    ("seen", "lost"),
    [
        (RUNNING, False),
        (CANCELLED, True),
        (replace(RUNNING, attempt=2), True),
        (PENDING, False),
        (replace(CANCELLED, created_at=NOW - 1), False),
        (replace(PENDING, created_at=NOW + 1), True),
    ],
    ids=[
        "mine",
        "cancelled",
        "taken over",
        "read before the claim",
        "the id's earlier job",
        "the id's later job",
    ],
)
def test_row_that_shows_a_lost_attempt(seen: Job, lost: bool) -> None:
    """It does so only if it is newer than the attempt's own claim."""
    assert has_lost(RUNNING, seen) is lost


@pytest.mark.parametrize(("attempt", "bound"), [(1, 1), (2, 2), (3, 4), (7, 60), (400, 60)])
def test_backoff_is_full_jitter_under_a_doubling_bound(attempt: int, bound: int) -> None:
    """A pause is random up to a bound that doubles with each attempt, up to the cap."""
    assert longest_backoff_seconds(attempt, 1, 60) == bound
    pauses = [backoff_seconds(attempt, 1, 60) for _ in range(200)]
    assert 0 <= min(pauses) < bound / 4
    assert bound * 3 / 4 < max(pauses) <= bound
