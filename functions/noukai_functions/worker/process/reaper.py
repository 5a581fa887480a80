"""The reaper, with which the worker adopts, kills and reaps all processes that flows have started."""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep

from noukai_functions.telemetry.logger import logger

PATIENCE_SECONDS = 5.0
"""How long a killed process may take to end."""

_LOOK_SECONDS = 0.001
_MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024
_PR_SET_CHILD_SUBREAPER = 36
_TASKS = "/proc/self/task"


class NotEndedError(Exception):
    """An error for a killed process that is still running: the worker must end."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a process: its exit code, negative for a signal, and its peak memory in bytes."""

    code: int
    memory: int


class Reaper:
    """A reaper that adopts orphans as their subreaper and ends them.

    It spares registered flow processes, and children older than itself. On Linux it also finds processes that
    called `setsid` or forked twice; elsewhere only those in a flow's process group.
    """

    def __init__(self) -> None:
        if sys.platform == "linux":
            _become_subreaper()
            _look_for_children()
        self._others = frozenset(_children())
        self._kept: dict[int, End | None] = {}

    def keep(self, pid: int) -> None:
        """Register a child that leads its own group as a flow process, until `end`."""
        self._kept[pid] = None

    def has_ended(self, pid: int) -> bool:
        """Return whether a registered process has ended."""
        if self._kept[pid] is None:
            self._kept[pid] = _end_of(pid)
        return self._kept[pid] is not None

    def reap(self) -> None:
        """Reap the ended orphans, as far as file descriptors allow."""
        with suppress(OSError):
            self._orphans()

    def has_orphans(self) -> bool:
        """Return whether the last attempt has left live orphans."""
        return bool(self._orphans())

    def end(self, pid: int) -> End:
        """Kill a registered process, its group and all orphans; return how it ended.

        Raises:
            NotEndedError: one of them is still running after `PATIENCE_SECONDS`.
        """
        deadline = monotonic() + PATIENCE_SECONDS
        _kill_group(pid)
        while not self.has_ended(pid):
            _kill(pid)  # it may have moved to another group
            _wait([pid], deadline)
        end = self._kept.pop(pid)
        try:
            self._end_orphans(deadline)
        except NotEndedError:
            self._kept[pid] = end  # the caller may call `end` again
            raise
        return end or End(0, 0)

    def _end_orphans(self, deadline: float) -> None:
        # The kernel reparents children before their parent's end is visible, so that none is missed.
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
            _kill_group(group)  # as a group, in case it keeps forking
        _kill(pid)


def _become_subreaper() -> None:
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        logger().warning("flow processes: orphans cannot be adopted: prctl refuses it")


def _look_for_children() -> None:
    if not os.path.exists(f"{_TASKS}/{os.getpid()}/children"):
        logger().warning("flow processes: orphans cannot be found: /proc does not list children")


def _children() -> set[int]:
    """Return the children of this process, including ended ones."""
    children: set[int] = set()
    with suppress(FileNotFoundError):  # not Linux
        for task in os.listdir(_TASKS):
            with suppress(FileNotFoundError), open(f"{_TASKS}/{task}/children", "rb", buffering=0) as file:
                children.update(map(int, file.read().split()))
    return children


def _end_of(pid: int) -> End | None:
    """Reap a child if it has ended."""
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
        raise NotEndedError(f"still running {PATIENCE_SECONDS:g} seconds after a kill: {pids}")
    sleep(_LOOK_SECONDS)
