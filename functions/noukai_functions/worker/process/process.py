"""A flow process: a forked child in its own process group, which runs the flows of one project.

A thread would not do: a C call that holds the GIL would stall the heartbeats, and a thread cannot be killed.
The parent has no threads and waits on a pipe; `multiprocessing` queues need shared memory, which Lambda
lacks.
"""

import os
import signal
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from secrets import token_hex
from time import monotonic, sleep
from typing import NoReturn

from noukai.flow.runtime import Raised
from noukai_functions.logs.masking import Masker
from noukai_functions.worker.exchange import (
    INTERRUPT,
    Answer,
    Call,
    Moment,
    Notice,
    Outcome,
    ProgressBoard,
    answers_to,
)
from noukai_functions.worker.inside.channel import BROKEN, Channel
from noukai_functions.worker.process.connection import Connection
from noukai_functions.worker.process.conversation import LOOK_SECONDS, Conversation
from noukai_functions.worker.process.output import Listener
from noukai_functions.worker.process.reaper import End, Reaper

_DEATH_SECONDS = 0.1
"""How long to wait for the exit status of a process that has closed its pipes."""
_LEAVING_SECONDS = 2.0
"""How long the exit handlers of a process may take."""
_KILLED_FOR_MEMORY_SHARE = 2
"""A killed process that held the worker's memory divided by this was most likely killed for lack of memory.
"""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Body = Callable[[Channel, ProgressBoard, str], object]
"""The main function of the process, called with its pipes, progress board and the token of its first answer.
"""


class FlowProcess:
    """A process that runs one call at a time, from the worker's side.

    `run` yields the outcome of a call; after `close` no process of its group is running.
    """

    def __init__(
        self, project: str, pid: int, connection: Connection, reaper: Reaper, token: str, *, memory: int
    ) -> None:
        self.project = project
        self.pid = pid
        self.board = connection.board
        self.attempts = 0
        """The number of calls."""
        self.has_imported = False
        """Whether its module is imported, and the flow of a pending call has begun."""
        self.folder = ""
        """The scratch folder of its attempt."""
        self.edition = 0
        """The edition of the secrets with which it began."""
        self.first_memory = 0
        """Its memory after the first attempt, in bytes."""
        self._workers_memory = memory
        self._inherited = _memory(os.getpid())
        self._connection = connection
        self._reaper = reaper
        self._import_token = token
        self._conversation = Conversation(connection, pid, reaper)
        self._is_called = False
        self._is_spoilt = False
        self._ended: End | None = None

    @classmethod
    def start(
        cls,
        project: str,
        body: Body,
        reaper: Reaper,
        memory: int,
        *,
        modules: Collection[str] | None = None,
        masker: Masker | None = None,
    ) -> "FlowProcess":
        """Fork a process for the flows of a project.

        The child runs the body and ends with it, or with this process. `memory` is the worker's memory for
        all processes, in bytes. Of all libraries, the child keeps only `modules` loaded, or all with None.
        `masker` masks output that belongs to no attempt.

        Raises:
            OSError: no process or file descriptor is left.
        """
        connection, token = Connection(masker or Masker()), token_hex(8)
        try:
            pid = os.fork()
        except OSError:
            connection.drop()
            raise
        if pid == 0:
            _run_child(body, connection, modules, token)
        connection.close_child_side()
        with suppress(PermissionError, ProcessLookupError):  # the child did it first, or has ended
            os.setpgid(pid, pid)
        reaper.keep(pid)
        return cls(project, pid, connection, reaper, token, memory=memory)

    @property
    def is_alive(self) -> bool:
        """Return whether it is running."""
        return self._ended is None and not self._reaper.has_ended(self.pid)

    @property
    def is_clean(self) -> bool:
        """Return whether it may run another call."""
        return not (self._is_called or self._is_spoilt)

    @property
    def memory(self) -> int:
        """Return the memory gained since the fork, in bytes."""
        return max(0, _memory(self.pid) - self._inherited)

    def fails_to_import(self, seconds: float) -> bool:
        """Wait for the import, up to a number of seconds; return whether it has failed."""
        importing = self._exchange(None, seconds)
        next(importing)  # begins to wait
        return next(importing) is not None

    def fails_at(self, moment: Moment, seconds: float) -> bool:
        """Let an idle process run its hooks, up to a number of seconds; return whether it fails."""
        notice = Notice(moment)
        answers = answers_to(notice, lambda line: self._conversation.talk(line, seconds), None)
        next(answers, None)  # the notice is sent
        answer = next(answers, None)
        return answer is None or answer.outcome is not None

    def run(self, call: Call, listener: Listener | None, seconds: float) -> Iterator[Outcome | None]:
        """Run a call, which begins when the module is imported; the listener takes its output.

        Yields None once the call is sent, when the module has been imported, and at least every `seconds`; at
        last the outcome. A death is an outcome too.
        """
        self._connection.output.listen(listener, from_now=self.has_imported)
        self.attempts += 1
        self._is_called = True
        yield from self._exchange(call, seconds)

    def interrupt(self) -> None:
        """Interrupt the flow: raise an exception in its main thread, and cancel its coroutines."""
        self._is_spoilt = True
        self._signal(INTERRUPT)

    def kill(self) -> None:
        """Kill the process, even if it left its group, and the rest of its group."""
        self._is_spoilt = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._signal(signal.SIGKILL)

    def leave(self) -> None:
        """Close the pipe of calls, wait for its exit handlers, and close it."""
        self._connection.close_calls()
        deadline = monotonic() + _LEAVING_SECONDS
        while self.is_alive and (left := deadline - monotonic()) > 0:
            self._conversation.wait(monotonic() + min(left, LOOK_SECONDS))
        self.close()

    def close(self) -> None:
        """Kill the process, reap it, and release its pipes and memory.

        Raises:
            NotEndedError: a killed process is still running.
        """
        try:
            self._end()
        finally:
            self._conversation.close()

    def _exchange(self, call: Call | None, seconds: float) -> Iterator[Outcome | None]:
        """Send a call, and yield its outcome; without a call, wait for the module's import."""
        self.board.clear()
        import_token = None if self.has_imported else self._import_token
        for answer in answers_to(call, lambda line: self._conversation.talk(line, seconds), import_token):
            outcome = self._outcome_of(answer) if answer else None
            yield outcome
            if outcome:
                return
        yield self._cause_of_death()

    def _outcome_of(self, answer: Answer) -> Outcome | None:
        if not self.has_imported and answer.outcome is None:
            self.has_imported = True
            return None
        self._is_called = False
        self._is_spoilt = self._is_spoilt or not (self.has_imported and answer.is_clean)
        self._connection.output.finish()
        return answer.outcome or Raised("ProcessDied: the flow's process sent an invalid answer")

    def _cause_of_death(self) -> Raised:
        deadline = monotonic() + _DEATH_SECONDS
        while self.is_alive and monotonic() < deadline:
            sleep(0.001)
        has_died = not self.is_alive
        ended = self._end()
        self._connection.output.finish()
        code = ended.code
        when = "" if self.has_imported else " while it imported the flow's module"
        if not has_died or code == BROKEN:
            return Raised(f"ProcessDied: the flow's process has closed the pipes to its worker{when}")
        if code >= 0:
            return Raised(f"ProcessDied: the flow's process ended itself with status {code}{when}")
        # Real-time signals have no names, except the first and the last.
        name = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
        why = self._memory_at_its_end(ended) if -code == signal.SIGKILL else ""
        return Raised(f"ProcessDied: the flow's process was ended by {name}{when}{why}")

    def _memory_at_its_end(self, ended: End) -> str:
        """Return the memory at its death, since the kernel gives no reason for a kill."""
        held, memory = (f"{each / 1_048_576:.0f} MB" for each in (ended.memory, self._workers_memory))
        if ended.memory * _KILLED_FOR_MEMORY_SHARE < self._workers_memory:
            return f"; it held up to {held} of memory"
        return f", most likely out of memory: it held up to {held}, and its worker has {memory}"

    def _end(self) -> End:
        self._is_spoilt = True
        if self._ended is None:
            self._ended = self._reaper.end(self.pid)
        return self._ended

    def _signal(self, number: int) -> None:
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _memory(pid: int) -> int:
    """Return a process's anonymous memory in bytes; 0 if unknown."""
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:  # noqa: PTH123 - it is read after each attempt
            _, resident, of_files, *_ = map(int, file.read().split())
    except OSError:  # not Linux, or the process has ended
        return 0
    return (resident - of_files) * _PAGE_BYTES


def _run_child(body: Body, connection: Connection, modules: Collection[str] | None, token: str) -> NoReturn:
    """Run the body in the child, and exit without the parent's clean-up."""
    try:
        body(connection.enter(modules), connection.board, token)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing may return into the worker's code
        traceback.print_exc()
    finally:
        os._exit(1)
