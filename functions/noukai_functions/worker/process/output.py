"""The pipes from a flow's standard streams and its logging to its worker."""

import fcntl
import mmap
import os
import select
import stat
import struct
import sys
import termios
from contextlib import suppress
from itertools import chain
from time import monotonic
from typing import Protocol

from noukai_functions.logs.masking import Masker
from noukai_functions.worker.process.ownerless import OwnerlessOutput

ERRORS = 2
"""The worker's standard error, which is its log. The runtime may use standard output for itself."""

_PIPE_BYTES = 1 << 20
HALF_PIPE = _PIPE_BYTES // 2
_CHUNK_BYTES = 1 << 16
_STREAMS = 3
_LAST_SECONDS = 2.0
"""How long the last output may wait for a log that is full."""


LENGTH, IS_FULL, LINES, BYTES = range(4)
"""The numbers at the beginning of a stream's memory."""
HEADER_BYTES = 4 * 8
MOST_UNFINISHED_BYTES = 16 * 1024
"""How long an unfinished line may be; a longer one is written before its end."""
_MOST_COUNT = 1 << 50
"""More than a flow can print; a flow may write anything to this memory."""


class Listener(Protocol):
    """An interface that takes the output of an attempt."""

    def hear(self, stream: int, data: bytes) -> bytes:
        """Take what a pipe held; return what is to be copied to the worker's log."""

    def finish(self) -> bytes:
        """Take the unfinished lines; return what is to be copied to the worker's log."""

    @property
    def is_full(self) -> bool:
        """Return whether what follows is only counted."""

    def skip(self, lines: int, size: int) -> None:
        """Count lines that the flow's process has dropped, and their bytes."""


class StreamMemory:
    """The memory that a flow process shares with its worker for a stream, which neither of them waits for.

    It holds the unfinished line, for the worker if the process dies, and whether the worker's log is full:
    from then on the process counts its output instead of sending it.
    """

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, HEADER_BYTES + MOST_UNFINISHED_BYTES)
        self.words = memoryview(self.memory)[:HEADER_BYTES].cast("Q")

    def set_full(self, *, is_full: bool) -> None:
        """Let the process count its output from now on, or send it again."""
        self.words[IS_FULL] = is_full

    def take_line(self) -> bytes:
        """Return the unfinished line of a process that is idle or has died, and forget it."""
        length = min(self.words[LENGTH], MOST_UNFINISHED_BYTES)
        self.words[LENGTH] = 0
        line = self.memory[HEADER_BYTES : HEADER_BYTES + length]
        # A thread that goes on printing may add to the length: it must not bring back what was printed.
        self.memory[HEADER_BYTES : HEADER_BYTES + length] = bytes(length)
        return line

    def take_dropped(self) -> tuple[int, int]:
        """Return how many lines and bytes the process has dropped, and forget them."""
        lines, size = (min(self.words[place], _MOST_COUNT) for place in (LINES, BYTES))
        self.words[LINES] = self.words[BYTES] = 0
        return lines, size

    def close(self) -> None:
        """Release the memory."""
        self.words.release()
        self.memory.close()


class Output:
    """The output pipes of a flow process: standard output, standard error, records of logging.

    The listener of an attempt takes what they hold; what belongs to none goes to the worker's log, masked.
    Reads no more than that log accepts, so that a flow that prints faster must wait.
    """

    def __init__(self, masker: Masker) -> None:
        pipes = _pipes()
        self.writing = tuple(pipe[1] for pipe in pipes)
        self.memories = (StreamMemory(), StreamMemory())
        """Those of standard output and standard error."""
        self.reading = {pipe[0]: number for number, pipe in enumerate(pipes)}
        """The open descriptors, each with the number of its stream."""
        self._ownerless = OwnerlessOutput(masker, _STREAMS)
        self._listener: Listener = self._ownerless
        self._is_heard = False
        """Whether the listener has taken anything since the last `finish`."""
        self._is_full = False
        """Whether the process drops its output, because the listener would only count it."""
        self._log = _Log()
        for descriptor in self.reading:
            os.set_blocking(descriptor, False)
            _enlarge(descriptor)

    def close_child_side(self) -> None:
        """Close the flow's ends in the worker."""
        for descriptor in self.writing:
            os.close(descriptor)

    def drop(self) -> None:
        """Close both ends after a failed fork."""
        self.close_child_side()
        self.close()

    @property
    def waits_for_log(self) -> bool:
        """Return whether output is waiting for the log."""
        return self._log.is_full

    def listen(self, listener: Listener | None, *, from_now: bool) -> None:
        """Let the listener of an attempt take what is written from now on, or all that is unread."""
        if from_now:
            self.finish()  # what was written before the attempt may be another org's
        else:
            self._finish_lines()
        self._listener = self._ownerless if listener is None else listener
        self._is_full = False
        for memory in self.memories:
            memory.set_full(is_full=False)
            memory.take_dropped()

    def pass_on(self) -> int:
        """Take the pipes' content; return the most bytes that one held, at most half of what it can hold."""
        most = 0
        for descriptor in list(self.reading):
            read = 0
            while read < HALF_PIPE and self._log.takes_more() and (count := self._pass_chunk(descriptor)):
                read += count
            most = max(most, read)
        return most

    def finish(self) -> None:
        """Copy the pipes' current content and the unfinished lines of the process, which is idle or has died.

        Does not wait for the pipes' end, since a daemon may keep them open.
        """
        self._log.give_up_at = monotonic() + _LAST_SECONDS
        for descriptor in list(self.reading):
            left = _waiting(descriptor)
            while left > 0 and self._log.waits() and (count := self._pass_chunk(descriptor)):
                left -= count
        for number, memory in enumerate(self.memories):
            if line := memory.take_line():
                self._hear(number, line)
            if self._is_full:
                self._listener.skip(*memory.take_dropped())
        self._finish_lines()
        self._log.waits()

    def close(self) -> None:
        """Close the pipes."""
        for descriptor in self.reading:
            os.close(descriptor)
        self.reading.clear()
        for memory in self.memories:
            memory.close()

    def _pass_chunk(self, descriptor: int) -> int:
        try:
            data = os.read(descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return 0
        if data:
            self._hear(self.reading[descriptor], data)
        else:
            del self.reading[descriptor]
            os.close(descriptor)
        return len(data)

    def _hear(self, number: int, data: bytes) -> None:
        self._is_heard = True
        self._log.write(self._listener.hear(number, data))
        if self._listener.is_full and not self._is_full:
            self._is_full = True
            for memory in self.memories:
                memory.set_full(is_full=True)

    def _finish_lines(self) -> None:
        if self._is_heard:
            self._is_heard = False
            self._log.write(self._listener.finish())


class _Log:
    """The worker's standard error, written without blocking."""

    def __init__(self) -> None:
        self._left = memoryview(b"")
        self.give_up_at = 0.0
        kind = os.fstat(ERRORS).st_mode
        self._step = select.PIPE_BUF if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind) else _PIPE_BYTES
        """How many bytes a ready pipe accepts without blocking."""

    @property
    def is_full(self) -> bool:
        """Return whether output is still unwritten."""
        return bool(self._left)

    def write(self, data: bytes) -> None:
        if not data:
            return
        self._left = memoryview(bytes(self._left) + data) if self._left else memoryview(data)
        self.takes_more()

    def takes_more(self, seconds: float = 0) -> bool:
        """Write the remaining output; return whether all is written."""
        try:
            while self._left and select.select([], [ERRORS], [], seconds)[1]:
                self._left = self._left[os.write(ERRORS, self._left[: self._step]) :]
        except OSError:  # nobody reads the log any more, but the job must not fail for that
            self._left = memoryview(b"")
        return not self._left

    def waits(self) -> bool:
        """Write the remaining output until `give_up_at`; return whether all is written."""
        return self.takes_more(max(0.0, self.give_up_at - monotonic()))


def _pipes() -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    try:
        while len(made) < _STREAMS:
            made.append(os.pipe())
    except OSError:
        for descriptor in chain.from_iterable(made):
            os.close(descriptor)
        raise
    return made


def _waiting(descriptor: int) -> int:
    """Return the number of unread bytes in a pipe."""
    count: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0\0\0\0"))[0]
    return count


def _enlarge(pipe: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError):  # the user's limit of pipe memory may be reached
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
