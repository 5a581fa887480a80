"""The waits of a client: how many there are now, and how long the last jobs took."""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from statistics import median
from threading import RLock
from typing import NamedTuple

from noukai._core.operation import Clock
from noukai._io.forks import leave_behind_at_fork
from noukai_wire.models import JobStatus

_ALONE = 10
"""With more waits than this, status checks are shared, since each held request occupies a function."""

_REMEMBERED_SECONDS = 10.0
"""Older durations may no longer fit the state of the queue."""

_REMEMBERED_JOBS = 9
_ENOUGH_JOBS = 3
_LATEST_FIRST_CHECK = 2.0
"""In seconds: by then most jobs are running, and the API gives the poll interval."""


class Submitted(NamedTuple):
    """The flow of a submitted job, and the second of the clock at which the job was accepted."""

    flow: str
    at: float


class Waits:
    """The waits of one client, in any of its threads and event loops."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ends: dict[str, deque[tuple[float, float]]] = {}
        """The last completed jobs by flow: when each end was seen, and its seconds since submission."""
        self.leave_behind()
        leave_behind_at_fork(self)

    def leave_behind(self) -> None:
        """Forget all waits, which a forked process does not have."""
        self._lock = RLock()  # reentrant: garbage collection may end a wait in the middle of another
        self._count = 0

    @contextmanager
    def counted(self) -> Generator[None]:
        """Count a wait while the context lasts."""
        with self._lock:
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count = max(0, self._count - 1)

    @property
    def are_many(self) -> bool:
        """Return whether there are enough waits to share their requests."""
        return self._count > _ALONE

    def note_end(self, status: JobStatus) -> None:
        """Record a completed job; failed and cancelled jobs do not predict the next."""
        if (
            status.flow is None
            or status.queued_for is None
            or status.ran_for is None
            or status.state != "completed"
        ):
            return
        ends = self._ends.setdefault(status.flow, deque(maxlen=_REMEMBERED_JOBS))
        ends.append((self._clock(), (status.queued_for + status.ran_for).total_seconds()))

    def seconds_to_first_check(self, submitted: Submitted) -> float:
        """Return in how many seconds to check a submitted job first.

        That is when half of the last jobs had ended. To sleep until then, and to let the API hold the request
        from there on, costs least where a second too late is worth as much as a second held.
        """
        now = self._clock()
        fresh = [
            took
            for seen_at, took in self._ends.get(submitted.flow, ())
            if now - seen_at <= _REMEMBERED_SECONDS
        ]
        if len(fresh) < _ENOUGH_JOBS:
            return 0.0
        return max(0.0, submitted.at + min(median(fresh), _LATEST_FIRST_CHECK) - now)
