"""The client's memory of recent jobs: when the first status check of the next one is due."""

from typing import Any

import pytest

from noukai import JobStatus
from noukai._core.waiting.recent import RecentJobs
from tests.client.script import ACCEPTED, Player, held, polled, wait

FLOW = "acme/demo/word-count"


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ended(seconds: float, state: str = "completed", **fields: Any) -> JobStatus:
    """A job that was claimed after a tenth of a second and ended after so many."""
    times = {"startedAt": "2026-01-01T00:00:00.100Z", "completedAt": f"2026-01-01T00:00:{seconds:06.3f}Z"}
    return JobStatus.model_validate({**ACCEPTED, "flow": FLOW, **times, "state": state, **fields})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recent(clock: Clock) -> RecentJobs:
    """A client that has seen three jobs end."""
    recent = RecentJobs(clock)
    for seconds in (0.25, 1.5, 0.75):
        recent.note(ended(seconds))
    return recent


def test_first_look_is_due_when_half_of_the_jobs_have_ended(recent: RecentJobs, clock: Clock) -> None:
    """Counted from the submission of the job, however late its wait begins."""
    assert recent.rest_of(FLOW, accepted_at=1000.0) == pytest.approx(0.75)
    clock.now = 1000.5
    assert recent.rest_of(FLOW, accepted_at=1000.0) == pytest.approx(0.25)
    clock.now = 1002.0
    assert recent.rest_of(FLOW, accepted_at=1000.0) == 0


def test_nothing_is_expected_of_a_flow_that_was_hardly_seen(clock: Clock) -> None:
    """Two jobs say little, and another flow's say nothing."""
    recent = RecentJobs(clock)
    recent.note(ended(1.0))
    recent.note(ended(1.0))
    recent.note(ended(1.0, flow="acme/demo/echo"))
    assert recent.rest_of(FLOW, accepted_at=1000.0) == 0


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_jobs_that_did_not_complete_say_nothing(recent: RecentJobs, state: str) -> None:
    """They end when something went wrong, or when somebody wanted."""
    for _ in range(9):
        recent.note(ended(2.0, state))
    assert recent.rest_of(FLOW, accepted_at=1000.0) == pytest.approx(0.75)


def test_what_was_seen_is_forgotten_after_ten_seconds(recent: RecentJobs, clock: Clock) -> None:
    """The queue may be empty again."""
    clock.now += 10.5
    assert recent.rest_of(FLOW, accepted_at=clock.now) == 0


def test_long_jobs_are_looked_at_after_two_seconds(clock: Clock) -> None:
    """By then the API knows better when they end."""
    recent = RecentJobs(clock)
    for _ in range(3):
        recent.note(ended(50.0))
    assert recent.rest_of(FLOW, accepted_at=1000.0) == 2


def test_a_wait_rests_before_its_first_look() -> None:
    """One request then finds the end, or holds for what is left."""
    player = Player()
    player.play(wait(player, rest=0.75), held("completed"))
    assert (player.sleeps, len(player.paths)) == ([0.75], 1)


def test_a_wait_that_follows_the_progress_does_not_rest() -> None:
    """Its listener wants to hear of it from the start."""
    player = Player()
    player.play(wait(player, rest=0.75, on_progress=print), held("completed"))
    assert player.sleeps == []


def test_a_rest_leaves_half_of_the_time_to_the_deadline() -> None:
    """A short wait still has its look."""
    player = Player()
    player.play(wait(player, rest=2, timeout_ms=1_000), held("completed"))
    assert player.sleeps == [0.5]


def test_a_single_status_check_does_not_rest() -> None:
    """A timeout of 0 asks how the job stands now."""
    player = Player()
    player.play(wait(player, rest=2, timeout_ms=0), polled("completed"))
    assert player.sleeps == []


def test_waits_of_one_client_learn_from_each_other() -> None:
    """The fourth job of a flow is looked at when the third of three would have ended."""
    player = Player()
    end = ended(1.1).model_dump(by_alias=True, exclude_none=True, exclude={"id", "state", "created_at"})
    for _ in range(3):
        player.play(wait(player), held("completed", **end))
    assert player.api.recent.rest_of(FLOW, accepted_at=player.now) == pytest.approx(1.1)
