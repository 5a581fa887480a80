"""The API's gateway: an ASGI application that forwards requests to the emulator unchanged.

Requests for objects by presigned URLs are forwarded to S3, because only the functions trust the emulator's
certificate. The functions' own requests to S3 come here as well.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any

import httpx

from noukai_wire.errors import ErrorCode

Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]

# RFC 9110, section 7.6.1. `expect` was answered by the server; the length belongs to the forwarded body.
_OWN_TO_ONE_HOP = frozenset(
    (
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_ORIGIN = re.compile(rb"https?://[^/?]*", re.IGNORECASE)
# The gateway times out after 30 s itself.
_TIMEOUT = httpx.Timeout(60).as_dict()


class Gateway:
    """A proxy that forwards method, path, query, headers and body unchanged.

    Answers 503 while the emulator does not answer. The target may be absolute (`GET
    http://localhost:8080/api/v1/flows`), as sent by clients that use this address as a proxy.
    """

    def __init__(
        self, endpoint: str, api_id: str, transport: httpx.AsyncBaseTransport, buckets: Sequence[str]
    ) -> None:
        self._url = httpx.URL(endpoint)
        self._prefix = f"/_aws/execute-api/{api_id}/$default".encode()
        self._transport = transport
        self._objects = tuple(f"/{bucket}{end}".encode() for bucket in buckets for end in "/?")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http" and target(scope).startswith(self._objects):
            await self._pass_on(scope, receive, send)
        elif scope["type"] == "http":
            request_body = await _body(receive)
            if request_body is not None:
                status, headers, body = await self._forward(scope, request_body)
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})
        else:
            await send({"type": "websocket.close"})

    async def _pass_on(self, scope: Any, receive: Receive, send: Send) -> None:
        """Stream a request for an object and its answer."""
        # This address is the host in the signature.
        whole = [each for each in scope["headers"] if each[0] in (b"host", b"content-length")]
        request = httpx.Request(
            scope["method"],
            self._url,
            headers=[*whole, *end_to_end(scope["headers"])],
            content=_pieces(receive) if b"content-length" in dict(whole) else None,
            extensions={"target": target(scope), "timeout": _TIMEOUT},
        )
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.TransportError:
            status, headers, body = _unavailable()
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
            return
        async with aclosing(response):
            headers = [*end_to_end(response.headers.raw), *_length(response)]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            async for piece in response.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    async def _forward(self, scope: Any, body: bytes) -> tuple[int, Headers, bytes]:
        request = httpx.Request(
            scope["method"],
            self._url,
            headers=[(b"host", self._url.netloc), *end_to_end(scope["headers"])],
            content=body,
            # Sent byte for byte, because httpx would normalize a URL.
            extensions={"target": self._prefix + target(scope), "timeout": _TIMEOUT},
        )
        try:
            response = await self._transport.handle_async_request(request)
            content = b"".join([chunk async for chunk in response.aiter_raw()])
        except httpx.TransportError:
            return _unavailable()
        return response.status_code, [*end_to_end(response.headers.raw), *_length(response)], content


def target(scope: Any) -> bytes:
    """Return the raw path and query of a request."""
    path = (
        _ORIGIN.sub(b"", scope["raw_path"], count=1)
        if _ORIGIN.match(scope["raw_path"])
        else scope["raw_path"]
    )
    query = scope["query_string"]
    return (path or b"/") + (b"?" + query if query else b"")


def end_to_end(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return the end-to-end headers, without hop-by-hop ones and those named by `Connection`."""
    kept = [(name.lower(), value) for name, value in headers]
    named = {
        token.strip().lower() for name, value in kept if name == b"connection" for token in value.split(b",")
    }
    return [(name, value) for name, value in kept if name not in _OWN_TO_ONE_HOP | named]


def _length(response: httpx.Response) -> Headers:
    return [(b"content-length", value.encode()) for value in response.headers.get_list("content-length")]


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.ReadError("who sends the object is gone")  # the other end must miss the rest too
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _unavailable() -> tuple[int, Headers, bytes]:
    error = ErrorCode.UNAVAILABLE
    message = "The local system is stopping or its emulator does not answer: try again."
    body = json.dumps({"detail": {"code": error, "message": message}}).encode()
    return error.status, [(b"content-type", b"application/json"), (b"retry-after", b"1")], body


async def _body(receive: Receive) -> bytes | None:
    chunks, more = [], True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None  # an incomplete body must not pass for a whole one
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def _live(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
