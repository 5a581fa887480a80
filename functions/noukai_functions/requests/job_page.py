"""A page of selected jobs: the index gives the ids, the rows give the states."""

from dataclasses import dataclass
from itertools import islice

from noukai_functions.clock import Clock
from noukai_functions.jobs.index import JobIndex
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.overdue import settled
from noukai_functions.jobs.row import id_at, order
from noukai_functions.jobs.table import JobsTable, Row
from noukai_functions.refusals import UnavailableError, UnreadableRowError
from noukai_functions.requests.job_filter import JobFilter
from noukai_functions.telemetry.logger import logger

_ROWS_AT_ONCE = 100
"""DynamoDB's limit for a batch read."""

_MOST_SHOWN = 384 * 1024
"""Characters of metadata per page. Lambda's answer may have 6 MB, and a character takes up to 14 bytes of it.
"""

_MOST_READS = 4
"""The most reads per page. If few jobs are in the selected state, the page is shorter than asked."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of jobs, newest first, with the index position where it ended; None on the last page."""

    jobs: list[Job]
    end: str | None
    unreadable: list[str]
    """The ids of unreadable jobs on the page, in any state."""


@dataclass(frozen=True, slots=True)
class JobPages:
    """The pages of selected jobs."""

    table: JobsTable
    index: JobIndex
    clock: Clock

    def read(self, job_filter: JobFilter, most: int) -> Page:
        """Read up to a number of selected jobs.

        An id may have been reused since the index was written; a row counts only if it is the job that the
        index means.
        """
        now = self.clock.now()
        at_once = most if job_filter.states == frozenset(State) else _ROWS_AT_ONCE
        flow_set = job_filter.flow_set
        positions = self.index.newest(
            flow_set.org, flow_set.flows, above=job_filter.above, below=job_filter.below, at_once=at_once
        )
        jobs: list[Job] = []
        unreadable: list[str] = []
        room = _MOST_SHOWN
        end = job_filter.position
        for _ in range(_MOST_READS):
            batch = list(islice(positions, at_once))
            rows = self.table.read_many(map(id_at, batch))
            for at in batch:
                if id_at(at) not in rows:
                    return _cut_short(Page(jobs, end, unreadable), job_filter)
                end = at
                job = self._standing(rows[id_at(at)], at, now, unreadable)
                if job is None:
                    continue
                if job_filter.matches(job, now):
                    jobs.append(job)
                    room -= _size_of_metadata(job)
                if len(jobs) == most or room <= 0:
                    is_last = at == batch[-1] and next(positions, None) is None
                    return Page(jobs, None if is_last else end, unreadable)
            if len(batch) < at_once:
                return Page(jobs, None, unreadable)
        return Page(jobs, end, unreadable)

    def _standing(self, row: Row, at: str, now: int, unreadable: list[str]) -> Job | None:
        """Return the job at an index position.

        An unreadable job is listed apart, so that it does not hide the others.
        """
        try:
            if isinstance(row, UnreadableRowError):
                raise row
            return None if row is None or order(row) != at else settled(row, self.table, now)
        except UnreadableRowError as error:
            logger().error(
                "a job of a list cannot be read",
                extra={"job_id": error.job_id, "org": error.org, "reason": str(error)},
            )
            unreadable.append(id_at(at))
            return None


def _size_of_metadata(job: Job) -> int:
    """Return the characters of a job's metadata."""
    return sum(len(name) + len(value) for name, value in (job.metadata or {}).items())


def _cut_short(page: Page, job_filter: JobFilter) -> Page:
    """End the page early if DynamoDB left rows unprocessed, but never without progress."""
    if page.end == job_filter.position:
        raise UnavailableError
    return page
