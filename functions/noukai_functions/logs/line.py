"""A log line, and its form in a stored segment.

A row is a JSON array, with the time as a difference. A line that was read together with the one before is a
space and its text, which takes less room and time.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""One encoder for all lines: making it takes longer than encoding a line."""

STDOUT, STDERR, LOG, DROPPED = 1, 2, 3, 4
"""The streams in a segment; the last one is a line of ours that counts lines which are missing."""

STREAMS = {STDOUT: "stdout", STDERR: "stderr", LOG: "log", DROPPED: "log"}

_PRINTED = (STDOUT, STDERR)
"""The streams whose lines hold no line end."""

_LEVELS = {STDOUT: "info", STDERR: "warning", LOG: "info", DROPPED: "warning"}
"""The level of a line that names none."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `at` is in milliseconds since the epoch, `stream` one of `STREAMS`."""

    at: int
    stream: int
    message: str
    level: str | None = None
    fields: Mapping[str, Any] | None = None

    @property
    def shown_level(self) -> str:
        """Return the level; a line without one has its stream's."""
        return self.level or _LEVELS[self.stream]

    @property
    def size(self) -> int:
        """Return the bytes of the message and the fields, which count for the bounds of a log."""
        message = self.message
        size = len(message) if message.isascii() else len(message.encode("utf-8", "replace"))
        return size + len(_ENCODE(self.fields)) if self.fields else size

    def encoded(self, before: "Line | None" = None) -> bytes:
        """Return the row of the line in a segment, after the row of the line before it."""
        if (
            before is not None
            and (self.at, self.stream) == (before.at, before.stream)
            and self.stream in _PRINTED
            and self.level is None
        ):
            return encoded_together((self.message,))
        parts: list[Any] = [self.at - (0 if before is None else before.at), self.stream, self.message]
        if self.level or self.fields:
            parts += [self.level, *([self.fields] if self.fields else [])]
        return f"{_ENCODE(parts)}\n".encode("utf-8", "replace")


def encoded_together(messages: Sequence[str]) -> bytes:
    """Return the rows of lines that differ from the one before in their text alone."""
    return (" " + "\n ".join(messages) + "\n").encode("utf-8", "replace") if messages else b""


def decoded(content: bytes) -> Iterator[Line]:
    """Yield the lines of a segment."""
    at, stream = 0, LOG
    for row in content.decode().split("\n")[:-1]:
        if row.startswith(" "):
            yield Line(at, stream, row[1:])
            continue
        after, stream, message, *more = json.loads(row)
        at += after
        level, fields = (*more, None, None)[:2]
        yield Line(at, stream, message, level, fields)
