"""Content that is sent and received in pieces."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

import httpx

SINK = "noukai_sink"
"""The request extension that writes a successful answer to a `Received` instead."""

_PIECE_BYTES = 1 << 16
_IN_MEMORY_BYTES = 1 << 20

Note = Callable[[int], object]
"""Is told how many bytes have been sent, or have come, piece by piece."""


def _forgotten(_: int) -> None:
    """Discard the content, which nobody reads."""


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
    """Content that was received: in memory, and beyond a megabyte in a file that has no name.

    More than the most bytes are no success: a server may send without end.
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
            raise httpx.DecodingError("it is longer than was said before")
        self._file.write(piece)
        self._digest.update(piece)
        self._note(len(piece))

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of all that was received, in hex."""
        return self._digest.hexdigest()

    def value(self) -> Any:
        """Return the value that the JSON stands for."""
        self._file.seek(0)
        return json.load(self._file)

    def close(self) -> None:
        """Close the content; a piece that still arrives is dropped."""
        self._file.close()


def received(response: httpx.Response) -> httpx.Response:
    """Read an answer to its end: into the sink of its request, if it has one."""
    sink = _sink_of(response)
    if sink is None:
        response.read()
        return response
    for piece in response.iter_bytes():
        sink.write(piece)
    return _emptied(response)


async def areceived(response: httpx.Response) -> httpx.Response:
    """Read an answer of an `httpx.AsyncClient` as `received` does."""
    sink = _sink_of(response)
    if sink is None:
        await response.aread()
        return response
    async for piece in response.aiter_bytes():
        sink.write(piece)
    return _emptied(response)


def _sink_of(response: httpx.Response) -> Received | None:
    return response.request.extensions.get(SINK) if response.is_success else None


def _emptied(response: httpx.Response) -> httpx.Response:
    return httpx.Response(response.status_code, headers=response.headers, request=response.request)
