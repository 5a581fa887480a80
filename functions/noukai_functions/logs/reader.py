"""The pages of a job's log, read from the stored logs of its attempts."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from noukai_functions.jobs.attempts import ended_attempts
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.objects import PayloadLostError
from noukai_functions.logs.line import DROPPED, Line
from noukai_functions.logs.place import Place
from noukai_functions.logs.segment import lines_of
from noukai_functions.logs.store import AttemptHead, LogStore
from noukai_functions.telemetry.logger import job_fields, logger

MOST_PAGE_BYTES = 1 << 20
"""The most bytes of messages on a page; the first line is always on it."""

_STOP_MS = 2 * 60 * 1000
"""The longest time between the cancellation of a job and the end of its code, while its worker is alive."""


@dataclass(slots=True)
class Page:
    """A page of a job's log: lines with their attempts, and the place behind the last one."""

    place: Place
    lines: list[tuple[int, Line]] = field(default_factory=list)
    is_full: bool = False
    is_last: bool = False
    """Whether no line will ever follow."""
    _bytes: int = 0

    @property
    def dropped(self) -> int:
        """Return the number of lines that are missing, as this page's lines count them."""
        counts = [line.fields for _, line in self.lines if line.stream == DROPPED and line.fields]
        return sum(int(fields.get("dropped", 0)) for fields in counts)

    def add(self, attempt: int, line: Line, limit: int) -> bool:
        """Append a line; return False if the page is full."""
        self._bytes += len(line.encoded())
        self.is_full = len(self.lines) == limit or (bool(self.lines) and self._bytes > MOST_PAGE_BYTES)
        if not self.is_full:
            self.lines.append((attempt, line))
            self.place = Place(attempt, self.place.line + 1)
        return not self.is_full


@dataclass(frozen=True, slots=True)
class LogReader:
    """A reader of logs, which holds one segment at a time."""

    store: LogStore

    def page(self, job: Job, place: Place, *, limit: int, only: int | None, now: int) -> Page:
        """Read the lines from a place on, consistently; `only` selects an attempt."""
        page = Page(place)
        attempts = range(place.attempt, (job.attempt if only is None else min(only, job.attempt)) + 1)
        heads = self.store.read(job, attempts, consistent=True)
        for attempt in attempts:
            if attempt > page.place.attempt:
                page.place = Place(attempt, 0)
            if attempt in heads and not self._fill(page, job, attempt, heads[attempt], limit):
                return page
        ends_early = only is not None and only < job.attempt
        page.is_last = ends_early or is_over(job, now)
        return page

    def has_news(self, job: Job, place: Place) -> bool:
        """Return whether the current attempt may have lines behind the place.

        The read is eventually consistent, which is enough for probing.
        """
        head = self.store.read(job, [job.attempt], consistent=False).get(job.attempt)
        known = place.line if place.attempt == job.attempt else 0
        return head is not None and head.count > known

    def _fill(self, page: Page, job: Job, attempt: int, head: AttemptHead, limit: int) -> bool:
        """Append the lines of an attempt; return False if the page is full."""
        number = max(0, bisect_right(head.firsts, page.place.line) - 1)
        while number < len(head.firsts) and page.place.line < head.count:
            for line in self._lines(job, head, number, page.place.line):
                if not page.add(attempt, line, limit):
                    return False
            number += 1
            ends = (*head.firsts[1:], head.count)
            page.place = Place(attempt, max(page.place.line, ends[number - 1]))
        return True

    def _lines(self, job: Job, head: AttemptHead, number: int, first: int) -> Iterator[Line]:
        """Yield the lines of a segment from the line `first` on, or one that says that they are lost."""
        try:
            content = self.store.segment(head, number)
        except PayloadLostError as lost:
            logger().error("a part of a log is lost", extra={**job_fields(job), "reason": str(lost)})
            ends = (*head.firsts[1:], head.count)
            count = ends[number] - first
            yield Line(
                job.created_at, DROPPED, f"{count} lines are lost: {lost}", "error", {"dropped": count}
            )
            return
        yield from islice(lines_of(content), first - head.firsts[number], None)


def is_over(job: Job, now: int) -> bool:
    """Return whether the log will not grow any more.

    A worker stores the log before the outcome. A cancellation does not wait for the worker, which records
    that the code has stopped; a worker that is lost never does. No code of a job that waits is running.
    """
    if job.state is not State.CANCELLED or job.attempt == 0 or job.stopped_at is not None:
        return job.is_terminal
    ended = ended_attempts(job)
    has_waited = bool(ended) and ended[-1].number == job.attempt
    return has_waited or now >= (job.completed_at or 0) + _STOP_MS
