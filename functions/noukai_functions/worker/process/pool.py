"""The pool of flow processes that a worker keeps between attempts."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic

from noukai_functions.logs.masking import Masker
from noukai_functions.telemetry.logger import logger
from noukai_functions.worker.exchange import Moment
from noukai_functions.worker.process.process import Body, FlowProcess
from noukai_functions.worker.process.reaper import Reaper
from noukai_functions.worker.process.scratch import NEW_MODE, make_scratch, remove_scratch, remove_stale

_MOST_KEPT = 4
_IDLE_SHARE = 4
"""All idle processes together may hold the function's memory divided by this."""
_GROWTH_SHARE = 8
"""A process may grow by the function's memory divided by this, after its first attempt."""
_MOST_ATTEMPTS = 10_000


class WorkerBrokenError(Exception):
    """An error of the worker itself, whose process must end."""


@dataclass
class ProcessPool:
    """A pool of at most four idle processes, each for the flows of one project.

    The least recently used process ends first.
    """

    body: Callable[[str], Body]
    """Makes the function that runs in the process of a project."""
    memory: int
    """The function's memory in bytes."""
    masker: Masker = field(default_factory=Masker)
    """Masks what processes print before their first attempt."""
    edition: Callable[[], int] | None = None
    """Returns the edition of the secrets: an idle process that began with an earlier one ends."""
    _idle: list[FlowProcess] = field(default_factory=list)
    """The least recently used process comes first."""
    _modules: frozenset[str] | None = None
    """The modules loaded before the first process was forked; None if no process was started ahead."""
    _spare: str = ""
    """An unused scratch folder, kept for the next attempt."""
    _is_broken: bool = False

    def get_ready(self, projects: Iterable[str], seconds: float) -> None:
        """Start processes that import the projects' modules, as time, memory and the limit of four allow.

        A process whose import fails is closed with a warning. The first job that needs the project starts
        another process, and its error gives the reason.
        """
        deadline = monotonic() + seconds
        self._modules = frozenset(sys.modules)
        for project in projects:
            if len(self._idle) == _MOST_KEPT or self._use_too_much() or monotonic() >= deadline:
                return
            try:
                process = self._make(project)
            except OSError:
                logger().warning("flow processes: none could be started ahead", exc_info=True)
                return
            if process.fails_to_import(deadline - monotonic()):
                logger().warning(
                    "flow processes: a module could not be imported ahead", extra={"project": project}
                )
                process.close()
            else:
                self._idle.append(process)

    def tell(self, moment: Moment, seconds: float) -> None:
        """Let the idle processes run their hooks around a snapshot, as time allows.

        A process that fails is closed with a warning: the next job of its project starts another.
        """
        self._drop_dead()
        deadline = monotonic() + seconds
        for process in [*self._idle]:
            if process.fails_at(moment, max(0.0, deadline - monotonic())):
                logger().warning(
                    "flow processes: hooks around a snapshot failed",
                    extra={"project": process.project, "moment": moment},
                )
                self._idle.remove(process)
                process.close()

    @contextmanager
    def process_of(self, project: str, *, fresh: bool) -> "Iterator[Loan]":
        """Lend a process of the project for an attempt, as `take` and `give_back` do.

        Raises:
            WorkerBrokenError: no process or folder can be made, or the running processes cannot be found.
            NotEndedError: a killed process is still running.
        """
        loan = Loan(self, project, fresh, self.take(project, fresh=fresh))
        try:
            yield loan
        finally:
            self.give_back(loan.process, is_used_up=fresh)

    def take(self, project: str, *, fresh: bool) -> FlowProcess:
        """Return a process of the project, kept or new, with an empty scratch folder.

        With `fresh`, no attempt has used the process before.

        Raises:
            WorkerBrokenError: no process or folder can be made.
            NotEndedError: a killed process is still running.
        """
        if self._is_broken:
            raise WorkerBrokenError("the files of an earlier attempt cannot be deleted")
        try:
            # Even finding a kept process takes a file descriptor.
            process = self._found_or_made(project, fresh=fresh)
            try:
                process.folder = self._empty_folder()
            except OSError:
                process.close()
                raise
        except OSError as error:
            raise WorkerBrokenError(f"a flow process cannot be started: {error}") from error
        return process

    def give_back(self, process: FlowProcess, *, is_used_up: bool = False) -> None:
        """Keep a clean process for the next attempt, end any other; delete the attempt's files.

        Raises:
            NotEndedError: a killed process is still running.
            WorkerBrokenError: no file descriptor is left to find the running processes.
        """
        try:
            if not self._is_kept(process, is_used_up=is_used_up):
                self._remove(process.folder)
        except OSError as error:
            raise WorkerBrokenError(
                f"the processes that an attempt has left cannot be found: {error}"
            ) from error

    def close(self) -> None:
        """End every process."""
        while self._idle:
            self._idle.pop().close()
        if self._spare:
            self._remove(self._spare)
            self._spare = ""

    def _is_kept(self, process: FlowProcess, *, is_used_up: bool) -> bool:
        if not process.is_clean or self._reaper.has_orphans():
            process.close()
        elif is_used_up or self._is_worn(process):
            process.leave()
        else:
            with suppress(OSError):
                self._clear(process.folder)
                self._idle.append(process)
                return True
            process.close()  # a thread of the process may have written to the folder in the meantime
        return False

    def _empty_folder(self) -> str:
        spare, self._spare = self._spare, ""
        if spare and _is_untouched(spare):
            return spare
        if spare:  # a thread of a kept process may know its name
            self._remove(spare)
        return make_scratch()

    def _clear(self, folder: str) -> None:
        if not self._spare and _is_untouched(folder):
            self._spare = folder
        else:
            remove_scratch(folder)

    def _remove(self, folder: str) -> None:
        try:
            remove_scratch(folder)
        except OSError:
            logger().exception("the files of an attempt could not be deleted")
            self._is_broken = True

    @cached_property
    def _reaper(self) -> Reaper:
        with suppress(OSError):
            remove_stale()
        return Reaper()

    def _found_or_made(self, project: str, *, fresh: bool) -> FlowProcess:
        self._drop_dead()
        process = self._kept(project, fresh=fresh)
        while self._idle and (len(self._idle) == _MOST_KEPT or self._use_too_much()):
            self._idle.pop(0).leave()
        return process or self._make_at_any_cost(project)

    def _make(self, project: str) -> FlowProcess:
        process = FlowProcess.start(
            project,
            self.body(project),
            self._reaper,
            self.memory,
            modules=self._modules,
            masker=self.masker,
        )
        process.edition = self.edition() if self.edition else 0
        return process

    def _make_at_any_cost(self, project: str) -> FlowProcess:
        try:
            return self._make(project)
        except OSError:
            self.close()
            return self._make(project)

    def _kept(self, project: str, *, fresh: bool) -> FlowProcess | None:
        for process in reversed(self._idle):
            if process.project == project and not (fresh and process.attempts):
                self._idle.remove(process)
                return process
        return None

    def _drop_dead(self) -> None:
        for process in [process for process in self._idle if not process.is_alive]:
            logger().warning("flow processes: an idle process died", extra={"project": process.project})
            self._idle.remove(process)
            process.close()
        if self.edition:
            # What a module has made of a secret at its import, such as a connection, would stay with it.
            for process in [process for process in self._idle if process.edition != self.edition()]:
                self._idle.remove(process)
                process.leave()

    def _use_too_much(self) -> bool:
        return sum(process.memory for process in self._idle) > self.memory // _IDLE_SHARE

    def _is_worn(self, process: FlowProcess) -> bool:
        memory = process.memory
        if process.attempts <= 1:
            process.first_memory = memory
        growth = memory - process.first_memory
        return process.attempts >= _MOST_ATTEMPTS or growth > self.memory // _GROWTH_SHARE


@dataclass(slots=True)
class Loan:
    """The process that a pool lends for an attempt."""

    _pool: ProcessPool
    _project: str
    _is_fresh: bool
    process: FlowProcess

    @property
    def has_died(self) -> bool:
        """Return whether the process has ended unused, and not during its import: that is the job's error."""
        return self.process.has_imported and not self.process.is_alive

    def replace(self) -> None:
        """Take another process in place of one that has died."""
        dead, self.process = self.process, self._pool.take(self._project, fresh=self._is_fresh)
        self._pool.give_back(dead, is_used_up=True)


def _is_untouched(folder: str) -> bool:
    """Return whether a scratch folder is still empty and can be reused."""
    with suppress(OSError):
        return os.lstat(folder).st_mode == NEW_MODE and not os.listdir(folder)  # noqa: PTH208 - it is fast
    return False
