"""A schedule: what it submits and when, and where it stands. Pure.

Times are in milliseconds since the epoch.
"""

from dataclasses import dataclass, replace

from noukai_functions.schedules.plan import AHEAD_MS, MOST_COUNTED, Missed
from noukai_wire import limits
from noukai_wire.text import cut

ALLOW, SKIP, CANCEL = "allow", "skip", "cancel"
NAME_ENTRY, INSTANT_ENTRY = "schedule", "instant"
"""The entries that a schedule adds to the metadata of its jobs."""

SKIPPED, MISSED, FAILED = "skipped", "missed", "failed"

LOOK_AGAIN_MS = 60 * 60_000
"""After which a schedule whose instants cannot be computed is tried again."""

_MAX_REASON_BYTES = 160
"""A longer reason would make the row, and with it each write, cost twice as much."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The flow and the times of a schedule; `content` is JSON text: message, parameters and options."""

    flow: str
    cron: str
    zone: str
    overlap: str = ALLOW
    missed: str = "latest"
    content: str = "{}"


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A job of a schedule, and its instant; None for a triggered one."""

    id: str
    instant: int | None


@dataclass(frozen=True, slots=True)
class Note:
    """An instant without a job, or the last of `count` in a row for the same reason."""

    outcome: str
    instant: int
    count: int = 1
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule of an org, as stored in its row."""

    org: str
    name: str
    definition: Definition
    created_at: int
    changed_at: int
    series: tuple[int, ...]
    """When the series of its jobs began. A change begins another: the jobs for later instants, which may have
    been submitted ahead and taken back, then have other ids. Former series are kept while their instants may
    still be due."""
    due_at: int | None
    """The first instant that nothing has been decided on; None if none follows."""
    put_by: str
    """The digest of the key that put it; empty for one in code."""
    revision: int = 0
    """Counts the writes of the row, from its creation's time on: each is made on the row as it was read."""
    is_paused: bool = False
    in_code: bool = False
    problem: str | None = None
    """Why its latest instant failed."""
    look_again_at: int | None = None
    """When to try again to compute its instants."""
    jobs: tuple[ScheduledJob, ...] = ()
    """Its latest jobs, oldest first."""
    notes: tuple[Note, ...] = ()
    """Its latest instants without a job, oldest first."""

    @property
    def look_at(self) -> int | None:
        """Return when the tick has to look at it; None if never."""
        return None if self.is_paused else self.look_again_at or self.due_at

    @property
    def ahead(self) -> int:
        """Return how long before their instants its jobs are submitted.

        Whether the latest job has ended is decided at the instant.
        """
        return AHEAD_MS if self.definition.overlap == ALLOW else 0

    def key_of(self, instant: int) -> str:
        """Return the text that an instant's job id is derived from, in place of an idempotency key."""
        # No idempotency key can hold a line break, so that no submission has this id.
        series = max((each for each in self.series if each < instant), default=self.series[0])
        return f"\nschedule\n{self.name}\n{series}\n{instant}"

    def with_job(self, job_id: str, instant: int | None) -> "Schedule":
        """Return the schedule with another job, unless it has that already."""
        if any(each.id == job_id for each in self.jobs):
            return self
        jobs = (*self.jobs, ScheduledJob(job_id, instant))
        return replace(self, jobs=jobs[-limits.SHOWN_SCHEDULED_JOBS :], problem=None)

    def with_note(self, note: Note) -> "Schedule":
        """Return the schedule with another note; one for the same reason as the latest is counted with it."""
        reason = None if note.reason is None else cut(note.reason, _MAX_REASON_BYTES)
        note = replace(note, reason=reason)
        *before, latest = self.notes or (None,)
        if latest is not None and (latest.outcome, latest.reason) == (note.outcome, note.reason):
            together = replace(note, count=min(latest.count + note.count, MOST_COUNTED))
            notes: tuple[Note, ...] = (*(each for each in before if each is not None), together)
        else:
            notes = (*self.notes, note)
        return replace(self, notes=notes[-limits.SHOWN_SCHEDULE_NOTES :])

    def with_missed(self, missed: Missed | None) -> "Schedule":
        """Return the schedule with a note of missed instants, if there are any."""
        return self if missed is None else self.with_note(Note(MISSED, missed.last, missed.count))

    def with_failure(self, instant: int, reason: str) -> "Schedule":
        """Return the schedule with a failed instant, which is its problem until another succeeds."""
        noted = self.with_note(Note(FAILED, instant, reason=reason))
        return replace(noted, problem=noted.notes[-1].reason)

    def with_series(self, now: int) -> "Schedule":
        """Return the schedule with another series from now on."""
        due = self.due_at or now
        former = [each for each in self.series if each < due]
        kept = (*former[-1:], *(each for each in self.series if each >= due))
        return replace(self, series=(*kept, now))
