"""The inflation of answers that were sent as gzip."""

import zlib
from collections.abc import Callable
from functools import partial

import httpx

_MOST_SENT_BYTES = 128 << 20
"""More than the largest answer takes: a server may send empty members without end."""

_PIECE_BYTES = 1 << 20

_member = partial(zlib.decompressobj, wbits=zlib.MAX_WBITS | 16)


class Inflation:
    """The inflation of one answer, member by member, which writes pieces of at most a megabyte.

    httpx inflates a piece as a whole, in each of several encodings, and keeps what follows the first member.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._left = _MOST_SENT_BYTES
        self._member = _member()

    def write(self, piece: bytes) -> None:
        """Inflate a piece; raise `httpx.DecodingError` if it is not gzip, or too long."""
        self._left -= len(piece)
        if self._left < 0:
            raise httpx.DecodingError(f"it is longer than {_MOST_SENT_BYTES >> 20} MB before it is inflated")
        try:
            while piece:
                if self._member.eof:
                    self._member = _member()
                self._write(self._member.decompress(piece, _PIECE_BYTES))
                piece = self._member.unused_data or self._member.unconsumed_tail
        except zlib.error as error:
            raise httpx.DecodingError(f"it is no gzip: {error}") from None


def is_gzip(response: httpx.Response) -> bool:
    """Return whether the answer was sent as gzip and in no further encoding; no other is asked for."""
    encoding: str = response.headers.get("Content-Encoding", "")
    return encoding.strip().lower() in {"gzip", "x-gzip"}
