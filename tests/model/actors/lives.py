"""The lives of workers: each has a pool of flow processes; the pool is real, the processes are simulated."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from greenlet import getcurrent

from noukai_functions.worker.process.pool import ProcessPool
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.reaper import Reaper
from tests.model.actors.scripted_process import ScriptedProcess, Stage
from tests.model.event import Event
from tests.model.ledger import ViolationError

KILLED = "is killed"


@dataclass
class Life:
    """A worker from its start to its death; it is its own reaper."""

    worker: str
    pool: ProcessPool
    is_over: bool = False
    processes: list[ScriptedProcess] = field(default_factory=list)
    """The processes that were not released."""
    folders: set[str] = field(default_factory=set)

    def reap(self) -> None:
        """Do nothing: the dead are gone."""

    def has_orphans(self) -> bool:
        """Return whether an attempt has left anything."""
        return any(process.has_orphan for process in self.processes)

    def end(self) -> None:
        """Die: the processes end with their worker, their files stay."""
        self.is_over = True
        self.processes.clear()


@dataclass
class Lives:
    """Stand-in for the pool of the acting worker, and for all that the pool needs."""

    stage: Stage
    _lives: dict[Any, Life] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _used: set[str] = field(default_factory=set)

    # Called by a worker.

    process_of = ProcessPool.process_of

    def take(self, project: str, *, fresh: bool) -> FlowProcess:
        """Return a process of the acting worker."""
        process: Any = self._acting().pool.take(project, fresh=fresh)
        if process.is_dead:
            self.stage.violate("an attempt was given to a process that had died before")
        return process  # type: ignore[no-any-return]  # it is played

    def give_back(self, process: FlowProcess, *, is_used_up: bool) -> None:
        """Give the process back to the acting worker, unless the worker is just dying."""
        life = self._acting()
        if not life.is_over:
            life.pool.give_back(process, is_used_up=is_used_up)
            if process.folder in life.folders:
                self.stage.violate(f"temporary files outlive their attempt: {process.folder}")

    # Called by a pool.

    def start(self, project: str, *_: Any, **_options: Any) -> ScriptedProcess:
        """Make a process."""
        life = self._acting()
        process = ScriptedProcess(
            self.stage, project, f"process {next(self._numbers)}", life.processes.remove
        )
        life.processes.append(process)
        return process

    def make_reaper(self) -> Reaper:
        """Give the acting worker what finds orphans: its life."""
        reaper: Any = self._acting()
        return reaper  # type: ignore[no-any-return]  # it is played

    def make_scratch(self) -> str:
        """Create a folder."""
        folder = f"folder {next(self._numbers)}"
        self._acting().folders.add(folder)
        return folder

    def remove_scratch(self, folder: str) -> None:
        """Remove a folder."""
        self._acting().folders.remove(folder)

    def remove_stale(self) -> None:
        """Remove the folders of the worker's earlier lives."""
        worker = self._acting().worker
        for life in self._lives.values():
            if life.worker == worker and life.is_over:
                life.folders.clear()

    # Called by the scheduler.

    def kills(self) -> Iterator[Event]:
        """Give the deaths that processes may die next; each depends on what its worker does."""
        for life in self._lives.values():
            for process in life.processes:
                if not process.is_dead:
                    yield Event(
                        life.worker, process.name, KILLED, writes=frozenset({"kills"}), budget="kills"
                    )

    def kill(self, name: str) -> None:
        """Let a process die."""
        next(each for life in self._lives.values() for each in life.processes if each.name == name).die()

    def end(self, thread: Any) -> None:
        """Let a worker die."""
        if thread in self._lives:
            self._lives[thread].end()

    def check_end(self) -> None:
        """Check what is left at the end."""
        for life in self._lives.values():
            began_anew = any(
                other.worker == life.worker and not other.is_over for other in self._lives.values()
            )
            if life.folders and (began_anew or not life.is_over):
                raise ViolationError(f"temporary files are left: {life.folders}")
            for process in life.processes:
                if process.is_busy or process.is_spoilt:
                    raise ViolationError(f"{process.name} is kept, although it must not be used")

    def _acting(self) -> Life:
        thread: Any = getcurrent()
        if thread not in self._lives:
            body: Any = None
            self._lives[thread] = Life(self.stage.name_of(thread), ProcessPool(lambda _: body, 1 << 30))
        return self._lives[thread]
