"""Receivers that are slow, endless, broken or malicious, by plain HTTP on loopback."""

import gzip
import itertools
import tracemalloc
from collections.abc import Mapping

import pytest

from noukai_functions.webhooks.posting.answers import MAX_TEXT_BYTES, Answer
from noukai_functions.webhooks.posting.poster import Poster, PostFailedError
from noukai_functions.webhooks.urls import UrlRules
from tests.unit.webhooks import receivers
from tests.unit.webhooks.receivers import Behaviour, answers, endless, receiver, slowly

HEADERS = {"content-type": "application/json"}
OK = b"HTTP/1.1 200 OK\r\n"
SECONDS = 0.3
"""The deadline of the postings: reached by those alone that never end."""
PATIENT = 20.0
"""The deadline of the postings that end by themselves, on a busy machine too."""

TOO_LONG = "the answer is longer than 65536 bytes before its body is read"
LATE = f"no answer within {SECONDS:g} s"
CLOSED = "the connection closed before an answer"
NO_HTTP = "the answer is not HTTP: "

NEVER_ANSWERS: Mapping[str, tuple[Behaviour, str]] = {
    "silent": (receivers.silent, LATE),
    "reads a byte at a time": (receivers.reads_slowly, LATE),
    "a slow status line": (answers(slowly(bytes([each]) for each in OK * 100)), LATE),
    "slow headers": (answers(OK, slowly(endless(b"a: b\r\n"))), LATE),
    "a slow line of a header": (answers(OK, b"a: ", slowly(endless(b"b"))), LATE),
    "half of the headers": (answers(OK + b"a: b\r\n", stays=True), LATE),
    "slow interim answers": (answers(slowly(endless(b"HTTP/1.1 100 Continue\r\n\r\n"))), LATE),
}
FAILS: Mapping[str, tuple[Behaviour, str]] = {
    "closes at once": (receivers.closes, CLOSED),
    "closes after the request": (answers(), CLOSED),
    "resets after the request": (receivers.resets, CLOSED),
    "closes within the status line": (answers(b"HTTP/1."), f"{NO_HTTP}BadStatusLine"),
    "interim answers without end": (answers(endless(b"HTTP/1.1 100 Continue\r\n\r\n")), TOO_LONG),
    "early hints without end": (answers(endless(b"HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n")), TOO_LONG),
    "a hundred and one headers": (answers(OK, b"a: b\r\n" * 101 + b"\r\n"), f"{NO_HTTP}HTTPException"),
    "headers without end": (answers(OK, endless(b"a: " + b"b" * 9000 + b"\r\n")), TOO_LONG),
    "a header without end": (answers(OK, b"a: ", endless(b"b" * 9000)), TOO_LONG),
    "a status line without end": (answers(b"HTTP/1.1 200 ", endless(b"b" * 9000)), TOO_LONG),
    "another protocol": (answers(b"SSH-2.0-OpenSSH_9.6\r\n"), f"{NO_HTTP}BadStatusLine"),
    "HTTP 0.9": (answers(b"<html>welcome</html>"), f"{NO_HTTP}BadStatusLine"),
    "HTTP 2": (answers(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80"), f"{NO_HTTP}BadStatusLine"),
    "any bytes": (answers(bytes(range(256)) * 8), f"{NO_HTTP}BadStatusLine"),
    "a status of two digits": (answers(b"HTTP/1.1 20 OK\r\n\r\n"), f"{NO_HTTP}BadStatusLine"),
    "a status of four digits": (answers(b"HTTP/1.1 2000 OK\r\n\r\n"), f"{NO_HTTP}BadStatusLine"),
    "a negative status": (answers(b"HTTP/1.1 -20 OK\r\n\r\n"), f"{NO_HTTP}BadStatusLine"),
    "TLS": (answers(b"\x15\3\1\0\2\2F"), f"{NO_HTTP}BadStatusLine"),
}
ANSWERS: Mapping[str, tuple[Behaviour, int, str]] = {
    "a body without end": (answers(OK + b"\r\n", endless(b"b" * 9000)), 200, "b" * MAX_TEXT_BYTES),
    "a chunk without end": (
        answers(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", endless(b"b" * 9000)),
        200,
        "b" * MAX_TEXT_BYTES,
    ),
    "a size of a chunk without end": (
        answers(OK + b"Transfer-Encoding: chunked\r\n\r\n", endless(b"f" * 9000)),
        200,
        "",
    ),
    "a chunk of no size": (answers(OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nb"), 200, ""),
    "a body that is cut": (answers(OK + b"Content-Length: 999999\r\n\r\nbbb"), 200, "bbb"),
    "a length that is none": (answers(OK + b"Content-Length: many\r\n\r\nbbb"), 200, "bbb"),
    "a negative length": (answers(OK + b"Content-Length: -1\r\n\r\nbbb"), 200, "bbb"),
    "two lengths": (answers(OK + b"Content-Length: 3\r\nContent-Length: 30\r\n\r\nbbbccc"), 200, "bbb"),
    "two answers": (
        answers(OK + b"Content-Length: 3\r\n\r\nbbb" + b"HTTP/1.1 500 No\r\n\r\n", stays=True),
        200,
        "bbb",
    ),
    "early hints first": (
        answers(b"HTTP/1.1 103 Early Hints\r\na: b\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
        204,
        "",
    ),
    "a redirect": (answers(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"), 302, ""),
    "another protocol from now on": (answers(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\nbbb"), 101, ""),
    "bytes that are no text": (answers(OK + b"\r\n\xff\0\xfe"), 200, "\ufffd\0\ufffd"),
    "a status of its own": (answers(b"HTTP/1.1 999 \xff\xff\r\n\r\n"), 999, ""),
    "an answer before the request is read": (receivers.answers_before_reading, 413, ""),
}


def post(behaviour: Behaviour, seconds: float = PATIENT, body: bytes = b"{}") -> Answer | PostFailedError:
    """Return the outcome of a posting to a receiver."""
    poster = Poster(UrlRules(allows_local=True), seconds=seconds)
    with receiver(behaviour) as running:
        try:
            return poster.post(f"http://localhost:{running.port}/", HEADERS, body)
        except PostFailedError as error:
            return error


@pytest.mark.parametrize("name", NEVER_ANSWERS)
def test_receiver_that_never_answers(name: str) -> None:
    """One deadline is over all of it, whatever comes in between."""
    behaviour, reason = NEVER_ANSWERS[name]
    failed = post(behaviour, SECONDS, b"b" * 20_000_000 if "reads" in name else b"{}")
    assert isinstance(failed, PostFailedError)
    assert failed.reason == reason
    assert SECONDS * 1000 <= failed.duration_ms < PATIENT * 1000


@pytest.mark.parametrize("name", FAILS)
def test_receiver_that_does_not_answer_in_http(name: str) -> None:
    """The reason is in our words: nothing of the receiver's bytes is in it."""
    behaviour, reason = FAILS[name]
    failed = post(behaviour)
    assert isinstance(failed, PostFailedError)
    assert failed.reason == reason


@pytest.mark.parametrize("name", ANSWERS)
def test_status_decides(name: str) -> None:
    """Whatever follows it, in a body of any kind and length; only 2xx is a success."""
    behaviour, status, text = ANSWERS[name]
    answer = post(behaviour, body=b"b" * 3_000_000 if "before" in name else b"{}")
    assert isinstance(answer, Answer), answer
    assert (answer.status, answer.text, answer.is_success) == (status, text, 200 <= status < 300)


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 10\r\n\r\nbbb", b"\r\nbbb", b"Transfer-Encoding: chunked\r\n\r\n3\r\nbbb\r\n"],
    ids=["length", "close", "chunks"],
)
@pytest.mark.parametrize("slow", [False, True])
def test_body_that_does_not_end(body: bytes, slow: bool) -> None:
    """The receiver has said that it has the event: what came of the body is shown."""
    rest = slowly(endless(b"")) if not slow else slowly(itertools.chain([b""], endless(b"\0")))
    answer = post(answers(OK + body, rest if slow else b"", stays=True), SECONDS)
    assert isinstance(answer, Answer), answer
    assert answer.is_success
    assert answer.text.startswith("bbb")


def test_list_is_long_enough() -> None:
    """Twenty hostile receivers were asked for."""
    assert len({*NEVER_ANSWERS, *FAILS, *ANSWERS}) >= 20


def test_compressed_answer_is_not_inflated() -> None:
    """A kilobyte of it is kept as it came; we asked for none."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = b"%sContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (OK, len(bomb))
    tracemalloc.start()
    answer = post(answers(head, bomb))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(answer, Answer)
    assert len(answer.text) <= MAX_TEXT_BYTES
    assert most < 5_000_000


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        (b" 0 ", 0),
        (b"Mon, 01 Jan 2001 00:00:00 GMT", 0),
        (b"-1", None),
        (b"1.5", None),
        (b"soon", None),
        (b"9" * 5000, None),
        (b"", None),
        (b"Mon, 99 Jan 99999 00:00:00 GMT", None),
        ("٣".encode(), None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_retry_after(value: bytes, seconds: int | None) -> None:
    """It has seconds or a date; what cannot be read is none."""
    answer = post(answers(b"HTTP/1.1 503 Busy\r\nRetry-After: %s\r\n\r\n" % value))
    assert isinstance(answer, Answer), answer
    assert answer.retry_after_seconds == seconds


def test_retry_after_by_a_date() -> None:
    """It is so many seconds from now."""
    answer = post(answers(b"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\n"))
    assert isinstance(answer, Answer)
    assert answer.retry_after_seconds is not None
    assert answer.retry_after_seconds > 86_400 * 365
