"""The conversation of a worker with a flow's process."""

import math
import os
import select
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from time import monotonic

from noukai_functions.telemetry.logger import logger
from noukai_functions.worker.process.connection import Connection
from noukai_functions.worker.process.output import ERRORS, HALF_PIPE
from noukai_functions.worker.process.reaper import Reaper

_MOST_ANSWER_BYTES = 1 << 20
"""More than any answer has: results too large for a row are stored as objects."""
_CHUNK_BYTES = 1 << 16
_LAST_CHUNKS = 32
"""How many chunks are read after a process's death: its children may write on."""
_OUTPUT_SECONDS = 0.02
"""The interval between reads of the output; a flow that prints a lot would wake the worker for each line."""
LOOK_SECONDS = 0.05
"""The interval between checks of the process if the system does not report its death."""


class Conversation:
    """The worker's side of a connection, which sends calls, passes output on, and receives answers."""

    def __init__(self, connection: Connection, pid: int, reaper: Reaper) -> None:
        self._connection = connection
        self._pid = pid
        self._reaper = reaper
        self._lines = _LineReader()
        self._unsent = memoryview(b"")
        self._has_gone = False
        """Whether the process has ended, or closed its pipe of answers."""
        self._death = _pidfd(pid)
        self._quiet, self._all = select.poll(), select.poll()
        self._output_at = self._passed_at = 0.0
        for poll in (self._quiet, self._all):
            poll.register(connection.answers, select.POLLIN)
            if self._death is not None:
                poll.register(self._death, select.POLLIN)
        for descriptor in connection.output.reading:
            self._all.register(descriptor, select.POLLIN)

    def talk(self, call: bytes, seconds: float) -> Iterator[bytes | None]:
        """Send a call, and yield the lines received until the process has gone.

        Yields None once as much is sent as the pipe accepts, and then at least every `seconds`.
        """
        self._unsent = memoryview(call)
        self._send()
        deadline = 0.0
        while True:
            # A flow may write lines for ever; the deadline must still hold.
            if monotonic() >= deadline:
                yield None
                deadline = monotonic() + seconds
            yield from self.wait(deadline)
            if self._has_gone:
                return

    def close(self) -> None:
        """Pass on the last output of a process that has ended, and close all descriptors."""
        self._connection.output.finish()
        self._connection.close()
        if self._death is not None:
            os.close(self._death)

    def wait(self, deadline: float) -> list[bytes]:
        """Wait for an event, and handle it; return the lines received."""
        now = monotonic()
        poll, until = (
            (self._all, deadline) if now >= self._output_at else (self._quiet, min(deadline, self._output_at))
        )
        if self._death is None:
            until = min(until, now + LOOK_SECONDS)
        happened = {descriptor for descriptor, _ in poll.poll(max(0.0, until - now) * 1000)}
        if not happened:
            self._reaper.reap()
        connection = self._connection
        self._has_gone = self._death in happened or (
            self._death is None and self._reaper.has_ended(self._pid)
        )
        if poll is self._all or ERRORS in happened:
            self._pass_output()
        if self._unsent:
            self._send()
        return self._received() if connection.answers in happened or self._has_gone else []

    def _pass_output(self) -> None:
        output = self._connection.output
        open_ones = {*output.reading}
        self._output_at = self._next_pass(output.pass_on())
        if output.waits_for_log:
            # Continue as soon as the log accepts more: a pipe holds so little that polling would be slow.
            self._output_at = math.inf
            self._quiet.register(ERRORS, select.POLLOUT)
        else:
            with suppress(KeyError):
                self._quiet.unregister(ERRORS)
        for ended in open_ones - output.reading.keys():
            self._all.unregister(ended)

    def _next_pass(self, read: int) -> float:
        """Return when to read the output again: before a pipe that fills as fast as now is full."""
        now = monotonic()
        since, self._passed_at = now - self._passed_at, now
        if read >= HALF_PIPE:
            return 0.0
        return now + min(_OUTPUT_SECONDS, since * HALF_PIPE / (2 * max(read, 1)))

    def _send(self) -> None:
        """Write as much of the call as the pipe accepts."""
        try:
            self._unsent = self._unsent[os.write(self._connection.calls, self._unsent) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._unsent = memoryview(b"")
        for poll in (self._quiet, self._all):
            if self._unsent:
                poll.register(self._connection.calls, select.POLLOUT)
            else:
                with suppress(KeyError):
                    poll.unregister(self._connection.calls)

    def _received(self) -> list[bytes]:
        """Read lines from the process; a closed pipe counts as its end."""
        lines: list[bytes] = []
        for _ in range(_LAST_CHUNKS if self._has_gone else 1):
            try:
                data = os.read(self._connection.answers, _CHUNK_BYTES)
            except BlockingIOError:
                break
            lines += self._lines.feed(data)
            if not data:
                self._has_gone = True
                break
        return lines


class _LineReader:
    """A splitter of a pipe's bytes into lines."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the complete lines; drop a line that is too long for an answer."""
        *lines, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > _MOST_ANSWER_BYTES:
            self._begun = b""
        return lines


def _pidfd(pid: int) -> int | None:
    """Open a pidfd, which reports a child's death even if a grandchild holds its pipes open."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError) as error:  # not Linux, or not permitted
        if sys.platform == "linux":
            _warn_of_late_deaths(str(error))
        return None


@cache
def _warn_of_late_deaths(reason: str) -> None:
    """Log, once per reason, that deaths are polled for."""
    logger().warning(
        "flow processes: the system does not report deaths: they are polled", extra={"reason": reason}
    )
