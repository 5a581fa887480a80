"""The recent durations of each flow's jobs, before which no status check is due."""

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import TypeAlias

from noukai._core.deadline import Clock
from noukai_wire.models import JobStatus

_REMEMBERED_SECONDS = 10.0
"""Older durations may no longer fit the state of the queue."""

_REMEMBERED_JOBS = 9
_ENOUGH_JOBS = 3
_LONGEST_REST = 2.0
"""In seconds: by then most jobs are running, and the API gives the poll interval."""

_Ends: TypeAlias = "deque[tuple[float, float]]"


@dataclass(frozen=True)
class RecentJobs:
    """The last completed jobs by flow: when each end was seen, and its seconds since submission."""

    clock: Clock
    _ends: dict[str, _Ends] = field(default_factory=dict[str, _Ends])

    def note(self, status: JobStatus) -> None:
        """Record a completed job; failed and cancelled jobs do not predict the next."""
        if (
            status.flow is None
            or status.queued_for is None
            or status.ran_for is None
            or status.state != "completed"
        ):
            return
        ends = self._ends.setdefault(status.flow, deque(maxlen=_REMEMBERED_JOBS))
        ends.append((self.clock(), (status.queued_for + status.ran_for).total_seconds()))

    def rest_of(self, flow: str, accepted_at: float) -> float:
        """Return for how many seconds a job of the flow, accepted at that second, need not be checked.

        Half of the jobs take longer than the median: to sleep until then, and to let the API hold the request
        from there on, costs least where a second too late is worth as much as a second held.
        """
        now = self.clock()
        fresh = [took for seen_at, took in self._ends.get(flow, ()) if now - seen_at <= _REMEMBERED_SECONDS]
        if len(fresh) < _ENOUGH_JOBS:
            return 0.0
        return max(0.0, accepted_at + min(median(fresh), _LONGEST_REST) - now)
