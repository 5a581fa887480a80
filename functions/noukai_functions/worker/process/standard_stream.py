"""The standard streams of a flow process, which leave their unfinished lines to the worker."""

import io
import os
from _thread import RLock
from typing import TYPE_CHECKING

from noukai_functions.worker.inside.descriptors import identity_of
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
        self._pipe = identity_of(descriptor)
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
        stream._text.mode = stream.mode[:1]  # type: ignore[misc]  # as Python's own streams have it
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
        size = len(data)
        with self._lock:
            if b"\n" in data or not self._keep(data, size):
                self._send(data)
        return size

    def flush(self) -> None:
        """Write the unfinished line."""
        if self._words[LENGTH]:
            with self._lock:
                self._send(b"")

    def _use(self, shared: StreamMemory) -> None:
        self._words, self._memory = shared.words, shared.memory
        self._lock = RLock()  # a signal's handler may print while another print holds it

    # A signal's handler runs after a call, before whatever follows it: no call may stand between what reads
    # the length and what writes it.

    def _keep(self, data: bytes, size: int) -> bool:
        """Append to the unfinished line; return False if there is no room."""
        begin = HEADER_BYTES + self._words[LENGTH]
        if begin + size > HEADER_BYTES + MOST_UNFINISHED_BYTES:
            return False
        self._memory[begin : begin + size] = data
        self._words[LENGTH] += size
        return True

    def _send(self, data: bytes) -> None:
        """Write the unfinished line and the data, or count them if the worker's log is full."""
        if self._words[LENGTH]:
            data = self._memory[HEADER_BYTES : HEADER_BYTES + self._words[LENGTH]] + data
            # First: a line that was written, but not yet forgotten, would be read twice after a kill.
            self._words[LENGTH] = 0
        if self._words[IS_FULL] and self._is_piped():
            self._drop(data)
            return
        try:
            while data:
                try:
                    # Unlike a call, the step of an iterator is followed by no handler, which could raise
                    # before the data is shortened: it would be written twice.
                    for written in map(os.write, (self.name,), (data,)):
                        data = data[written:]
                except BlockingIOError:  # a child process, which shares the pipe, has set it so
                    os.set_blocking(self.name, True)
        except BaseException:  # the flow was interrupted while the pipe was full
            self._keep(data, len(data))
            raise

    def _is_piped(self) -> bool:
        """Return whether the descriptor is the worker's pipe, which a flow may have redirected."""
        try:
            return identity_of(self.name) == self._pipe
        except OSError:
            return False

    def _drop(self, data: bytes) -> None:
        lines, size = data.count(b"\n"), len(data)
        self._words[LINES] += lines
        self._words[BYTES] += size
        if self._text and self._text.write_through:
            try:
                # Nothing of it is kept, so it may come in large pieces.
                self._text.reconfigure(line_buffering=False, write_through=False)
            except ValueError:  # a flow has detached or closed it
                self._text = None
