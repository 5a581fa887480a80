"""The client's memory of recent jobs: when the first status check of the next one is due."""

from typing import Any

import pytest

from noukai import JobStatus
from noukai._core.waiting.waits import Submitted, Waits
from tests.client.script import ACCEPTED, Player, held, polled, wait

FLOW = "acme/demo/word-count"
SUBMITTED = Submitted(FLOW, at=1000.0)


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def ended(seconds: float, state: str = "completed", **fields: Any) -> JobStatus:
    """Return a job that was claimed after a tenth of a second and ended after so many."""
    times = {"startedAt": "2026-01-01T00:00:00.100Z", "completedAt": f"2026-01-01T00:00:{seconds:06.3f}Z"}
    return JobStatus.model_validate({**ACCEPTED, "flow": FLOW, **times, "state": state, **fields})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def waits(clock: Clock) -> Waits:
    """Return the memory of a client that has seen three jobs end."""
    waits = Waits(clock)
    for seconds in (0.25, 1.5, 0.75):
        waits.note_end(ended(seconds))
    return waits


def submitted(player: Player, seconds: float) -> Submitted:
    """Submit a job of a flow whose last jobs took so many seconds."""
    for _ in range(3):
        player.api.waits.note_end(ended(seconds))
    return Submitted(FLOW, player.now)


def test_the_first_check_is_due_when_half_of_the_jobs_have_ended(waits: Waits, clock: Clock) -> None:
    """The seconds count from the submission of the job, however late its wait begins."""
    assert waits.seconds_to_first_check(SUBMITTED) == pytest.approx(0.75)
    clock.now = 1000.5
    assert waits.seconds_to_first_check(SUBMITTED) == pytest.approx(0.25)
    clock.now = 1002.0
    assert waits.seconds_to_first_check(SUBMITTED) == 0


def test_two_jobs_of_a_flow_do_not_delay_the_first_check(clock: Clock) -> None:
    """Two jobs say little, and another flow's say nothing."""
    waits = Waits(clock)
    waits.note_end(ended(1.0))
    waits.note_end(ended(1.0))
    waits.note_end(ended(1.0, flow="acme/demo/echo"))
    assert waits.seconds_to_first_check(SUBMITTED) == 0


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_jobs_that_did_not_complete_do_not_count(waits: Waits, state: str) -> None:
    """They ended because something went wrong, or because somebody cancelled them."""
    for _ in range(9):
        waits.note_end(ended(2.0, state))
    assert waits.seconds_to_first_check(SUBMITTED) == pytest.approx(0.75)


def test_ends_are_forgotten_after_ten_seconds(waits: Waits, clock: Clock) -> None:
    """The queue may be empty again."""
    clock.now += 10.5
    assert waits.seconds_to_first_check(Submitted(FLOW, clock.now)) == 0


def test_long_jobs_are_first_checked_after_two_seconds(clock: Clock) -> None:
    """By then the API knows better when they end."""
    waits = Waits(clock)
    for _ in range(3):
        waits.note_end(ended(50.0))
    assert waits.seconds_to_first_check(SUBMITTED) == 2


def test_a_wait_sleeps_until_its_first_check() -> None:
    """One request then finds the end, or is held until it."""
    player = Player()
    player.play(wait(player, submitted(player, 0.75)), held("completed"))
    assert (player.sleeps, len(player.paths)) == ([0.75], 1)


def test_a_wait_with_a_progress_listener_checks_at_once() -> None:
    """Its listener wants to hear of the progress from the start."""
    player = Player()
    player.play(wait(player, submitted(player, 0.75), on_progress=print), held("completed"))
    assert player.sleeps == []


def test_the_first_check_leaves_half_of_the_time_to_the_deadline() -> None:
    """A short wait still has its check."""
    player = Player()
    player.play(wait(player, submitted(player, 2.0), timeout_ms=1_000), held("completed"))
    assert player.sleeps == [0.5]


def test_a_timeout_of_zero_checks_at_once() -> None:
    """It asks how the job stands now."""
    player = Player()
    player.play(wait(player, submitted(player, 2.0), timeout_ms=0), polled("completed"))
    assert player.sleeps == []


def test_waits_of_one_client_learn_from_each_other() -> None:
    """The fourth job of a flow is first checked when the third of three would have ended."""
    player = Player()
    end = ended(1.1).model_dump(by_alias=True, exclude_none=True, exclude={"id", "state", "created_at"})
    for _ in range(3):
        player.play(wait(player), held("completed", **end))
    assert player.api.waits.seconds_to_first_check(Submitted(FLOW, player.now)) == pytest.approx(1.1)
