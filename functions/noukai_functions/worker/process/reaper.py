"""The reaper of flow processes: the worker adopts, kills and reaps all that flows have started."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep

from noukai_functions.telemetry import logger

PATIENCE_SECONDS = 5.0
"""How long what was killed may take to end."""

_LOOK_SECONDS = 0.001
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
_PR_SET_CHILD_SUBREAPER = 36
_TASKS = "/proc/self/task"


class NotEndedError(Exception):
    """The error that a killed process lives on: the worker must end itself."""


@dataclass(frozen=True, slots=True)
class End:
    """A process's end: its exit code, negative for a signal, and its peak memory in bytes."""

    code: int
    memory: int


class Reaper:
    """A reaper that adopts the orphans below this process and ends them.

    Left alone are the flow processes named to `keep`, and children that are older than this object. On Linux
    it finds also what has called `setsid` or forked twice; elsewhere only what is in the group of a flow's
    process.
    """

    def __init__(self) -> None:
        if sys.platform == "linux":
            _become_subreaper()
            _look_for_children()
        self._others = frozenset(_children())
        self._kept: dict[int, End | None] = {}

    def keep(self, pid: int) -> None:
        """Register a child that leads its own group as a flow's process, until its `end`."""
        self._kept[pid] = None

    def has_ended(self, pid: int) -> bool:
        """Return whether a kept process has ended."""
        if self._kept[pid] is None:
            self._kept[pid] = _end_of(pid)
        return self._kept[pid] is not None

    def reap(self) -> None:
        """Reap the orphans that have ended, as far as descriptors allow."""
        with suppress(OSError):
            self._orphans()

    def has_orphans(self) -> bool:
        """Return whether orphans are alive: the last attempt has left them."""
        return bool(self._orphans())

    def end(self, pid: int) -> End:
        """Kill a kept process, its group and every orphan; return how it has ended.

        Raises:
            NotEndedError: something has not ended within `PATIENCE_SECONDS`.
        """
        deadline = monotonic() + PATIENCE_SECONDS
        _kill_group(pid)
        while not self.has_ended(pid):
            _kill(pid)  # it may have moved itself to another group
            _wait([pid], deadline)
        end = self._kept.pop(pid)
        try:
            self._end_orphans(deadline)
        except NotEndedError:
            self._kept[pid] = end  # the caller may ask for the end again
            raise
        return end or End(0, 0)

    def _end_orphans(self, deadline: float) -> None:
        # Children become this process's before the end of their parent can be seen: none can be missed.
        while orphans := self._orphans():
            for orphan in orphans:
                self._kill_orphan(orphan)
            _wait(orphans, deadline)

    def _orphans(self) -> list[int]:
        adopted = _children() - self._kept.keys() - self._others
        return [pid for pid in adopted if _end_of(pid) is None]

    def _kill_orphan(self, pid: int) -> None:
        group = os.getpgid(pid)
        if group != os.getpgrp() and group not in self._kept:
            _kill_group(group)  # at once, as long as it forks
        _kill(pid)


def _become_subreaper() -> None:
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        logger().warning("flow processes: the system refuses that their orphans are adopted")


def _look_for_children() -> None:
    if not os.path.exists(f"{_TASKS}/{os.getpid()}/children"):
        logger().warning("flow processes: the system does not list children, so that orphans are not found")


def _children() -> set[int]:
    """List the children of this process, those that have ended included."""
    children: set[int] = set()
    with suppress(FileNotFoundError):  # not Linux
        for task in os.listdir(_TASKS):
            with suppress(FileNotFoundError), open(f"{_TASKS}/{task}/children", "rb", buffering=0) as file:
                children.update(map(int, file.read().split()))
    return children


def _end_of(pid: int) -> End | None:
    """Reap a child that has ended."""
    ended, status, used = os.wait4(pid, os.WNOHANG)
    return End(os.waitstatus_to_exitcode(status), used.ru_maxrss * _MAXRSS_BYTES) if ended else None


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _wait(pids: list[int], deadline: float) -> None:
    if monotonic() > deadline:
        raise NotEndedError(f"killed, and alive {PATIENCE_SECONDS:g} seconds later: {pids}")
    sleep(_LOOK_SECONDS)
