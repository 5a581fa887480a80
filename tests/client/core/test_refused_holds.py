"""A wait whose held requests are refused, played step by step."""

import httpx
import pytest

from noukai import (
    JobNotFoundError,
    RateLimitedError,
    ServerError,
    WaitTimeoutError,
)
from tests.client.script import Answer, Player, held, polled, refused, wait


@pytest.mark.parametrize(
    "refusal",
    [
        refused(429, "RATE_LIMITED"),
        refused(503),
        refused(501),
        refused(404, "NOT_FOUND"),
        refused(404),
    ],
)
def test_a_refused_hold_becomes_polling(refusal: Answer) -> None:
    """The wait sends plain requests at the poll interval of the API."""
    player = Player(max_retries=0)
    result = player.play(wait(player), refusal, polled(interval=3), polled(interval=5), polled("completed"))
    assert result.output == 42
    assert player.paths == ["/jobs/job_1/wait?seconds=20"] + ["/jobs/job_1"] * 3
    assert player.sleeps == [3, 5]


def test_a_refused_hold_is_not_repeated_and_its_pause_kept() -> None:
    """After a refusal, the first plain request obeys its `Retry-After`."""
    player = Player()
    player.play(wait(player), refused(429, "RATE_LIMITED", {"Retry-After": "2"}), polled("completed"))
    assert player.sleeps == [2]
    assert player.paths == ["/jobs/job_1/wait?seconds=20", "/jobs/job_1"]


def test_a_hold_that_was_cut_off_is_repeated() -> None:
    """A connection that breaks during a hold is no refusal: the next request is held again."""
    player = Player()
    player.play(wait(player), Answer(failure=httpx.ReadError, took=3), held("completed"))
    assert player.paths == ["/jobs/job_1/wait?seconds=20"] * 2


def test_an_unknown_job_is_not_polled_for() -> None:
    """A hold that is refused because the job is unknown ends the wait."""
    player = Player()
    with pytest.raises(JobNotFoundError):
        player.play(wait(player), refused(404, "JOB_NOT_FOUND"))


def test_polling_that_fails_for_good_ends_the_wait() -> None:
    """If the plain request fails for good as well, its error is raised."""
    player = Player(max_retries=0)
    with pytest.raises(ServerError):
        player.play(wait(player), refused(503), refused(503))


def test_a_wait_outlasts_a_rate_limit() -> None:
    """After each 429 the wait retries, with growing pauses, until its deadline."""
    player = Player(max_retries=1)
    player.play(wait(player), *[refused(429, "RATE_LIMITED")] * 9, polled("completed"))
    assert player.sleeps == [0.5, 1, 2, 4, 8, 8, 8, 8]
    with pytest.raises(WaitTimeoutError) as raised:
        player.play(wait(player, timeout_ms=2000), *[refused(429, "RATE_LIMITED")] * 4)
    assert isinstance(raised.value.__cause__, RateLimitedError)


def test_polling_obeys_the_poll_interval_at_the_deadline() -> None:
    """If the poll interval ends after the deadline, the wait sends no further request."""
    player = Player(max_retries=0)
    with pytest.raises(WaitTimeoutError):
        player.play(
            wait(player, timeout_ms=10_000),
            refused(404, "NOT_FOUND"),
            polled(interval=4),
            polled(interval=60),
        )
    assert player.sleeps == [4, 6]
