"""The retries: which requests are repeated, and when."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib.metadata import version

import httpx
import pytest

from noukai import (
    ApiError,
    ConnectionFailedError,
    JobAccepted,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    WaitTimeoutError,
)
from noukai._core.address import FlowAddress
from noukai._core.answer import error_of
from noukai._core.api import Api
from noukai._core.operation import Deadline, Operation
from noukai._core.sending.submission import submission
from tests.client.script import ACCEPTED, ADDRESS, JOB, Answer, Player, held, job, refused, timeout_of, wait


def submit(api: Api) -> Operation[JobAccepted]:
    return api.submit(FlowAddress(**ADDRESS), submission("hello"))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_transient_statuses_are_retried(status: int) -> None:
    """A transient status is retried after a pause, for a submission as for a read."""
    player = Player()
    accepted = player.play(submit(player.api), refused(status), Answer(202, ACCEPTED))
    assert accepted.id == JOB
    assert player.sleeps == [0.5]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 413, 422, 501, 301])
def test_final_statuses_are_not_retried(status: int) -> None:
    """A final status is raised at once."""
    player = Player()
    with pytest.raises(ApiError) as raised:
        player.play(submit(player.api), refused(status))
    assert raised.value.status_code == status
    assert player.sleeps == []


@pytest.mark.parametrize(
    "failure",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.RemoteProtocolError, httpx.ReadTimeout],
)
def test_a_broken_connection_is_retried(failure: type[httpx.RequestError]) -> None:
    """A connection that cannot be made, breaks or stalls is retried."""
    player = Player()
    status = player.play(player.api.status(JOB), Answer(failure=failure), Answer(body=job()))
    assert status.state == "running"
    assert player.sleeps == [0.5]


def test_every_attempt_carries_the_same_idempotency_key() -> None:
    """The retries of one submission repeat its key and body; another submission has another key."""
    player = Player()
    player.play(submit(player.api), refused(503), Answer(failure=httpx.ReadTimeout), Answer(202, ACCEPTED))
    player.play(submit(player.api), Answer(202, ACCEPTED))
    *first, second = [request.headers["Idempotency-Key"] for request in player.requests]
    assert len(set(first)) == 1
    assert second not in first
    assert len({request.content for request in player.requests}) == 1


def test_the_backoff_doubles_up_to_a_cap() -> None:
    """Without jitter the pauses double from half a second to eight seconds, and stay there."""
    player = Player(max_retries=7)
    with pytest.raises(ServerError):
        player.play(player.api.status(JOB), *[refused(500)] * 8)
    assert player.sleeps == [0.5, 1, 2, 4, 8, 8, 8]


def test_the_jitter_is_full() -> None:
    """A pause is a random part of the backoff; a pause of 0 is no sleep."""
    parts = iter([0.0, 0.25])
    player = Player(jitter=lambda: next(parts))
    player.play(player.api.status(JOB), refused(500), refused(500), Answer(body=job()))
    assert player.sleeps == [0.25]


@pytest.mark.parametrize(("max_retries", "requests"), [(0, 1), (1, 2), (3, 4)])
def test_max_retries_counts_what_comes_after_the_first_request(max_retries: int, requests: int) -> None:
    """`max_retries` of 0 is one request, 3 are four."""
    player = Player(max_retries=max_retries)
    with pytest.raises(ServerError):
        player.play(player.api.status(JOB), *[refused(503)] * requests)
    assert len(player.requests) == requests


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("7", 7.0),
        ("0.1", 0.5),
        ("soon", 0.5),
        ("nan", 0.5),
        ("-3", 0.5),
        ("Thu, 01 Jan 2026 00:00:09 GMT", 9.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.5),
    ],
)
def test_a_retry_comes_no_sooner_than_asked(header: str, pause: float) -> None:
    """`Retry-After`, as seconds or a date, is the shortest pause; an invalid one is ignored."""
    headers = {"Retry-After": header, "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    player = Player()
    player.play(player.api.status(JOB), refused(429, "RATE_LIMITED", headers), Answer(body=job()))
    assert player.sleeps == [pause]


def test_a_very_long_retry_after_is_left_to_the_caller() -> None:
    """After a `Retry-After` of an hour, the client raises an error with it instead of sleeping."""
    player = Player()
    with pytest.raises(RateLimitedError) as raised:
        player.play(player.api.status(JOB), refused(429, "RATE_LIMITED", {"Retry-After": "3600"}))
    assert raised.value.retry_after == 3600
    assert player.sleeps == []


@pytest.mark.parametrize("header", ["90", "Thu, 01 Jan 2026 00:01:30 GMT"])
def test_long_retry_after_is_obeyed_within_the_deadline(header: str) -> None:
    """A wait goes on after a minute and a half, or ends at its deadline."""
    headers = {"Retry-After": header, "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    busy = refused(429, "RATE_LIMITED", headers)
    for timeout_ms in (None, 120_000):
        player = Player()
        player.play(wait(player, timeout_ms=timeout_ms), busy, held("completed"))
        assert player.sleeps == [90]
        player.play(
            player.api.statuses([JOB], Deadline(player.api.clock, timeout_ms)),
            busy,
            Answer(body={"jobs": []}),
        )
        assert player.sleeps == [90, 90]
    player = Player()
    with pytest.raises(WaitTimeoutError):
        player.play(wait(player, timeout_ms=60_000), busy)
    assert (player.sleeps, player.now) == ([60], 1060)


@pytest.mark.parametrize("status", [429, 503])
def test_pause_of_an_hour_is_said_and_obeyed(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """A wait without a deadline logs the pause, and goes on after it."""
    busy, player = refused(status, headers={"Retry-After": "3600"}), Player()
    player.play(wait(player), busy, busy, held("completed"))
    assert player.sleeps == [3600, 3600]
    assert caplog.messages == [
        f"the API asks for a pause of 3600 s: refused with {status}",
        f"the API asks for a pause of 3600 s: refused with {status}",
        "the API answers again, after 3600 s",
    ]


def test_date_without_a_clock_beside_it_counts_from_now() -> None:
    """A gateway may send a `Retry-After` date without a `Date`."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    error = error_of(refused(503, headers={"Retry-After": soon}).to(httpx.Request("GET", "https://api.test")))
    assert 30 < (error.retry_after or 0) <= 40


@pytest.mark.parametrize(
    ("failure", "error"),
    [(httpx.ConnectError, ConnectionFailedError), (httpx.ReadTimeout, RequestTimeoutError)],
)
def test_the_last_failure_is_raised(
    failure: type[httpx.RequestError], error: type[ConnectionFailedError]
) -> None:
    """When the retries are used up, the error names the request and keeps httpx's own as its cause."""
    player = Player(max_retries=1)
    with pytest.raises(error, match="GET https://api") as raised:
        player.play(player.api.status(JOB), *[Answer(failure=failure)] * 2)
    assert type(raised.value) is error
    assert isinstance(raised.value.__cause__, failure)
    assert (raised.value.status_code, raised.value.code, raised.value.request_id) == (None, None, None)


@pytest.mark.parametrize(
    "ask",
    [submit, lambda api: api.status(JOB), lambda api: api.cancel(JOB), lambda api: api.flows()],
    ids=["submit", "status", "cancel", "flows"],
)
def test_every_request_has_the_timeout_the_key_and_the_version(
    ask: Callable[[Api], Operation[object]],
) -> None:
    """Each request has the client's timeout, the key as a header, and the version as its user agent."""
    player = Player(timeout=12.5)
    with pytest.raises(ApiError):
        player.play(ask(player.api), refused(401))
    (request,) = player.requests
    assert timeout_of(request) == 12.5
    assert request.headers["Authorization"] == "Bearer nk_test"
    assert "nk_test" not in str(request.url)
    assert request.headers["User-Agent"] == f"noukai-python/{version('noukai')}"
