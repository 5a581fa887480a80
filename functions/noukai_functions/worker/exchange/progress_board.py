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
    """A board that holds one progress report, replaced by the next.

    A flow may report in a tight loop and then stop: a pipe would fill, and dropping reports could drop the
    last one. Anonymous memory needs no `/dev/shm`, which Lambda lacks.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    def write(self, progress: Mapping[str, Any]) -> None:
        """Replace the report; raise if it does not fit."""
        text = dumps(progress).encode()
        if len(text) > _BYTES - _HEADER.size:
            raise ValueError(
                f"the progress is {len(text)} bytes of JSON; at most {_BYTES - _HEADER.size} are allowed"
            )
        self._memory[_HEADER.size : _HEADER.size + len(text)] = text
        self._memory[: _HEADER.size] = _HEADER.pack(len(text), zlib.crc32(text))

    def read(self) -> Mapping[str, Any] | None:
        """Return the report; None if there is none, or if it is invalid or half written."""
        length, checksum = _HEADER.unpack(self._memory[: _HEADER.size])
        text = self._memory[_HEADER.size : _HEADER.size + length]
        if not length or zlib.crc32(text) != checksum:
            return None
        try:
            progress = loads(text)
        except (ValueError, RecursionError):  # a flow can write anything to this memory
            return None
        return progress if _is_report(progress) else None

    def clear(self) -> None:
        """Clear the report."""
        self._memory[: _HEADER.size] = bytes(_HEADER.size)

    def close(self) -> None:
        """Release the memory."""
        self._memory.close()


def _is_report(said: object) -> bool:
    """Return whether it is a valid report, as `Context.progress` would write it."""
    if not isinstance(said, dict) or not said.keys() <= {"percent", "message"}:
        return False
    percent, message = said.get("percent", 0), said.get("message", "")
    return (
        type(percent) in (int, float)
        and 0 <= percent <= 100  # noqa: PLR2004 - per cent
        and isinstance(message, str)
        and cut(message) == message
    )
