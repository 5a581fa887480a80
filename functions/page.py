"""A page of selected jobs: the index says which there are, their rows say how they stand."""

from dataclasses import dataclass
from itertools import islice

from functions.abandoning import settled
from functions.deployment import Deployment
from functions.errors import unavailable
from functions.lifecycle import Job, State
from functions.row import UnreadableRowError, id_at, order
from functions.selection import Selection
from functions.store import Row
from functions.telemetry import logger
from functions.views import size_of_metadata

_ROWS_AT_ONCE = 100
"""What DynamoDB reads in one request."""

_MOST_SHOWN = 384 * 1024
"""Characters of metadata on a page: AWS takes 6 MB of a function, where one becomes up to 14 bytes."""

_MOST_READS = 4
"""A page for which so many requests were not enough stays short: few of the jobs are in the state that is asked for."""


@dataclass(frozen=True, slots=True)
class Page:
    """Jobs, the newest first, and how far the index was gone through for them: None for to its end."""

    jobs: list[Job]
    end: str | None


def read_page(selection: Selection, deployment: Deployment, most: int) -> Page:
    """Read so many of the selected jobs, or fewer.

    An id may have been used again since the index was written: what counts is the row, if it is still the one that
    the index means.
    """
    now = deployment.clock.now()
    at_once = most if selection.states == frozenset(State) else _ROWS_AT_ONCE
    place = selection.place
    positions = deployment.index.newest(
        place.org, place.flows, above=selection.above, below=selection.below, at_once=at_once
    )
    jobs: list[Job] = []
    room = _MOST_SHOWN
    end = selection.position
    for _ in range(_MOST_READS):
        batch = list(islice(positions, at_once))
        rows = deployment.store.read_many(map(id_at, batch))
        for at in batch:
            if id_at(at) not in rows:
                return _cut_short(jobs, end, selection)
            end = at
            job = _standing(rows[id_at(at)], at, deployment, now)
            if job is None:
                continue
            if selection.holds(job, now):
                jobs.append(job)
                room -= size_of_metadata(job)
            if len(jobs) == most or room <= 0:
                is_last = at == batch[-1] and next(positions, None) is None
                return Page(jobs, None if is_last else end)
        if len(batch) < at_once:
            return Page(jobs, None)
    return Page(jobs, end)


def _standing(row: Row, at: str, deployment: Deployment, now: int) -> Job | None:
    """Return the job at a position; a row that cannot be read is left out, so that it keeps nobody from the others."""
    try:
        if isinstance(row, UnreadableRowError):
            raise row
        return None if row is None or order(row) != at else settled(row, deployment, now)
    except UnreadableRowError as error:
        logger().error("a job is left out of a list", extra={"job_id": error.job_id, "reason": str(error)})
        return None


def _cut_short(jobs: list[Job], end: str | None, selection: Selection) -> Page:
    """End the page where AWS had no time for more rows; a page that is no step forward would never end."""
    if end == selection.position:
        raise unavailable()
    return Page(jobs, end)
