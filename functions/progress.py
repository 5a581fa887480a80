"""The last that a flow said of its progress, in memory that its process shares with the worker's."""

import mmap
import struct
import zlib
from collections.abc import Mapping
from json import dumps, loads
from typing import Any

from functions.text import cut

_BYTES = 4096
_HEADER = struct.Struct("=II")


class ProgressBoard:
    """Holds one text: each report replaces the one before, at no cost to either process but that of writing it.

    A flow may report in every turn of a tight loop, and then fall silent: a pipe would fill, and whoever dropped
    reports to spare it could drop the last one. Anonymous memory needs no `/dev/shm`, which Lambda lacks.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    def write(self, progress: Mapping[str, Any]) -> None:
        """Replace what stands here; what does not fit is an error of who wrote it."""
        text = dumps(progress).encode()
        if len(text) > _BYTES - _HEADER.size:
            raise ValueError(f"the progress is {len(text)} bytes of JSON; at most {_BYTES - _HEADER.size} are kept")
        self._memory[_HEADER.size : _HEADER.size + len(text)] = text
        self._memory[: _HEADER.size] = _HEADER.pack(len(text), zlib.crc32(text))

    def read(self) -> Mapping[str, Any] | None:
        """What stands here; None if that is nothing, is just being replaced, or is no report."""
        length, checksum = _HEADER.unpack(self._memory[: _HEADER.size])
        text = self._memory[_HEADER.size : _HEADER.size + length]
        if not length or zlib.crc32(text) != checksum:
            return None
        try:
            progress = loads(text)
        except (ValueError, RecursionError):  # a flow has the whole memory of its process, and so this
            return None
        return progress if _is_report(progress) else None

    def clear(self) -> None:
        """Let nothing stand here."""
        self._memory[: _HEADER.size] = bytes(_HEADER.size)

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()


def _is_report(said: object) -> bool:
    """Whether a row may hold it and callers read it: what a context writes always is."""
    if not isinstance(said, dict) or not said.keys() <= {"percent", "message"}:
        return False
    percent, message = said.get("percent", 0), said.get("message", "")
    return (
        type(percent) in (int, float)
        and 0 <= percent <= 100  # noqa: PLR2004 - per cent
        and isinstance(message, str)
        and cut(message) == message
    )
