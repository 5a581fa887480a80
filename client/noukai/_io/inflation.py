"""The inflation of answers compressed with gzip."""

import zlib
from collections.abc import Callable
from functools import partial

import httpx

_MOST_SENT_BYTES = 128 << 20
"""More than the largest answer takes: a server could send empty gzip members without end."""

_PIECE_BYTES = 1 << 20

_member = partial(zlib.decompressobj, wbits=zlib.MAX_WBITS | 16)


class Inflation:
    """The inflation of an answer in pieces of at most a megabyte, over all gzip members.

    httpx would inflate a piece as a whole, in each of several encodings, and drop further members.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._left = _MOST_SENT_BYTES
        self._member = _member()

    def write(self, piece: bytes) -> None:
        """Inflate a piece; raise `httpx.DecodingError` if it is invalid or too long."""
        self._left -= len(piece)
        if self._left < 0:
            raise httpx.DecodingError(f"it is compressed and longer than {_MOST_SENT_BYTES >> 20} MB")
        try:
            while piece:
                if self._member.eof:
                    self._member = _member()
                self._write(self._member.decompress(piece, _PIECE_BYTES))
                piece = self._member.unused_data or self._member.unconsumed_tail
        except zlib.error as error:
            raise httpx.DecodingError(f"it is not gzip: {error}") from None


def is_gzip(response: httpx.Response) -> bool:
    """Return whether the answer is encoded as gzip and nothing else, the only encoding that we request."""
    encoding: str = response.headers.get("Content-Encoding", "")
    return encoding.strip().lower() in {"gzip", "x-gzip"}
