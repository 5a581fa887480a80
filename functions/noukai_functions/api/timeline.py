"""The timeline of a job, made from its row. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from noukai_functions.api.answers import timestamp
from noukai_functions.jobs.lifecycle import Job, State


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
    yield Event(job.created_at, "submitted", message=job.retry_of and f"as a retry of {job.retry_of}")
    if job.due_at > job.created_at:
        yield Event(job.created_at, "waiting", message=f"until {timestamp(job.due_at)}, as submitted")
    yield from _attempts(job)
    if job.completed_at is not None:
        attempt = job.attempt or None
        yield Event(job.completed_at, job.state.value, attempt, job.error)
        if job.stopped_at is not None:
            yield Event(max(job.stopped_at, job.completed_at), "stopped", attempt, "its code has ended")


def _attempts(job: Job) -> Iterator[Event]:
    if job.attempt == 0 or job.claimed_at is None:
        return
    if job.attempt > 1 and job.started_at is not None:
        yield Event(job.started_at, "started", 1)
    yield Event(job.claimed_at, "started", job.attempt)
    if job.state is State.PENDING:
        again = "" if job.not_before is None else f"; the next attempt starts at {timestamp(job.not_before)}"
        yield Event(job.claimed_at, "retried", job.attempt, f"{job.last_error}{again}")
