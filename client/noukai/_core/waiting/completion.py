"""The wait for many jobs: a request checks up to a hundred, each at its own poll interval."""

import heapq
import math
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from noukai._core.api import Api
from noukai._core.exchange import is_transient
from noukai._core.operation import (
    Deadline,
    DeadlinePassedError,
    Listener,
    Operation,
    Report,
    interruptible,
)
from noukai._display.bar import progress_of
from noukai._errors import ApiError, InvalidArgumentError, NoukaiError, WaitTimeoutError
from noukai_wire.models import JobStatus

from .shared_checks import CheckedStatus

End: TypeAlias = JobStatus | ApiError
"""A job's final status, or the API's error if the job is unknown."""

_MOST = 400
"""The most jobs checked per page."""


class _Due(NamedTuple):
    at: float
    place: int
    id: str


class Completion:
    """The ends of many jobs, in pages: a page checks the due jobs in a few concurrent requests."""

    def __init__(
        self, api: Api, ids: Iterable[str], *, timeout_ms: float | None, listener: Listener | None
    ) -> None:
        if timeout_ms is not None and not 0 < timeout_ms < math.inf:
            raise InvalidArgumentError(
                f"timeout_ms must be more than 0 milliseconds, or None, not {timeout_ms!r}"
            )
        self._api = api
        self._listener = listener
        self._timeout_ms = timeout_ms
        self._deadline = Deadline(api.clock, None if timeout_ms is None else timeout_ms / 1000)
        self._due = [_Due(api.clock(), place, job_id) for place, job_id in enumerate(dict.fromkeys(ids))]
        self._count = len(self._due)
        self._failure: NoukaiError | DeadlinePassedError | None = None

    @property
    def has_more(self) -> bool:
        """Return whether a job is left, or there is an error to raise."""
        return bool(self._due) or self._failure is not None

    def page(self) -> Operation[list[tuple[str, End]]]:
        """Check the jobs that are due; return those that have ended."""
        with interruptible(
            f"{len(self._due)} of {self._count} jobs go on: as_completed(jobs) continues to wait for them"
        ):
            return (yield from self._page())

    def _page(self) -> Operation[list[tuple[str, End]]]:
        try:
            if self._failure is not None:
                raise self._failure
            yield from self._deadline.pause(max(0.0, self._due[0].at - self._api.clock()))
        except DeadlinePassedError as passed:
            raise self._too_late() from passed.__cause__
        ended = yield from self._check(self._taken())
        if self._listener is not None:
            yield Report(self._listener, progress_of(self._count - len(self._due), self._count))
        return ended

    def _taken(self) -> dict[str, _Due]:
        """Take the due jobs, as many as a few requests can check."""
        now = self._api.clock()
        taken: dict[str, _Due] = {}
        while self._due and self._due[0].at <= now and len(taken) < _MOST:
            due = heapq.heappop(self._due)
            taken[due.id] = due
        return taken

    def _check(self, jobs: dict[str, _Due]) -> Operation[list[tuple[str, End]]]:
        """Check jobs, and queue those that have not ended again.

        A failure is raised only after the other requests' results are returned.
        """
        ended: list[tuple[str, End]] = []
        checks = self._api.shared_checks
        for job_id, found in (yield from checks.check(list(jobs), self._deadline)).items():
            if isinstance(found, CheckedStatus):
                checked = found
            else:
                checked = CheckedStatus(job_id, None, None)
                self._failure = self._failure or found
            end = _end_of(checked.seen)
            if end is None:
                again_at = self._api.clock() + checks.seconds_to_round(checked.poll_interval)
                heapq.heappush(self._due, jobs[job_id]._replace(at=again_at))
            else:
                ended.append((job_id, end))
        return ended

    def _too_late(self) -> WaitTimeoutError:
        left = len(self._due)
        message = f"{left} of {self._count} jobs had not ended after {self._timeout_ms} ms; they go on"
        return WaitTimeoutError(message, None)


def _end_of(seen: JobStatus | ApiError | None) -> End | None:
    if isinstance(seen, JobStatus):
        return seen if seen.is_terminal else None
    return None if seen is None or is_transient(seen) else seen
