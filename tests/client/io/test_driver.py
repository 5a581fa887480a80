"""The drivers: a request ends within its timeout, whatever its answer looks like."""

import asyncio
import gc
import gzip
import json
import socket
import threading
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from noukai import AsyncNoukai, Noukai, RequestTimeoutError, UnexpectedAnswerError, WaitTimeoutError
from noukai._io.stream import MAX_ANSWER_BYTES
from tests.client.conftest import Colour
from tests.client.script import JOB, held, job
from tests.client.servers.trickle import trickling

MEGABYTE = b" " * (1 << 20)
COMPLETED = json.dumps(job("completed")).encode()
HEADERS = b"HTTP/1.1 200 OK\r\nX-Endless: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body without end, of a megabyte of blanks again and again, sent so or compressed."""

    def __init__(self, *, is_compressed: bool) -> None:
        self._compressor = zlib.compressobj(wbits=31) if is_compressed else None
        self.pieces = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.pieces += 1
            yield self._piece()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def _piece(self) -> bytes:
        if self._compressor is None:
            return MEGABYTE
        return self._compressor.compress(MEGABYTE) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize("beginning", [HEADERS, BODY], ids=["headers", "body"])
def test_an_answer_that_trickles_in_is_left_at_the_deadline(colour: Colour, beginning: bytes) -> None:
    """The timeout of a request is for the whole answer, not for each piece of it."""
    with trickling(beginning) as trickle, colour.connected(trickle.base_url) as client:
        began = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            colour.run(client.job(JOB).wait(timeout_ms=200))
        assert time.monotonic() - began < 1


def test_an_answer_that_is_left_is_read_no_further(colour: Colour) -> None:
    """The connection is closed, so that an endless body does not fill the memory."""
    with trickling(BODY) as trickle, colour.connected(trickle.base_url) as client:
        with pytest.raises(WaitTimeoutError):
            colour.run(client.job(JOB).wait(timeout_ms=50))
        assert trickle.left.wait(1)


def test_a_name_that_is_looked_up_for_long_is_left_at_the_deadline(
    colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lookup of the host counts too, although it cannot be interrupted."""
    over = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        over.wait(3)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with colour.connected("http://api.test/api/v1") as client:
        began = time.monotonic()
        with pytest.raises(WaitTimeoutError):
            colour.run(client.job(JOB).wait(timeout_ms=100))
        assert time.monotonic() - began < 1
        over.set()


def test_an_answer_that_never_comes_is_left() -> None:
    """An awaited request ends at its timeout, whatever the transport does."""

    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    http_client = httpx.AsyncClient(transport=httpx.MockTransport(never))
    client = AsyncNoukai("nk_test", http_client=http_client, timeout=0.001, max_retries=0)
    with pytest.raises(RequestTimeoutError):
        asyncio.run(client.job(JOB).status())


def test_cancelling_the_task_ends_a_wait() -> None:
    """A task that waits for a job can be cancelled like any other."""
    asked = asyncio.Event()

    async def never(_: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def cancelled() -> None:
        client = AsyncNoukai("nk_test", http_client=httpx.AsyncClient(transport=httpx.MockTransport(never)))
        task = asyncio.create_task(client.job(JOB).wait())
        await asked.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_a_coroutine_may_listen() -> None:
    """The listener of an awaited wait may be a coroutine function, and is awaited before the wait goes on."""
    heard: list[dict[str, Any]] = []
    answers = iter([held(progress={"percent": 1}), held("completed", progress={"percent": 100})])

    async def listen(progress: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        heard.append(progress)

    async def no_sleep(_: float) -> None:
        return

    transport = httpx.MockTransport(lambda request: next(answers).to(request))
    client = AsyncNoukai("nk_test", http_client=httpx.AsyncClient(transport=transport), sleep=no_sleep)
    assert asyncio.run(client.job(JOB).wait(on_progress=listen)).output == 42
    assert heard == [{"percent": 1}, {"percent": 100}]


def test_a_compressed_answer_is_read(colour: Colour) -> None:
    """The compression of a proxy makes no difference."""
    body = httpx.ByteStream(gzip.compress(json.dumps(job("completed")).encode()))
    client = colour.client(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=body))
    assert colour.run(client.job(JOB).status()).result.output == 42


def test_an_answer_that_is_compressed_wrongly_is_an_error(colour: Colour) -> None:
    """Bytes that cannot be inflated are an unexpected answer, not an error of zlib."""
    client = colour.client(
        lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no"))
    )
    with pytest.raises(UnexpectedAnswerError, match="cannot be read"):
        colour.run(client.job(JOB).status())


@pytest.mark.parametrize("status", [200, 404, 503])
@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}], ids=["plain", "gzip"])
def test_an_endless_answer_is_left_at_a_limit(colour: Colour, status: int, headers: dict[str, str]) -> None:
    """An answer that is too long, as sent or inflated, is not read further and not retried."""
    sent = Endless(is_compressed=bool(headers))
    client = colour.client(lambda _: httpx.Response(status, headers=headers, stream=sent))
    with pytest.raises(UnexpectedAnswerError, match="cannot be read: it is longer than 64 MB"):
        colour.run(client.job(JOB).status())
    assert sent.pieces == MAX_ANSWER_BYTES // len(MEGABYTE) + 1
    assert colour.sleeps == []


@pytest.mark.parametrize(
    ("encoding", "content", "problem"),
    [
        ("gzip", gzip.compress(COMPLETED) + b"no gzip", "it is not gzip"),
        ("gzip", gzip.compress(MEGABYTE) * 65, "longer than 64 MB"),
        ("gzip, gzip", gzip.compress(gzip.compress(COMPLETED)), "check base_url"),
    ],
    ids=["garbage", "members", "twice"],
)
def test_what_follows_the_first_member_counts(
    colour: Colour, encoding: str, content: bytes, problem: str
) -> None:
    """All members are inflated, up to the limit; gzip in gzip is no answer."""
    headers = {"Content-Encoding": encoding}
    client = colour.client(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(content)))
    with pytest.raises(UnexpectedAnswerError, match=problem):
        colour.run(client.job(JOB).status())


def test_empty_members_end_too(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members that inflate to nothing could be sent without end."""
    monkeypatch.setattr("noukai._io.inflation._MOST_SENT_BYTES", 1 << 20)
    sent = httpx.ByteStream(gzip.compress(b"") * ((1 << 20) // 20 + 1))
    client = colour.client(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=sent))
    with pytest.raises(UnexpectedAnswerError, match="compressed and longer than 1 MB"):
        colour.run(client.job(JOB).status())


def test_an_answer_may_have_several_members(colour: Colour) -> None:
    """A proxy may join parts that it has compressed, at any byte."""
    content = gzip.compress(COMPLETED[:5]) + gzip.compress(COMPLETED[5:])

    class InBytes(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            return (content[at : at + 1] for at in range(len(content)))

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in self:
                yield piece

    client = colour.client(
        lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=InBytes())
    )
    assert colour.run(client.job(JOB).status()).result.output == 42


def test_an_answer_may_be_as_long_as_the_limit(colour: Colour) -> None:
    """It is read to its end."""
    body = json.dumps(job("completed")).encode() + b" " * (MAX_ANSWER_BYTES // 2)
    client = colour.client(lambda _: httpx.Response(200, stream=httpx.ByteStream(body)))
    assert colour.run(client.job(JOB).status()).result.output == 42


def test_requests_share_a_thread_that_ends_with_the_client() -> None:
    """A client that polls makes no thread for each poll, and leaves none behind."""
    threads: list[threading.Thread] = []

    def answer(_: httpx.Request) -> httpx.Response:
        threads.append(threading.current_thread())
        return httpx.Response(200, json=job("running"))

    client = Noukai("nk_test", http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    for _ in range(3):
        client.job(JOB).status()
    assert len(set(threads)) == 1
    del client
    gc.collect()
    threads[0].join(5)
    assert not threads[0].is_alive()
