"""The process that a flow runs in: a forked child with a process group of its own.

A thread could not do this: one C call that holds the interpreter's lock would stall the heartbeats beside it, and no
thread can be killed. The parent stays free of threads and waits on a pipe; `multiprocessing` queues would need shared
memory, which Lambda lacks.
"""

import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from functions.failure import describe_error
from functions.outcome import Outcome, Raised, from_line, to_line
from functions.progress import ProgressBoard
from functions.tether import Tether

INTERRUPT = signal.SIGTERM
_CHUNK_BYTES = 1 << 16


@dataclass(slots=True)
class FlowProcess:
    """A running flow: its outcome arrives through `receive`, and after `close` nothing of its group runs."""

    pid: int
    board: ProgressBoard
    _pipe: int
    _tether: Tether
    _unread: bytes = b""
    _status: int | None = None

    @classmethod
    def start(cls, body: Callable[[ProgressBoard], Outcome]) -> "FlowProcess":
        """Fork; `body` runs in the child, which ends with it, or with this process."""
        board = ProgressBoard()
        tether = Tether()
        reading, writing = os.pipe()
        try:
            pid = os.fork()
        except OSError:
            for pipe in (reading, writing):
                os.close(pipe)
            tether.hold()
            tether.cut()
            board.close()
            raise
        if pid == 0:
            os.close(reading)
            _run_child(body, board, tether, writing)
        os.close(writing)
        tether.hold()
        with suppress(PermissionError, ProcessLookupError):  # the child was faster, or is gone
            os.setpgid(pid, pid)
        return cls(pid, board, reading, tether)

    def receive(self, seconds: float) -> Outcome | None:
        """Wait up to so many seconds for the outcome; a death without one is an outcome too.

        A child that died may have left the pipe open in a child of its own, so it is itself looked at, and before the
        pipe: whatever it has said is in there by then.
        """
        dead = self._has_died()
        readable, _, _ = select.select([self._pipe], [], [], 0 if dead else seconds)
        data = os.read(self._pipe, _CHUNK_BYTES) if readable else b""
        *lines, self._unread = (self._unread + data).split(b"\n")
        outcome = next((said for said in map(from_line, lines) if said is not None), None)
        if outcome is not None:
            return outcome
        # The end of the pipe is the end of the flow: if it lives it has closed the pipe itself, and can say no more.
        if (readable and not data) or (dead and not readable):
            return Raised(_cause_of_death(self._reap()))
        return None

    def interrupt(self) -> None:
        """Ask the flow to stop: an exception is raised in its main thread, which also cancels its coroutines."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, INTERRUPT)

    def kill(self) -> None:
        """Kill the flow, wherever it has moved itself, and what it has started in its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Leave nothing of the group running, no zombie, no open pipe and no memory."""
        self._reap()
        os.close(self._pipe)
        self._tether.cut()
        self.board.close()

    def _has_died(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def _reap(self) -> int:
        self.kill()
        if self._status is None:
            self._status = os.waitpid(self.pid, 0)[1]
        return self._status


def _cause_of_death(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        # The signals of real time, but for the first and the last, have no names.
        name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
        hint = " (out of memory?)" if number == signal.SIGKILL else ""
        return f"ProcessDied: the flow's process was ended by {name}{hint}"
    return f"ProcessDied: the flow's process ended itself with status {os.WEXITSTATUS(status)}"


def _run_child(
    body: Callable[[ProgressBoard], Outcome], board: ProgressBoard, tether: Tether, writing: int
) -> NoReturn:
    """Run the flow and end the process, whatever happens, without the parent's clean-up."""
    try:
        os.setpgid(0, 0)
        tether.tie()
        _leave_standard_streams()
        try:
            outcome = body(board)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the outcome
            outcome = Raised(describe_error(error))
        # The outcome comes last: whoever receives it ends this process.
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # a flow may have closed or replaced it
                stream.flush()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(to_line(outcome))
    finally:
        os._exit(0)


def _leave_standard_streams() -> None:
    """Read nothing, and write to the log: the runtime may speak with its host through its standard streams."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
