"""The standard streams of a flow process, which leave their unfinished lines to the worker."""

import io
import os
from _thread import RLock
from typing import TYPE_CHECKING

from noukai_functions.worker.process.output import (
    BYTES,
    HEADER_BYTES,
    IS_FULL,
    LENGTH,
    LINES,
    MOST_UNFINISHED_BYTES,
    StreamMemory,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class StandardStream(io.BufferedIOBase):
    """The binary side of a standard stream, which writes whole lines to a descriptor.

    The processes that a flow forks have unfinished lines of their own, and always send what they print.
    """

    def __init__(self, descriptor: int, shared: StreamMemory) -> None:
        self.name = descriptor
        self.mode = "wb"
        self.raw = io.FileIO(descriptor, "wb", closefd=False)
        self._use(shared)
        self._text: io.TextIOWrapper | None = None
        os.register_at_fork(after_in_child=lambda: self._use(StreamMemory()))

    @classmethod
    def open(cls, descriptor: int, shared: StreamMemory) -> io.TextIOWrapper:
        """Return the text stream on a descriptor."""
        stream = cls(descriptor, shared)
        stream._text = io.TextIOWrapper(
            stream, encoding="utf-8", errors="backslashreplace", line_buffering=True, write_through=True
        )
        return stream._text

    def writable(self) -> bool:
        """Return that it can be written to."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self.name

    def isatty(self) -> bool:
        """Return whether the descriptor is a terminal."""
        return os.isatty(self.name)

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write the lines in the data, with what was unfinished; keep the rest if it ends no line."""
        if type(data) is not bytes:
            data = bytes(memoryview(data))
        with self._lock:
            if b"\n" in data or self._length + len(data) > MOST_UNFINISHED_BYTES:
                self._send(data)
            else:
                self._append(data)
        return len(data)

    def flush(self) -> None:
        """Write the unfinished line."""
        if self._length:
            with self._lock:
                self._send(b"")

    def _use(self, shared: StreamMemory) -> None:
        self._words, self._memory = shared.words, shared.memory
        self._memory.seek(HEADER_BYTES)
        self._length = 0
        self._lock = RLock()  # a signal's handler may print while another print holds it

    def _append(self, data: bytes) -> None:
        self._memory.write(data)
        self._length = self._words[LENGTH] = self._length + len(data)

    def _send(self, data: bytes) -> None:
        """Write the unfinished line and the data, or count them if the worker's log is full."""
        if self._length:
            data = self._memory[HEADER_BYTES : HEADER_BYTES + self._length] + data
            # First: a line that was written, but not yet forgotten, would be read twice after a kill.
            self._length = self._words[LENGTH] = 0
            self._memory.seek(HEADER_BYTES)
        if self._words[IS_FULL]:
            self._drop(data)
            return
        try:
            while data:
                data = data[os.write(self.name, data) :]
        except BaseException:  # the flow was interrupted while the pipe was full
            if len(data) <= MOST_UNFINISHED_BYTES:
                self._append(data)
            raise

    def _drop(self, data: bytes) -> None:
        self._words[LINES] += data.count(b"\n")
        self._words[BYTES] += len(data)
        if self._text and self._text.write_through:
            # Nothing of it is kept, so it may come in large pieces.
            self._text.reconfigure(line_buffering=False, write_through=False)
