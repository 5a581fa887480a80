"""The board on which a flow's process asks its worker to read the secrets again.

The flow's process holds no AWS client for this. The board is memory that worker and processes share: the
worker looks at it with each beat of its watch, so that no thread and no further pipe is needed, and a child
that a flow forks can ask too.
"""

import mmap
import struct
import zlib
from collections.abc import Mapping
from json import dumps, loads
from time import monotonic, sleep

_BYTES = 1 << 20
"""Pages that nobody touches take no memory."""
_HEADER = struct.Struct("=IIII")
"""Whether somebody asks, the number of answers, the length of the last answer, and its checksum."""
_FLAG = struct.Struct("=I")
_POLL_SECONDS = 0.02
_MOST_SECONDS = 30.0


class SecretsError(Exception):
    """An error of secrets that cannot be read; its message names them and shows no value."""


class SecretsBoard:
    """A board with one question and one answer."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _BYTES)

    @property
    def is_asked(self) -> bool:
        """Return whether a flow waits for an answer."""
        return bool(_FLAG.unpack_from(self._memory)[0])

    def answer(self, values: Mapping[str, str], error: str | None) -> None:
        """Write the values, or the error of a failed read."""
        text = dumps([error, {} if error else dict(values)]).encode()
        if len(text) > _BYTES - _HEADER.size:
            text = dumps(
                [f"the secrets are {len(text)} bytes, and at most {_BYTES} can be read", {}]
            ).encode()
        answers = _HEADER.unpack_from(self._memory)[1]
        self._memory[_HEADER.size : _HEADER.size + len(text)] = text
        _HEADER.pack_into(self._memory, 0, 0, (answers + 1) & 0xFFFFFFFF, len(text), zlib.crc32(text))

    def ask(self) -> dict[str, str]:
        """Ask for the values as they are now, and wait for the answer.

        Raises:
            SecretsError: they cannot be read, or the worker does not answer.
        """
        before = _HEADER.unpack_from(self._memory)[1]
        _FLAG.pack_into(self._memory, 0, 1)
        until = monotonic() + _MOST_SECONDS
        while monotonic() < until:
            answer = self._answer_after(before)
            if answer is not None:
                error, values = answer
                if error is not None:
                    raise SecretsError(error)
                return values
            sleep(_POLL_SECONDS)
        raise SecretsError(f"the worker has not read the secrets again within {_MOST_SECONDS:g} seconds")

    def _answer_after(self, before: int) -> tuple[str | None, dict[str, str]] | None:
        """Return the answer; None if it is not there yet, or half written."""
        _, answers, length, checksum = _HEADER.unpack_from(self._memory)
        if answers == before:
            return None
        text = self._memory[_HEADER.size : _HEADER.size + length]
        if zlib.crc32(text) != checksum:
            return None
        error, values = loads(text)
        return error, values
