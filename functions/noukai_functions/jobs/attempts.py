"""The ended attempts of a job, as its row keeps them for the timeline: the last ones, in few bytes. Pure."""

from dataclasses import dataclass
from itertools import takewhile
from typing import Self

from noukai_functions.jobs.lifecycle import COLD, Job

_MOST = 7
"""With the current attempt, a timeline shows eight."""

_MOST_REASON = 40
_LONGEST_MS = 10**12
"""Longer than any job is kept; a time beyond the year 9999 could not be shown."""

_BETWEEN = ";"


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """An attempt that has ended and is followed by another; times are in milliseconds since the epoch."""

    number: int
    started_at: int
    ended_at: int
    is_cold: bool
    """Whether it was the first of its worker's process."""
    reason: str
    """The class of the error."""

    def text(self, created_at: int) -> str:
        """Return the attempt of a job as text, which has no room for a message."""
        waited, lasted = max(0, self.started_at - created_at), max(0, self.ended_at - self.started_at)
        reason = "".join(takewhile(_is_of_a_name, self.reason))[:_MOST_REASON]
        return f"{self.number},{waited},{lasted},{reason}{COLD if self.is_cold else ''}"

    @classmethod
    def parse(cls, text: str, created_at: int) -> Self:
        """Parse the text of an attempt."""
        *numbers, reason = text.split(",")
        number, waited, lasted = map(int, numbers)
        if not (0 <= waited < _LONGEST_MS and 0 <= lasted < _LONGEST_MS):
            raise ValueError(f"no attempt of a job: {text}")
        started_at = created_at + waited
        is_cold, name = reason.endswith(COLD), reason.removesuffix(COLD)
        return cls(number, started_at, started_at + lasted, is_cold, name)


def history_with(job: Job, error: str, now: int) -> str:
    """Return the history of a job whose current attempt ends now; of many attempts, the last ones stay."""
    started_at = now if job.claimed_at is None else job.claimed_at
    ended = EndedAttempt(job.attempt, started_at, now, job.is_cold, error)
    earlier = job.history.split(_BETWEEN) if job.history else []
    return _BETWEEN.join([*earlier, ended.text(job.created_at)][-_MOST:])


def ended_attempts(job: Job) -> list[EndedAttempt]:
    """Parse the history of a job; what a later version has written otherwise is left out."""
    found = []
    for text in job.history.split(_BETWEEN) if job.history else []:
        try:
            found.append(EndedAttempt.parse(text, job.created_at))
        except ValueError:
            continue
    return found


def _is_of_a_name(character: str) -> bool:
    return character.isalnum() or character in "_."
