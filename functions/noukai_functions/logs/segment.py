"""A segment of an attempt's log: compressed lines that are written together."""

import zlib
from collections.abc import Iterator

from noukai_functions.logs.line import Line, decoded, encoded_together

_MOST_BYTES = 1 << 20
"""The size of a full segment, uncompressed: a reader holds one at a time."""


_CHUNK_BYTES = 1 << 14
"""Lines are compressed together, since each call takes a while."""


class Segment:
    """A segment that grows: it holds its lines compressed only."""

    def __init__(self, first: int) -> None:
        self.first = first
        """The number of its first line in the attempt's log."""
        self.count = 0
        self._bytes = 0
        self._latest: Line | None = None
        # A flow that prints much waits for this, and its log is large in any case.
        self._compressor = zlib.compressobj(zlib.Z_BEST_SPEED if first else zlib.Z_DEFAULT_COMPRESSION)
        self._compressed = bytearray()
        self._waiting = bytearray()

    @property
    def is_full(self) -> bool:
        """Return whether another segment should begin."""
        return self._bytes >= _MOST_BYTES

    def add(self, line: Line, *more: str) -> None:
        """Append a line, and those that were printed without a level and read together with it."""
        text = line.encoded(self._latest) + encoded_together(more)
        self._latest = line
        self.count += 1 + len(more)
        self._bytes += len(text)
        self._waiting += text
        if len(self._waiting) >= _CHUNK_BYTES:
            self._compress()

    def content(self) -> bytes:
        """Return the compressed lines so far; more may follow."""
        self._compress()
        return bytes(self._compressed) + self._compressor.copy().flush()

    def _compress(self) -> None:
        self._compressed += self._compressor.compress(self._waiting)
        self._waiting.clear()


def lines_of(content: bytes) -> Iterator[Line]:
    """Yield the lines of a segment's content."""
    return decoded(zlib.decompress(content))
