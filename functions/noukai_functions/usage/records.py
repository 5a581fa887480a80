"""The usage of jobs, from stream records to entries by org, day and flow. Pure."""

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
    """The usage: jobs by outcome, attempts, and compute."""

    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    attempts: int = 0
    ran_ms: int = 0
    mb_ms: int = 0
    """Milliseconds times the worker's memory in MB."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def jobs(self) -> int:
        """Return the number of ended jobs."""
        return self.completed + self.failed + self.cancelled

    @property
    def gb_seconds(self) -> float:
        """Return the compute in GB-seconds, Lambda's unit."""
        return self.mb_ms / _MB_MS_PER_GB_SECOND


@dataclass(frozen=True, slots=True)
class Prices:
    """The operator's prices in USD, per job and per GB-second."""

    job: float
    gb_second: float

    def cost(self, usage: Usage) -> float:
        """Return the estimated cost of the usage, in USD."""
        return usage.jobs * self.job + usage.gb_seconds * self.gb_second


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The number of unfinished jobs, and of scheduled ones among them; or a change of both."""

    jobs: int = 0
    later: int = 0

    def __add__(self, other: "Unfinished") -> "Unfinished":
        return Unfinished(self.jobs + other.jobs, self.later + other.later)


@dataclass(frozen=True, slots=True)
class Entry:
    """A stream record's contribution to the total of an org, a UTC day (`2026-11-25`) and a flow."""

    org: str
    day: str
    flow: str
    sequence: str
    """The record's sequence number in its shard, zero-padded so that it sorts as text."""
    created_at: int
    """The approximate time of the record in milliseconds; 0 if unknown."""
    usage: Usage
    unfinished: Unfinished
    """The change of the org's unfinished jobs."""


_SEQUENCE_DIGITS = 40
"""The most digits that a sequence number of a stream has."""


def is_restored(record: Mapping[str, Any]) -> bool:
    """Return whether a restore wrote the row, so that no job was submitted or ended."""
    change = record["dynamodb"]
    old, new = (change.get(image, {}).get(RESTORED) for image in ("OldImage", "NewImage"))
    return new is not None and new != old


def entry_of(record: Mapping[str, Any], memory: int) -> Entry:
    """Parse a record of a job that was submitted, has ended, or whose code has stopped after a cancellation.

    `memory` is the default worker's. A job counts once, when it ends. For a cancelled job, the run time since
    its last heartbeat is added when its code has stopped. All attempts count with the memory of the last
    one's worker: flows rarely change their memory between attempts.
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
