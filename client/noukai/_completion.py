"""Waiting for many jobs: a request asks for a hundred of them, for each at the pace that the API asks for."""

import heapq
import math
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from noukai_wire.limits import MAX_BATCH_SIZE
from noukai_wire.models import JobStatus

from ._api import Api, Look
from ._bar import Listener, progress_of
from ._deadline import DeadlinePassedError
from ._errors import ApiError, InvalidArgumentError, NoukaiError, WaitTimeoutError
from ._operation import Operation, Report, together
from ._patience import is_transient

End: TypeAlias = JobStatus | ApiError
"""A job as it ended, or why nothing can be said of it: it is unknown."""

_AT_ONCE = 4
"""Requests in flight."""

_PACE = 1.0
"""Seconds after which a job is asked for again when the API does not say."""

_FASTEST_PACE = 0.2
_ROUND = 1.0
"""Jobs that are due within these seconds are asked for together, at their end: so few requests are full ones."""


_NO_LOOK = Look("", None, None)


class _Due(NamedTuple):
    at: float
    place: int
    id: str


class Completion:
    """The ends of many jobs; a page is what a few requests at once have shown of those that are due."""

    def __init__(self, api: Api, ids: Iterable[str], *, timeout_ms: float | None, listener: Listener | None) -> None:
        if timeout_ms is not None and not 0 < timeout_ms < math.inf:
            raise InvalidArgumentError(f"timeout_ms must be more than 0 milliseconds, or None, not {timeout_ms!r}")
        self._api = api
        self._listener = listener
        self._timeout_ms = timeout_ms
        self._deadline = api.deadline(None if timeout_ms is None else timeout_ms / 1000)
        self._begun_at = api.clock()
        self._due = [_Due(self._begun_at, place, job_id) for place, job_id in enumerate(dict.fromkeys(ids))]
        self._count = len(self._due)
        self._failure: NoukaiError | DeadlinePassedError | None = None

    @property
    def has_more(self) -> bool:
        """Whether a job is left, or there is an error to raise."""
        return bool(self._due) or self._failure is not None

    def page(self) -> Operation[list[tuple[str, End]]]:
        """Look at the jobs that are due, once one is; gives those that have ended."""
        try:
            if self._failure is not None:
                raise self._failure
            yield from self._deadline.pause(max(0.0, self._due[0].at - self._api.clock()))
        except DeadlinePassedError as passed:
            raise self._too_late() from passed.__cause__
        found = yield from together(map(self._ask, self._take()))
        ended = [end for looks in found for end in looks]
        if self._listener is not None:
            yield Report(self._listener, progress_of(self._count - len(self._due), self._count))
        return ended

    def _take(self) -> list[list[_Due]]:
        """Take the jobs that are due, as many as a few requests can ask for."""
        now = self._api.clock()
        taken: list[_Due] = []
        while self._due and self._due[0].at <= now and len(taken) < _AT_ONCE * MAX_BATCH_SIZE:
            taken.append(heapq.heappop(self._due))
        return [taken[place : place + MAX_BATCH_SIZE] for place in range(0, len(taken), MAX_BATCH_SIZE)]

    def _ask(self, jobs: list[_Due]) -> Operation[list[tuple[str, End]]]:
        """Ask for jobs, and put those back that have not ended; a failure waits until what others found is given."""
        looks: dict[str, Look] = {}
        try:
            found = yield from self._api.statuses([job.id for job in jobs], self._deadline)
            looks = {look.job_id: look for look in found}
        except (NoukaiError, DeadlinePassedError) as error:
            self._failure = error
        ended: list[tuple[str, End]] = []
        for job in jobs:
            look = looks.get(job.id, _NO_LOOK)
            end = _end_of(look.seen)
            if end is None:
                pace = _PACE if look.pace_ms is None else look.pace_ms / 1000
                heapq.heappush(self._due, job._replace(at=self._round_after(pace)))
            else:
                ended.append((job.id, end))
        return ended

    def _round_after(self, pace: float) -> float:
        """Return the end of the round in which so many seconds will have passed, and never now."""
        passed = self._api.clock() - self._begun_at + max(pace, _FASTEST_PACE)
        return self._begun_at + math.ceil(passed / _ROUND) * _ROUND

    def _too_late(self) -> WaitTimeoutError:
        left = len(self._due)
        message = f"{left} of {self._count} jobs were not finished within {self._timeout_ms} ms; they go on"
        return WaitTimeoutError(message, None)


def _end_of(seen: JobStatus | ApiError | None) -> End | None:
    if isinstance(seen, JobStatus):
        return seen if seen.is_terminal else None
    return None if seen is None or is_transient(seen) else seen
