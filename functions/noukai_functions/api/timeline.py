"""The timeline of a job, made from its row. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noukai_functions.jobs.attempts import EndedAttempt, ended_attempts
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.names import BY_SCHEDULE
from noukai_functions.timestamps import timestamp


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job; `at` is in milliseconds since the epoch."""

    at: int
    type: str
    attempt: int | None = None
    message: str | None = None

    @property
    def view(self) -> dict[str, Any]:
        """Return the contract's view; `None` values are omitted."""
        fields = {
            "at": timestamp(self.at),
            "type": self.type,
            "attempt": self.attempt,
            "message": self.message,
        }
        return {name: value for name, value in fields.items() if value is not None}


def timeline(job: Job) -> list[Event]:
    """Return the events of a job, oldest first.

    The clocks of the functions differ a little: an event is never shown earlier than the one before.
    """
    events: list[Event] = []
    for event in _events(job):
        latest = events[-1].at if events else event.at
        events.append(Event(max(event.at, latest), event.type, event.attempt, event.message))
    return events


def _events(job: Job) -> Iterator[Event]:
    yield Event(job.created_at, "submitted", message=_submission(job))
    if job.due_at > job.created_at:
        yield Event(job.created_at, "waiting", message=f"until {timestamp(job.due_at)}, as submitted")
    yield from _attempts(job)
    if job.completed_at is None:
        return
    attempt = job.attempt or None
    by = _by(job.cancelled_by)
    yield Event(job.completed_at, job.state.value, attempt, job.error or by)
    if job.stopped_at is not None:
        yield Event(max(job.stopped_at, job.completed_at), "stopped", attempt, "its code has ended")


def _submission(job: Job) -> str | None:
    of = f"as a retry of {job.retry_of}" if job.retry_of else None
    by, instant = _by(job.submitted_by), (job.metadata or {}).get("instant")
    if instant and (job.submitted_by or "").startswith(BY_SCHEDULE):
        by = f"{by} for {instant}"
    return ", ".join(filter(None, (by, of))) or None


def _by(name: str | None) -> str | None:
    """Return who has submitted or cancelled a job: a key, or a schedule."""
    if not name:
        return None
    kind = "schedule" if name.startswith(BY_SCHEDULE) else "key"
    return f"by the {kind} {name.removeprefix(BY_SCHEDULE)}"


def _attempts(job: Job) -> Iterator[Event]:
    ended = ended_attempts(job)
    for number, each in enumerate(ended):
        follower = ended[number + 1].number if number + 1 < len(ended) else job.attempt
        yield Event(each.started_at, "started", each.number, _worker(is_cold=each.is_cold))
        outcome = _outcome(job, each, is_last=each is ended[-1])
        yield Event(each.ended_at, "retried", each.number, outcome)
        yield from _lost(range(each.number + 1, follower), each.ended_at)
    if job.attempt and job.claimed_at is not None and (not ended or ended[-1].number < job.attempt):
        if not ended:
            yield from _lost(range(1, job.attempt), job.started_at or job.claimed_at)
        yield Event(job.claimed_at, "started", job.attempt, _worker(is_cold=job.is_cold))
        if job.progress and job.progress_at is not None:
            yield Event(job.progress_at, "progress", job.attempt, _said(job.progress))


def _lost(attempts: Iterable[int], at: int) -> Iterator[Event]:
    """Yield the events of attempts whose worker has written no end."""
    for attempt in attempts:
        yield Event(at, "started", attempt)
        yield Event(at, "retried", attempt, "its worker was lost")


def _worker(*, is_cold: bool) -> str | None:
    return "on a new worker" if is_cold else None


def _outcome(job: Job, ended: EndedAttempt, *, is_last: bool) -> str:
    """Return why an attempt was followed by another; of the last one, the row has the whole error."""
    if not is_last:
        return ended.reason
    again = "" if job.not_before is None else f"; the next attempt starts at {timestamp(job.not_before)}"
    return f"{job.last_error}{again}"


def _said(progress: Mapping[str, Any]) -> str:
    percent = f"{progress['percent']:g} %" if "percent" in progress else ""
    return " ".join(filter(None, (percent, progress.get("message"))))
