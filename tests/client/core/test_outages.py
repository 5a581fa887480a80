"""An API that is away for a while: how long each request goes on, and what is logged meanwhile."""

import logging
import ssl
import threading
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from noukai import (
    AuthenticationError,
    ConnectionFailedError,
    InvalidArgumentError,
    JobAccepted,
    JobNotFoundError,
    PermissionDeniedError,
    ServerError,
    UnexpectedAnswerError,
    WaitTimeoutError,
    as_completed,
)
from noukai._core.address import FlowAddress
from noukai._core.operation import Operation
from noukai._core.sending.submission import submission
from noukai.cli.command import connected
from tests.client.cli.running_command import run
from tests.client.conftest import Colour
from tests.client.script import ACCEPTED, ADDRESS, JOB, Answer, Player, held, refused, wait
from tests.client.servers.crowd_api import CrowdApi, Numbers, echo
from tests.client.servers.echo_api import FLOW, EchoApi, echo_api
from tests.client.servers.fake_api import KEY

_PAGE = Answer(body=b"<html>Log in</html>", headers={"Content-Type": "text/html; charset=utf-8"})
_REDIRECTED = Answer(
    302, b"<html>Log in</html>", {"Content-Type": "text/html", "Location": "http://portal.test/"}
)

_AWAY = {
    "refused": Answer(failure=httpx.ConnectError),
    "reset": Answer(failure=httpx.ReadError),
    "bad gateway": refused(502),
    "unavailable": refused(503, headers={"Retry-After": "1"}),
    "gateway timeout": refused(504),
    "captive": _PAGE,
    "captive in capitals": Answer(body=b"<HTML>", headers={"Content-Type": "Text/HTML"}),
    "captive without its type": Answer(body=b"\xef\xbb\xbf\r\n<!DOCTYPE html><title>Log in</title>"),
    "captive without a page": refused(511),
    "away behind Cloudflare": refused(521),
    "redirected": _REDIRECTED,
    "redirected without a page": Answer(307, b"", {"Location": "http://portal.test/"}),
}

away = pytest.mark.parametrize("answer", _AWAY.values(), ids=_AWAY.keys())


def submit(player: Player, **options: Any) -> Operation[JobAccepted]:
    return player.api.submit(FlowAddress(**ADDRESS), submission("hello", **options))


@away
def test_a_wait_outlasts_ten_minutes(answer: Answer) -> None:
    """Without a deadline a wait goes on through an outage of ten minutes, and returns the result."""
    player = Player()
    result = player.play(wait(player), *[answer] * 80, held("completed"))
    assert result.output == 42
    assert player.now >= 1600
    assert player.sleeps[:4] == sorted(player.sleeps[:4])


@away
def test_a_wait_outlasts_what_its_deadline_allows(answer: Answer) -> None:
    """The deadline ends the wait, however long the outage is."""
    player = Player()
    hour = 3_600_000
    with pytest.raises(WaitTimeoutError):
        player.play(wait(player, timeout_ms=hour), *[answer] * _asked_within(3600, answer))
    assert player.now == pytest.approx(1000 + 3600)


def test_a_wait_without_a_deadline_ends_after_a_long_outage() -> None:
    """If the API stays away for 15 minutes, the wait ends with an error."""
    player = Player()
    with pytest.raises(ConnectionFailedError):
        player.play(wait(player), *[Answer(failure=httpx.ConnectError)] * 116)
    assert 1000 + 10 * 60 < player.now <= 1000 + 15 * 60


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused(401, "UNAUTHENTICATED"), AuthenticationError),
        (refused(403), PermissionDeniedError),
        (refused(404, "JOB_NOT_FOUND"), JobNotFoundError),
    ],
)
def test_final_errors_end_a_wait_at_once(answer: Answer, error: type[Exception]) -> None:
    """An unknown key or an unknown job is no outage."""
    player = Player()
    with pytest.raises(error):
        player.play(wait(player), answer)
    assert player.sleeps == []


@away
def test_a_submission_keeps_trying_for_a_minute(answer: Answer) -> None:
    """Each retry has the same key; after the minute the error is raised."""
    player = Player()
    with pytest.raises((ConnectionFailedError, ServerError, UnexpectedAnswerError)):
        player.play(submit(player), *[answer] * 11)
    assert 1000 + 45 < player.now <= 1000 + 60
    assert len({request.headers["Idempotency-Key"] for request in player.requests}) == 1


@away
def test_a_submission_outlasts_half_a_minute(answer: Answer) -> None:
    """An API that comes back in time accepts the job."""
    player = Player()
    accepted = player.play(submit(player), *[answer] * 6, Answer(202, ACCEPTED))
    assert accepted.id == JOB


@pytest.mark.parametrize(("retry_for", "requests"), [(0, 1), (1, 2), (300, 41)])
def test_retry_for_limits_the_retries_of_a_submission(retry_for: float, requests: int) -> None:
    """`retry_for` is a number of seconds; 0 allows one request."""
    player = Player()
    with pytest.raises(ConnectionFailedError):
        player.play(submit(player, retry_for=retry_for), *[Answer(failure=httpx.ConnectError)] * requests)
    assert player.now <= 1000 + retry_for


@pytest.mark.parametrize("retry_for", [-1, float("nan"), float("inf")])
def test_invalid_retry_for_is_refused(retry_for: float) -> None:
    """An invalid `retry_for` is refused before anything is sent."""
    with pytest.raises(InvalidArgumentError, match="retry_for"):
        submission("hello", retry_for=retry_for)


def test_without_retries_a_submission_is_sent_once() -> None:
    """`max_retries=0` also applies to submissions, unless the call has `retry_for`."""
    player = Player(max_retries=0)
    with pytest.raises(ServerError):
        player.play(submit(player), refused(503))
    player.play(submit(player, retry_for=5), refused(503), Answer(202, ACCEPTED))


def test_a_wait_for_many_outlasts_an_outage(colour: Colour) -> None:
    """`as_completed` goes on with the remaining jobs when the API is back."""
    api, failures = CrowdApi(), iter([httpx.ConnectError("away")] * 70)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("status") and (failure := next(failures, None)):
            raise failure
        return api(request)

    jobs = colour.collect(echo(colour, answer).map(Numbers(3)))
    assert len(colour.collect(as_completed(jobs))) == 3
    assert sum(colour.sleeps) > 500


def test_an_outage_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """The logger `noukai` warns that the API is away, and that it is back; not of short outages.

    At the first failure it says for those who watch what it waits for.
    """
    player = Player()
    with caplog.at_level(logging.INFO, "noukai"):
        player.play(wait(player), refused(503, headers={"Retry-After": "0"}), held("completed"))
        assert caplog.messages == []
        player.play(wait(player), *[Answer(failure=httpx.ConnectError)] * 30, held("completed"))
    waiting, away, back = caplog.messages
    assert waiting == "waiting for https://api.test, which does not answer"
    assert away.startswith("the API is unreachable; retrying for 900 s: GET https://api.test/")
    assert back.startswith("the API answers again, after ")
    assert {record.name for record in caplog.records} == {"noukai"}


def test_a_real_api_that_restarts(colour: Colour) -> None:
    """A wait and a submission go on over connections that are refused, then reset, then answered."""
    with echo_api() as api:
        port = api.server_address[1]
    url = f"http://127.0.0.1:{port}/api/v1"
    found: list[Any] = []

    with colour.connected(url) as client:
        starting = threading.Timer(1.0, lambda: found.append(_start(port)))
        starting.start()
        try:
            submitted = colour.run(client.flow(FLOW).job("hello"))
            assert colour.run(submitted.wait()).output == submitted.id
        finally:
            starting.join()
            for server in found:
                server.shutdown()
                server.server_close()


def _start(port: int) -> EchoApi:
    api = EchoApi(port=port)
    threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return api


def test_a_certificate_that_is_not_trusted_is_outlasted(
    colour: Colour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS that fails is an outage for a wait with a deadline, whose error gives the reason."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    with echo_api(context) as api, colour.connected(api.base_url) as client:
        with pytest.raises(WaitTimeoutError) as raised:
            colour.run(client.job(JOB).wait(timeout_ms=1500))
        assert "CERTIFICATE_VERIFY" in str(raised.value.__cause__)
        assert "SSL_CERT_FILE" in str(raised.value.__cause__)


def test_the_command_says_that_the_api_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is on stderr while the command waits; the exit code is that of the timeout."""
    monkeypatch.setattr("noukai._core.exchange._TOLD_AFTER", 0.0)
    monkeypatch.setenv("NOUKAI_API_KEY", KEY)
    with echo_api() as api:
        monkeypatch.setenv("NOUKAI_BASE_URL", api.base_url)
    exit_code, shown, said = run("wait", "job_1", "--timeout-ms", "1200")
    assert (exit_code, shown) == (4, "")
    assert said.splitlines()[0].startswith(
        "noukai: the API is unreachable; retrying for as long as there is time"
    )


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "told"), [(_Terminal(), ["waiting"]), (StringIO(), [])])
def test_the_command_says_once_what_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stream: StringIO, told: list[str]
) -> None:
    """To a person; several of its requests may wait. A script learns of outages alone."""
    caplog.set_level(logging.WARNING, "noukai")  # the level is as before after the test
    monkeypatch.setenv("NOUKAI_API_KEY", KEY)
    monkeypatch.setattr("sys.stderr", stream)
    log = logging.getLogger("noukai")
    with connected():
        for level in (logging.INFO, logging.INFO, logging.WARNING, logging.WARNING):
            log.log(level, "waiting" if level == logging.INFO else "away")
    assert stream.getvalue().splitlines() == [f"noukai: {each}" for each in (*told, "away", "away")]


def _asked_within(seconds: float, answer: Answer) -> int:
    """Return how many requests fit into so many seconds with full backoffs."""
    pauses = [0.5, 1.0, 2.0, 4.0]
    asked = len(pauses) + 1 + int((seconds - sum(pauses)) // 8)
    is_hold_refused = answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not answer.headers
    return asked + is_hold_refused  # the plain request that follows comes without a pause
