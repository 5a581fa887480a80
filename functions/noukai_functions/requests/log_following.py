"""The following of a job's log: a request is held until there are lines."""

from dataclasses import dataclass

from noukai_functions.clock import Clock
from noukai_functions.jobs.following import Followers
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.table import JobsTable
from noukai_functions.logs.place import Place
from noukai_functions.logs.reader import LogReader, Page

LOOK_MS = 1000
"""The interval between looks for new lines: a worker stores those of a followed job every two seconds."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """A request for lines: those from a place on, of one attempt or of all, up to a limit."""

    place: Place
    limit: int
    only: int | None = None


@dataclass(frozen=True, slots=True)
class LogFollowing:
    """The following of logs by held requests."""

    table: JobsTable
    reader: LogReader
    followers: Followers
    clock: Clock

    def read(self, job: Job, asked: LogRequest) -> Page:
        """Return the page that there is."""
        return self.reader.page(job, asked.place, limit=asked.limit, only=asked.only, now=self.clock.now())

    def follow(self, job: Job, asked: LogRequest, until: int) -> tuple[Job, Page]:
        """Return the first page that has lines or ends the log, or an empty one after `until`.

        A job that waits for its start is not held for. Returns the job as it was before the page was read.
        """
        page, can_mark = self.read(job, asked), True
        while not (page.lines or page.is_last) and job.state is not State.PENDING:
            now = self.clock.now()
            if now >= until:
                break
            can_mark = can_mark and self.followers.mark(job, now)
            self.clock.sleep(min(LOOK_MS, until - now) / 1000)
            seen = self.table.read(job.id, consistent=False)
            if seen is None or seen.created_at != job.created_at:
                break
            has_changed = (seen.state, seen.attempt, seen.stopped_at) != (
                job.state,
                job.attempt,
                job.stopped_at,
            )
            job = seen
            if has_changed or self.reader.has_news(job, asked.place):
                page = self.read(job, asked)
        return job, page
