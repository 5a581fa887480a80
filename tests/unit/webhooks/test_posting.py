"""The posting of webhooks: what leaves, where it does not go, and side by side."""

import threading
from socket import SHUT_RDWR, socket

import pytest

from noukai_functions.refusals import InvalidInputError
from noukai_functions.webhooks.posting.answers import Answer
from noukai_functions.webhooks.posting.deadline import Deadline
from noukai_functions.webhooks.posting.poster import Post, Poster, PostFailedError
from noukai_functions.webhooks.signature import signed_headers
from noukai_functions.webhooks.urls import UrlRules
from noukai_wire.webhook_signature import secret_of
from tests.unit.webhooks import receivers
from tests.unit.webhooks.receivers import answers, receiver

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PATIENT = 20.0
SECRETS = [secret_of(bytes(range(32))), secret_of(bytes(range(1, 33)))]
LOCAL = UrlRules(allows_local=True)


def test_redirect_leads_nowhere() -> None:
    """Nobody posts to where it points, whether the method is kept or not."""
    for status in (301, 302, 303, 307, 308):
        with receiver(answers(OK)) as internal:
            location = f"Location: http://localhost:{internal.port}/".encode()
            head = b"HTTP/1.1 %d Moved\r\n%s\r\nContent-Length: 0\r\n\r\n" % (status, location)
            with receiver(answers(head)) as running:
                answer = Poster(LOCAL).post(f"http://localhost:{running.port}/", {}, b"")
            assert (answer.status, answer.is_success, internal.connections) == (status, False, [])


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name itself."""
    with receiver(answers(OK)) as proxy, receiver(answers(OK)) as running:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://localhost:{proxy.port}")
            monkeypatch.setenv(name.upper(), f"http://localhost:{proxy.port}")
        assert Poster(LOCAL).post(f"http://localhost:{running.port}/", {}, b"").is_success
        assert proxy.connections == []


def test_no_listener() -> None:
    """The connection is refused at once."""
    with receiver(receivers.silent) as closed:
        pass
    with pytest.raises(PostFailedError, match="the connection was refused"):
        Poster(LOCAL).post(f"http://localhost:{closed.port}/", {}, b"")


def test_url_is_checked_again() -> None:
    """Rules that became stricter hold for URLs that were registered before."""
    with pytest.raises(PostFailedError, match="is not public") as failed:
        Poster(UrlRules()).post("https://10.0.0.1/", {}, b"")
    assert failed.value.duration_ms < PATIENT * 1000
    with pytest.raises(InvalidInputError):
        Poster(UrlRules()).check("https://10.0.0.1/")


def test_what_leaves_is_listed() -> None:
    """No other header, and no secret in any form; the body is what was signed, byte by byte."""
    body = '{"a": "é😀\u2028"}'.encode()
    received: list[bytes] = []

    def behaviour(connection: socket) -> None:
        received.append(receivers.read(connection))
        connection.sendall(OK)

    with receiver(behaviour) as running:
        url = f"http://localhost:{running.port}/a?b=c"
        Poster(LOCAL).post(url, signed_headers("msg_1", 17, body, SECRETS), body)
    head, _, sent = received[0].partition(b"\r\n\r\n")
    request, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert request == "POST /a?b=c HTTP/1.1"
    assert sent == body
    assert {name: value for name, value in headers.items() if name not in ("Host", "webhook-signature")} == {
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Length": str(len(body)),
        "content-type": "application/json",
        "user-agent": "noukai-webhooks/1",
        "webhook-id": "msg_1",
        "webhook-timestamp": "17",
    }
    assert headers["webhook-signature"].count("v1,") == len(SECRETS)
    for secret in SECRETS:
        assert secret.removeprefix("whsec_").encode() not in received[0]


def test_nothing_is_kept_between_postings() -> None:
    """Cookies and demands for a password are not answered."""
    asked: list[bytes] = []

    def behaviour(connection: socket) -> None:
        asked.append(receivers.read(connection))
        connection.sendall(
            b"HTTP/1.1 401 No\r\nSet-Cookie: a\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
        )

    with receiver(behaviour) as running:
        posting = Poster(LOCAL)
        for _ in range(2):
            assert posting.post(f"http://localhost:{running.port}/", {}, b"").status == 401
    assert asked[0] == asked[1]


def posting_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "(post)" in thread.name]


def test_ten_side_by_side() -> None:
    """Outcomes come as they are there, while a receiver is still silent; no thread is left."""
    together, silence_ends = threading.Barrier(9), threading.Event()

    def silent(connection: socket) -> None:
        receivers.read(connection)
        silence_ends.wait(PATIENT)

    def behaviour(connection: socket) -> None:
        receivers.read(connection)
        together.wait(PATIENT)
        connection.sendall(OK)

    with receiver(silent) as first, receiver(behaviour) as others:
        posts = [Post(f"http://localhost:{each.port}/", {}, b"{}") for each in [first, *[others] * 9]]
        outcomes = Poster(LOCAL, seconds=PATIENT).post_all(posts)
        answered = [next(outcomes) for _ in range(9)]
        first.connections[0].shutdown(SHUT_RDWR)
        silence_ends.set()
        [(number, failed)] = outcomes
    assert {*range(1, 10)} == {each for each, _ in answered}
    assert all(isinstance(outcome, Answer) and outcome.is_success for _, outcome in answered)
    assert number == 0
    assert isinstance(failed, PostFailedError)
    assert posting_threads() == []


def test_side_by_side_ends_when_nobody_listens() -> None:
    """Whoever stops after the first outcome still leaves no thread; a mistake of ours is raised."""
    with receiver(answers(OK)) as running:
        posts = [Post(f"http://localhost:{running.port}/", {}, b"{}")] * 3
        outcomes = Poster(LOCAL).post_all(posts)
        next(outcomes)
        outcomes.close()  # type: ignore[attr-defined] # a generator
        assert posting_threads() == []
        with pytest.raises(ValueError, match="Invalid header value"):
            list(Poster(LOCAL).post_all([Post(posts[0].url, {"a": "b\r\nc: d"}, b"")]))
    assert posting_threads() == []


def test_deadline_is_one_for_all() -> None:
    """An earlier one within it may end before it, and never after it."""
    now = [100.0]
    deadline = Deadline(15, lambda: now[0])
    assert deadline.remaining() == 15
    now[0] += 14.5
    assert deadline.within(1).remaining() == 0.5
    assert deadline.within(0.1).remaining() == pytest.approx(0.1)
    now[0] += 0.5
    for each in (deadline, deadline.within(1)):
        with pytest.raises(TimeoutError):
            each.remaining()


def test_duration_is_that_of_the_clock() -> None:
    """From the look-up to the end of the answer."""
    ticks = iter(range(100))
    with receiver(answers(OK)) as running:
        answer = Poster(LOCAL, seconds=1000, monotonic=lambda: float(next(ticks))).post(
            f"http://localhost:{running.port}/", {}, b""
        )
    assert answer.duration_ms % 1000 == 0
    assert answer.duration_ms > 0
