"""The address of the API: what is handed on, and what is not."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest

from noukai_infra.local.address.gateway import Gateway, end_to_end, target

HELLO: list[dict[str, Any]] = [
    {"type": "http.request", "body": b"he", "more_body": True},
    {"type": "http.request", "body": b"llo"},
]


class Slowly(httpx.AsyncByteStream):
    """A body that comes in pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def scope(path: bytes, query: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "raw_path": path,
        "query_string": query,
        "headers": list(headers),
    }


def exchange(
    upstream: httpx.AsyncBaseTransport, request: dict[str, Any], body: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Let the gateway answer one request and return the messages that it sent."""
    sent: list[dict[str, Any]] = []
    arriving = iter(body)

    async def receive() -> dict[str, Any]:
        return next(arriving)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    gateway = Gateway("http://127.0.0.1:4566", "abc12345", upstream, ["payloads", "uncounted"])
    asyncio.run(gateway(request, receive, send))
    return sent


def test_an_object_is_handed_on_to_s3_piece_by_piece() -> None:
    """It goes to the signed host, which is this address, with its size; the answer is streamed back."""
    seen: list[httpx.Request] = []

    class Upstream(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request)
            assert isinstance(request.stream, httpx.AsyncByteStream)
            assert [piece async for piece in request.stream] == [b"he", b"llo"]
            return httpx.Response(
                200, headers={"ETag": "e", "Content-Length": "4"}, stream=Slowly([b"do", b"ne"])
            )

    headers = [(b"host", b"127.0.0.1:8080"), (b"content-length", b"5"), (b"x-amz-checksum-sha256", b"c=")]
    request = scope(b"/payloads/keep-2d/acme/a", b"X-Amz-Signature=s", headers)
    start, *body = exchange(Upstream(), request, HELLO)
    assert seen[0].extensions["target"] == b"/payloads/keep-2d/acme/a?X-Amz-Signature=s"
    assert seen[0].headers["host"] == "127.0.0.1:8080"
    assert (seen[0].headers["content-length"], seen[0].headers["x-amz-checksum-sha256"]) == ("5", "c=")
    assert "transfer-encoding" not in seen[0].headers
    assert start["headers"] == [(b"etag", b"e"), (b"content-length", b"4")]
    assert [message["body"] for message in body] == [b"do", b"ne", b""]


@pytest.mark.parametrize(
    ("path", "is_of_s3"),
    [(b"/uncounted", True), (b"/uncounted/a-batch", True), (b"/uncounted-others", False), (b"/other", False)],
)
def test_requests_for_a_bucket_go_to_s3(path: bytes, is_of_s3: bool) -> None:
    """Those of functions, to list it or for an object; all others are for the API."""
    targets: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        targets.append(request.extensions["target"])
        return httpx.Response(200, stream=Slowly([b"<List/>"]))

    exchange(httpx.MockTransport(answer), scope(path, b"list-type=2", [(b"host", b"l")]), HELLO)
    assert (targets == [path + b"?list-type=2"]) is is_of_s3


def test_half_an_object_is_not_taken_for_a_whole_one() -> None:
    """Who sends it is gone: the rest is missing at the other end too."""

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        return httpx.Response(200)

    request = scope(b"/payloads/keep-2d/acme/a", b"", [(b"host", b"l"), (b"content-length", b"5")])
    start, _ = exchange(httpx.MockTransport(answer), request, [HELLO[0], {"type": "http.disconnect"}])
    assert start["status"] == 503


def test_a_request_is_handed_on_as_it_came() -> None:
    """Method, path, query, headers and body reach the HTTP API byte for byte."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        headers = [
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("Content-Length", "8"),
            ("Connection", "close"),
        ]
        return httpx.Response(202, headers=headers, stream=httpx.ByteStream(b"accepted"))

    request = scope(
        b"/api/v1/a%2Fb/../c//d", b"q=%2F&q=+", [(b"Authorization", b"Bearer nk_x"), (b"host", b"l:8080")]
    )
    start, body = exchange(httpx.MockTransport(answer), request, HELLO)

    assert seen[0].method == "POST"
    assert (
        seen[0].extensions["target"] == b"/_aws/execute-api/abc12345/$default/api/v1/a%2Fb/../c//d?q=%2F&q=+"
    )
    assert seen[0].headers["authorization"] == "Bearer nk_x"
    assert seen[0].headers["host"] == "127.0.0.1:4566"
    assert seen[0].content == b"hello"
    assert start["status"] == 202
    assert start["headers"] == [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-length", b"8")]
    assert body["body"] == b"accepted"


def test_an_emulator_that_does_not_answer_is_unavailable() -> None:
    """A failed connection is the contract's 503, with the hint to try again."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    start, body = exchange(httpx.MockTransport(refuse), scope(b"/api/v1/flows"), HELLO)

    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]
    assert b'"code": "UNAVAILABLE"' in body["body"]


def test_half_a_body_is_not_handed_on() -> None:
    """A client that goes away while it sends has asked for nothing."""

    def fail(request: httpx.Request) -> httpx.Response:
        pytest.fail(f"{request} was handed on")

    assert exchange(httpx.MockTransport(fail), scope(b"/"), [HELLO[0], {"type": "http.disconnect"}]) == []


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (b"/api/v1/flows", b"", b"/api/v1/flows"),
        (b"http://localhost:8080/api/v1/flows", b"a=b", b"/api/v1/flows?a=b"),
        (b"HTTP://[::1]:8080", b"", b"/"),
        (b"/http://x/y", b"", b"/http://x/y"),
    ],
)
def test_an_absolute_target_is_taken_for_its_path(path: bytes, query: bytes, expected: bytes) -> None:
    """A client that takes the address for a proxy asks for the same thing."""
    assert target(scope(path, query)) == expected


def test_headers_of_one_connection_stay_on_it() -> None:
    """Hop-by-hop headers, those named in `Connection`, host and length are left out; others are kept."""
    given = [
        (b"Connection", b"keep-alive, X-Only-Here"),
        (b"x-only-here", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Proxy-Authorization", b"Basic x"),
        (b"Host", b"localhost"),
        (b"Content-Length", b"5"),
        (b"Authorization", b"Bearer nk_x"),
        (b"Accept", b"a"),
        (b"Accept", b"b"),
    ]

    assert end_to_end(given) == [(b"authorization", b"Bearer nk_x"), (b"accept", b"a"), (b"accept", b"b")]
