"""The usage of jobs, pure: from stream records to sums by org, day and flow."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any

from noukai_functions.clock import day_of
from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.row import decode
from noukai_functions.names import RESTORED

_MB_MS_PER_GB_SECOND = 1024 * 1000


@dataclass(frozen=True, slots=True)
class Usage:
    """The jobs by outcome, and their attempts: number, milliseconds, and milliseconds times memory."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    attempts: int = 0
    ran_ms: int = 0
    mb_ms: int = 0
    """Milliseconds times the megabytes of the worker."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def jobs(self) -> int:
        """Return how many jobs have ended."""
        return self.completed + self.failed + self.cancelled

    @property
    def gb_seconds(self) -> float:
        """Return the compute in GB-seconds, as Lambda counts it."""
        return self.mb_ms / _MB_MS_PER_GB_SECOND


@dataclass(frozen=True, slots=True)
class Prices:
    """The operator's prices in USD: per job, and per GB-second."""

    job: float
    gb_second: float

    def cost(self, usage: Usage) -> float:
        """Return the estimated cost of the usage, in USD."""
        return usage.jobs * self.job + usage.gb_seconds * self.gb_second


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The number of unfinished jobs, and of scheduled ones among them; or a change of these."""

    jobs: int = 0
    later: int = 0

    def __add__(self, other: "Unfinished") -> "Unfinished":
        return Unfinished(self.jobs + other.jobs, self.later + other.later)


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream record's contribution to the sums of an org, a day (`2026-11-25`, UTC) and a flow."""

    org: str
    day: str
    flow: str
    sequence: str
    """The record's number within its shard, as text that sorts as the numbers do."""
    created_at: int
    """About when the record came into the stream, in milliseconds; 0 if it does not say."""
    usage: Usage
    unfinished: Unfinished
    """What it adds to the org's unfinished jobs."""


_SEQUENCE_DIGITS = 40
"""No sequence number of a stream has more."""


def is_restored(record: Mapping[str, Any]) -> bool:
    """Return whether a restoration wrote the row: no job was submitted or ended."""
    change = record["dynamodb"]
    old, new = (change.get(image, {}).get(RESTORED) for image in ("OldImage", "NewImage"))
    return new is not None and new != old


def entry_of(record: Mapping[str, Any], memory: int) -> Entry:
    """Parse a record: a new job, an ended one, or a cancelled one whose code has stopped.

    `memory` is a default worker's. A job counts once, when it ends. What a cancelled job has run until its
    code has really stopped is added when its worker says so: until then the row has the time of its last
    heartbeat. All attempts count with the memory of the worker that ran the last: it is the rare job whose
    flow asks for another one meanwhile.
    """
    change = record["dynamodb"]
    old, new = (decode(change[image]) if image in change else None for image in ("OldImage", "NewImage"))
    if new is None:
        raise ValueError("a job was deleted")
    sequence = str(int(change["SequenceNumber"])).zfill(_SEQUENCE_DIGITS)
    created_at = int(change.get("ApproximateCreationDateTime", 0) * 1000)
    if new.state is State.PENDING and (old is None or old.is_terminal):
        came = Unfinished(1, int(new.is_later))
        return Entry(new.org, day_of(new.created_at), new.flow, sequence, created_at, Usage(), came)
    if old is None or new.completed_at is None:
        raise ValueError(f"the job {new.id} has not ended")
    ran_ms = (new.ran_ms or 0) - ((old.ran_ms or 0) if old.is_terminal else 0)
    outcome = {} if old.is_terminal else {new.state.value: 1, "attempts": new.attempt}
    return Entry(
        org=new.org,
        day=day_of(new.completed_at),
        flow=new.flow,
        sequence=sequence,
        created_at=created_at,
        usage=Usage(**outcome, ran_ms=ran_ms, mb_ms=ran_ms * (new.memory or memory)),
        unfinished=Unfinished() if old.is_terminal else Unfinished(-1, -int(new.is_later)),
    )
