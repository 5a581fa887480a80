"""The requests, pauses and end of a wait, played step by step."""

from typing import Any

import httpx
import pytest

from noukai import (
    ConnectionFailedError,
    InvalidArgumentError,
    JobCancelledError,
    JobFailedError,
    ServerError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from noukai._core.waiting.wait import WaitTerms
from tests.client.script import Answer, Player, held, job, polled, refused, timeout_of, wait


def test_a_wait_holds_until_the_job_has_ended() -> None:
    """Without a deadline each request is held as long as the API allows, one after the other."""
    player = Player()
    result = player.play(
        wait(player), held(took=20), held("something-new", took=20), held("completed", took=3)
    )
    assert result.output == 42
    assert player.paths == ["/jobs/job_1/wait?seconds=20"] * 3
    assert player.sleeps == []
    assert [timeout_of(request) for request in player.requests] == [50.0] * 3


def test_a_hold_and_its_timeout_end_by_the_deadline() -> None:
    """The last hold is cut to whole seconds before the deadline, and its timeout to the exact rest."""
    player = Player()
    result = player.play(wait(player, timeout_ms=29_500), held(took=20), held("completed", took=9))
    assert result.output == 42
    assert player.paths == ["/jobs/job_1/wait?seconds=20", "/jobs/job_1/wait?seconds=9"]
    assert [timeout_of(request) for request in player.requests] == [29.5, 9.5]


@pytest.mark.parametrize(
    ("timeout_ms", "seconds"), [(3_000, 2), (3_100, 2), (3_200, 3), (900, 0), (60_000, 20)]
)
def test_a_hold_leaves_time_for_its_answer(timeout_ms: int, seconds: int) -> None:
    """A hold ends early enough for its answer to arrive before the deadline."""
    player = Player()
    player.play(wait(player, timeout_ms=timeout_ms), held("completed"))
    assert player.paths == [f"/jobs/job_1/wait?seconds={seconds}"]


def test_the_deadline_is_kept() -> None:
    """At the deadline the wait ends with the last status; near it, requests keep their pause."""
    player = Player()
    with pytest.raises(WaitTimeoutError, match="job_1 had not ended after 2500 ms") as raised:
        player.play(wait(player, timeout_ms=2_500), held(took=2), *[held(took=0.05)] * 3)
    assert player.now == pytest.approx(1002.5)
    assert raised.value.status is not None
    assert raised.value.status.state == "running"
    assert player.sleeps == pytest.approx([0.15, 0.15, 0.05])


def test_a_late_answer_does_not_move_the_deadline() -> None:
    """The wait ends at the deadline without an answer; the error says why there is no status."""
    player = Player()
    with pytest.raises(WaitTimeoutError) as raised:
        player.play(wait(player, timeout_ms=4_000), Answer(took=1000))
    assert player.now == pytest.approx(1004.0)
    assert raised.value.status is None
    assert isinstance(raised.value.__cause__, ConnectionFailedError)


def test_a_retry_does_not_sleep_past_the_deadline() -> None:
    """If a retry is due after the deadline, the wait ends there, caused by the last error."""
    player = Player()
    with pytest.raises(WaitTimeoutError) as raised:
        player.play(wait(player, timeout_ms=4_000), refused(503, "UNAVAILABLE", {"Retry-After": "30"}))
    assert player.sleeps == [4.0]
    assert isinstance(raised.value.__cause__, ServerError)


def test_no_retries_left_at_the_deadline_is_a_timeout() -> None:
    """A request that is cut off by the deadline is a timeout of the wait, also without retries."""
    player = Player(max_retries=0)
    with pytest.raises(WaitTimeoutError):
        player.play(wait(player, timeout_ms=1_500), Answer(took=1000))


@pytest.mark.parametrize("state", ["pending", "running", "something-new"])
def test_a_timeout_of_zero_is_one_status_check(state: str) -> None:
    """`timeout_ms=0` sends one request without a hold, and raises if the job has not ended."""
    player = Player()
    with pytest.raises(WaitTimeoutError) as raised:
        player.play(wait(player, timeout_ms=0), polled(state))
    assert raised.value.status is not None
    assert raised.value.status.state == state
    assert isinstance(raised.value, TimeoutError)
    assert (player.paths, player.sleeps) == (["/jobs/job_1"], [])


def test_a_timeout_of_zero_gives_the_result_of_an_ended_job() -> None:
    """`timeout_ms=0` returns what a completed job returned."""
    player = Player()
    assert player.play(wait(player, timeout_ms=0), polled("completed")).output == 42


def test_a_wait_obeys_the_poll_interval() -> None:
    """After an early answer, the wait obeys its poll interval, to the millisecond if given."""
    player = Player()
    early = held()
    early.headers = {"Retry-After": "8", "Retry-After-Ms": "7400"}
    plain = held()
    plain.headers = {"Retry-After": "3", "Retry-After-Ms": "soon"}
    player.play(wait(player), early, plain, held("completed"))
    assert player.sleeps == [7.4, 3]


def test_holds_answered_at_once_do_not_spin() -> None:
    """If held requests are answered at once, the wait sends five a second at most."""
    player = Player()
    player.play(wait(player), held(), held(), held("completed"))
    assert player.sleeps == [0.2, 0.2]


def test_an_answer_without_a_poll_interval_is_followed_after_a_second() -> None:
    """Without Retry-After the next request comes a second later."""
    player = Player()
    without_interval = polled()
    without_interval.headers = {}
    player.play(wait(player), without_interval, held("completed"))
    assert player.sleeps == [1.0]


def test_progress_is_reported_as_it_changes() -> None:
    """A listener hears each change once, the last one included."""
    player, heard = Player(), list[dict[str, Any]]()
    player.play(
        wait(player, on_progress=heard.append),
        held(took=2),
        held(took=2, progress={"percent": 0}),
        held(took=2, progress={"percent": 0}),
        held("completed", progress={"percent": 100}),
    )
    assert heard == [{"percent": 0}, {"percent": 100}]
    assert player.paths == ["/jobs/job_1/wait?seconds=20&progress=true"] * 4


def test_a_failed_job_raises_with_its_status() -> None:
    """A failed job is an error that says why and carries the status."""
    player = Player()
    with pytest.raises(JobFailedError, match="job_1 failed: ValueError: no words") as raised:
        player.play(wait(player), held("failed", error="ValueError: no words"))
    assert raised.value.status.error == "ValueError: no words"


def test_a_cancelled_job_raises_with_its_status() -> None:
    """A cancelled job is an error of its own."""
    player = Player()
    with pytest.raises(JobCancelledError) as raised:
        player.play(wait(player), held("cancelled"))
    assert raised.value.status.state == "cancelled"


def test_a_completed_job_without_a_result_is_no_answer_of_this_api() -> None:
    """It is an error, not a result of None."""
    player = Player()
    with pytest.raises(UnexpectedAnswerError, match="no result"):
        player.play(wait(player), held("completed", result=None))


def test_cancel_on_timeout_cancels_at_the_deadline() -> None:
    """At the deadline, not before, the job is cancelled; the timeout carries the status afterwards."""
    player = Player()
    with pytest.raises(WaitTimeoutError, match="it is now cancelled") as raised:
        player.play(
            wait(player, timeout_ms=1_100, cancel_on_timeout=True),
            polled(interval=60),
            Answer(body=job("cancelled")),
        )
    cancelling = player.requests[-1]
    assert (cancelling.method, player.paths[-1]) == ("POST", "/jobs/job_1/cancel")
    assert timeout_of(cancelling) == 5.0
    assert player.now == pytest.approx(1001.1)
    assert raised.value.status is not None
    assert raised.value.status.state == "cancelled"


def test_cancel_on_timeout_returns_the_result_of_a_job_that_ended_just_then() -> None:
    """If cancelling shows that the job is completed, its result is returned."""
    player = Player()
    terms = {"timeout_ms": 0, "cancel_on_timeout": True}
    assert player.play(wait(player, None, **terms), polled(), polled("completed")).output == 42


def test_a_failed_cancellation_is_said() -> None:
    """The timeout says why cancelling failed, within five seconds, and that the job may go on."""
    player = Player()
    terms = {"timeout_ms": 0, "cancel_on_timeout": True}
    with pytest.raises(WaitTimeoutError, match="cancelling it failed") as raised:
        player.play(wait(player, None, **terms), polled(), *[Answer(failure=httpx.ConnectError)] * 4)
    assert isinstance(raised.value.__cause__, ConnectionFailedError)
    assert player.now <= 1005


@pytest.mark.parametrize("timeout_ms", [-1, float("nan"), float("inf")])
def test_a_timeout_must_be_a_time(timeout_ms: float) -> None:
    """A negative or endless number of milliseconds is refused before anything is sent."""
    with pytest.raises(InvalidArgumentError, match="timeout_ms"):
        WaitTerms(timeout_ms=timeout_ms)


@pytest.mark.parametrize("answers", [[refused(503, headers={"Retry-After": "2"})] * 3, [Answer(took=1000)]])
def test_a_timeout_of_zero_is_over_within_seconds(answers: list[Answer]) -> None:
    """The status check may be retried, but takes five seconds at most."""
    player = Player()
    begun_at = player.now
    with pytest.raises(WaitTimeoutError):
        player.play(wait(player, timeout_ms=0), *answers)
    assert player.now - begun_at <= 5
