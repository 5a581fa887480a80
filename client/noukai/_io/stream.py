"""The content that is sent and received in pieces."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import httpx

from .inflation import Inflation, is_gzip

SINK = "noukai_sink"
"""The request extension with a `Received`, to which a successful answer is written."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The most bytes of an inflated answer: Lambda sends 6 MB, and results above 256 KB are behind URLs."""

_PIECE_BYTES = 1 << 16
_IN_MEMORY_BYTES = 1 << 20

Note = Callable[[int], object]
"""A callback for the number of bytes sent or received, piece by piece."""


def _forgotten(_: int) -> None:
    """Do nothing: nobody follows the transfer."""


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Content to send in pieces, since httpx would copy the remainder for each packet."""

    def __init__(self, content: bytes, note: Note = _forgotten) -> None:
        self._content = content
        self._note = note

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self._content), _PIECE_BYTES):
            piece = self._content[at : at + _PIECE_BYTES]
            yield piece
            self._note(len(piece))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class Received:
    """Received content, in memory, and beyond a megabyte in an unnamed temporary file.

    Its size is limited, since a server may send without end.
    """

    def __init__(self, most_bytes: int, note: Note = _forgotten) -> None:
        self._left = most_bytes
        self._note = note
        self._file = SpooledTemporaryFile[bytes](_IN_MEMORY_BYTES)
        self._digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        """Write a piece; raise `httpx.DecodingError` if it exceeds the limit."""
        self._left -= len(piece)
        if self._left < 0:
            raise httpx.DecodingError("it is longer than announced")
        self._file.write(piece)
        self._digest.update(piece)
        self._note(len(piece))

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of all that was received, in hex."""
        return self._digest.hexdigest()

    def value(self) -> Any:
        """Return the value that the JSON represents."""
        self._file.seek(0)
        return json.load(self._file)

    def close(self) -> None:
        """Close the content; pieces that arrive later are dropped."""
        self._file.close()


class _Body:
    """The body of an answer in memory, limited because a proxy or a wrong server may send without end."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._left = MAX_ANSWER_BYTES

    def write(self, piece: bytes) -> None:
        """Write a piece; raise `httpx.DecodingError` if it exceeds the limit."""
        self._left -= len(piece)
        if self._left < 0:
            raise httpx.DecodingError(
                f"it is longer than {MAX_ANSWER_BYTES >> 20} MB, the most that an answer may be"
            )
        self._pieces.append(piece)

    def of(self, response: httpx.Response) -> httpx.Response:
        """Return the answer with this body."""
        return _with_content(response, b"".join(self._pieces))


def received(response: httpx.Response) -> httpx.Response:
    """Read an answer to its end, into its request's sink if there is one."""
    body = _Body()
    write = _writer(response, body)
    for piece in [response.content] if response.is_stream_consumed else response.iter_raw():
        write(piece)
    return body.of(response)


async def areceived(response: httpx.Response) -> httpx.Response:
    """Read an answer of an `httpx.AsyncClient`, as `received` does."""
    body = _Body()
    write = _writer(response, body)
    if response.is_stream_consumed:
        write(response.content)
    else:
        async for piece in response.aiter_raw():
            write(piece)
    return body.of(response)


def _writer(response: httpx.Response, body: _Body) -> Callable[[bytes], object]:
    """Return the function that writes the raw pieces of an answer, unless a hook has already read it."""
    write = (_sink_of(response) or body).write
    return Inflation(write).write if is_gzip(response) and not response.is_stream_consumed else write


def answer_of(refusal: httpx.HTTPStatusError) -> httpx.Response:
    """Return the answer that an event hook has raised, as with `raise_for_status`.

    Its body is empty unless the hook has read it, because httpx has closed it.
    """
    response = refusal.response
    try:
        return _with_content(response, response.content)
    except httpx.ResponseNotRead:
        return _with_content(response, b"")


def _sink_of(response: httpx.Response) -> Received | None:
    return response.request.extensions.get(SINK) if response.is_success else None


def _with_content(response: httpx.Response, content: bytes) -> httpx.Response:
    headers = [each for each in response.headers.raw if each[0].lower() not in _OF_THE_TRANSFER]
    return httpx.Response(response.status_code, headers=headers, content=content, request=response.request)


_OF_THE_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")
"""The headers that describe the body as sent, before its inflation."""
