"""The latest progress of a flow, in memory shared with its worker."""

import mmap
import struct
import zlib
from collections.abc import Mapping
from json import dumps, loads
from typing import Any

from noukai_wire.text import cut

_BYTES = 4096
_HEADER = struct.Struct("=II")


class ProgressBoard:
    """A board that holds one text: each report replaces the one before.

    A flow may report in every turn of a tight loop, and then fall silent: a pipe would fill, and whoever
    dropped reports to spare it could drop the last one. Anonymous memory needs no `/dev/shm`, which Lambda
    lacks.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    def write(self, progress: Mapping[str, Any]) -> None:
        """Replace the text; raise if it does not fit."""
        text = dumps(progress).encode()
        if len(text) > _BYTES - _HEADER.size:
            raise ValueError(f"the progress is {len(text)} bytes of JSON; at most {_BYTES - _HEADER.size} are kept")
        self._memory[_HEADER.size : _HEADER.size + len(text)] = text
        self._memory[: _HEADER.size] = _HEADER.pack(len(text), zlib.crc32(text))

    def read(self) -> Mapping[str, Any] | None:
        """Return the text; None if there is none, or it is being replaced or invalid."""
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
        """Clear the text."""
        self._memory[: _HEADER.size] = bytes(_HEADER.size)

    def close(self) -> None:
        """Release the memory."""
        self._memory.close()


def _is_report(said: object) -> bool:
    """Return whether it is a valid report; a context's always is."""
    if not isinstance(said, dict) or not said.keys() <= {"percent", "message"}:
        return False
    percent, message = said.get("percent", 0), said.get("message", "")
    return (
        type(percent) in (int, float)
        and 0 <= percent <= 100  # noqa: PLR2004 - per cent
        and isinstance(message, str)
        and cut(message) == message
    )
