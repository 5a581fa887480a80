"""The life of a job, pure: its states, the transitions between them and the verdict on a delivery.

                    claim                 complete
        pending ────────────> running ──────────────> completed
         │  ^                  │  │ │ ^
         │  └────── release ───┘  │ └─┘ extend
         │                        ├── fail ─────────> failed
         ├─────── fail_unrun ─────┴─────────────────> failed
         └──────── cancel ────────┴─────────────────> cancelled

Times are milliseconds since the epoch. Nothing here reads a clock, the environment or AWS, or draws a random
number.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from noukai_wire.limits import MAX_DELAY_SECONDS


class State(StrEnum):
    """A job's state; the last three are terminal."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({State.COMPLETED, State.FAILED, State.CANCELLED})
UNSETTLED = frozenset({State.PENDING, State.RUNNING})


class Transition(Enum):
    """A named change of state: the states it starts from and the one it ends in."""

    CLAIM = (UNSETTLED, State.RUNNING)
    EXTEND = (frozenset({State.RUNNING}), State.RUNNING)
    COMPLETE = (frozenset({State.RUNNING}), State.COMPLETED)
    FAIL = (frozenset({State.RUNNING}), State.FAILED)
    RELEASE = (frozenset({State.RUNNING}), State.PENDING)
    """Releases the job after an attempt, or undoes a claim that found no process."""
    CANCEL = (UNSETTLED, State.CANCELLED)
    FAIL_UNRUN = (UNSETTLED, State.FAILED)
    RESEND = (frozenset({State.PENDING}), State.PENDING)
    """Changes no state: records that a repeated submission has sent the message again."""
    STOP = (frozenset({State.CANCELLED}), State.CANCELLED)
    """Changes no state: records that the code of a cancelled job has stopped."""

    @property
    def sources(self) -> frozenset[State]:
        """Return the states it starts from."""
        return self.value[0]

    @property
    def target(self) -> State:
        """Return the state it ends in."""
        return self.value[1]


START_WITHIN_MS = 8 * 24 * 60 * 60 * 1000
"""The time from when a job may start to its deadline to start. Queues keep messages for ten days, so that the
sweep fails an overdue job, with a reason, before its message is gone."""


DELIVERY_MS = 60_000
"""How long a visible message may remain unclaimed before it counts as lost."""


_ID_BITS = 130
JOB_ID = re.compile(r"job_[a-z2-7]{26}")
"""The form of a job's id."""

FIRST_PROGRESS_MS = 1000
_PROGRESS_SHARE = 10
"""A tenth of the run time so far: the interval between progress writes, and between a caller's polls for
progress."""


COLD = "!"
"""The end of an owner's token that marks the first claim of a process. It takes no room in the row."""


IN_CANARY = "1"


@dataclass(frozen=True, slots=True)
class Payload:
    """An object with content that is too large for a row: its key, size in bytes and SHA-256 in hex."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    """One submission of a flow, as stored in its row."""

    id: str
    org: str
    flow: str
    """`project/flow`."""
    state: State
    created_at: int
    attempt: int
    max_attempts: int
    digest: bytes
    """The digest of the parsed body. The same idempotency key with another digest is a conflict."""
    keep_seconds: int
    start_by: int
    """The deadline to start: after it, a job that nobody runs is overdue."""
    not_before: int | None = None
    resent_at: int | None = None
    """When a repeated submission last sent its message again."""
    lease_until: int | None = None
    owner: str | None = None
    """The token of the claim that runs the job or settled it, marked if it was its process's first."""
    started_at: int | None = None
    claimed_at: int | None = None
    """When the current or last attempt was claimed."""
    ran_ms: int | None = None
    """The total run time of its attempts, as far as it was written."""
    completed_at: int | None = None
    stopped_at: int | None = None
    expires_at: int | None = None
    """In seconds since the epoch, as DynamoDB's time to live requires."""
    expected_at: int | None = None
    """The estimated end of the current attempt."""
    spread_ms: int | None = None
    """The standard deviation of that estimate."""
    progress: Mapping[str, Any] | None = None
    result: str | None = None
    """The output as JSON text, unless it is too large for the row."""
    result_object: Payload | None = None
    """The object with the output, if it is too large for the row."""
    error: str | None = None
    last_error: str | None = None
    metadata: Mapping[str, str] | None = None
    retry_of: str | None = None
    """The job that this one retries."""
    memory: int | None = None
    """The memory in MB of the worker that made the last claim, unless it is the default."""
    followed_until: int | None = None
    """Until when somebody follows its log."""
    progress_at: int | None = None
    """When its progress was last written."""
    webhook: str | None = None
    """The webhook endpoint that is told of its end, or `ALL_WEBHOOKS`; None if none is."""
    canary: str | None = None
    """`IN_CANARY` for a job that a canary runs. It never changes, and so neither does the job's queue."""
    history: str | None = None
    """Its ended attempts, as `attempts` writes them."""
    submitted_by: str | None = None
    """The name of the key that has submitted it."""
    cancelled_by: str | None = None
    """The name of the key that has cancelled it."""

    @property
    def is_cold(self) -> bool:
        """Return whether the last claim was the first of its worker's process."""
        return self.owner is not None and self.owner.endswith(COLD)

    @property
    def is_terminal(self) -> bool:
        """Return whether the state will never change again."""
        return self.state in TERMINAL

    @property
    def due_at(self) -> int:
        """Return the earliest time at which it could start."""
        return self.start_by - START_WITHIN_MS

    @property
    def is_later(self) -> bool:
        """Return whether its message waits in a schedule, since a queue cannot delay it for so long."""
        return needs_schedule(self.due_at - self.created_at)

    def has_schedule(self, now: int) -> bool:
        """Return whether its message may still be in a schedule."""
        return self.attempt == 0 and self.due_at > now and self.is_later

    def may_be_resent(self, now: int) -> bool:
        """Return whether a resubmission may send the message again: once, then once per delivery time.

        Until the first claim nobody can tell whether the message was sent. Sending it twice is harmless.
        """
        if self.attempt or self.is_terminal or self.has_schedule(now):
            return False
        return self.resent_at is None or now >= max(self.resent_at, self.due_at) + DELIVERY_MS

    def has_live_lease(self, now: int) -> bool:
        """Return whether its attempt still holds the lease."""
        return self.state is State.RUNNING and self.lease_until is not None and self.lease_until > now

    def must_wait(self, now: int) -> bool:
        """Return whether a delay or a backoff keeps it from being claimed."""
        return self.state is State.PENDING and self.not_before is not None and self.not_before > now

    def is_expired(self, now: int) -> bool:
        """Return whether it has expired, even if its row still exists."""
        return self.is_terminal and self.expires_at is not None and self.expires_at * 1000 <= now

    def is_overdue(self, now: int) -> bool:
        """Return whether it is past its deadline to start and nobody runs it."""
        return (
            not (self.is_terminal or self.has_live_lease(now) or self.must_wait(now)) and now >= self.start_by
        )


def job_id(org: str, flow: str, idempotency_key: str) -> str:
    """Return the id of the job that a submission with this idempotency key makes: 130 bits of a hash."""
    # No part can hold a line break, so different parts never join to the same text.
    digest = hashlib.sha256(f"{org}\n{flow}\n{idempotency_key}".encode()).digest()
    return "job_" + base64.b32encode(digest[:20]).decode().lower()[: _ID_BITS // 5]


def needs_schedule(wait_ms: int) -> bool:
    """Return whether a wait is longer than a queue can delay a message."""
    return wait_ms > MAX_DELAY_SECONDS * 1000


def has_lost(mine: Job, seen: Job) -> bool:
    """Return whether a row shows that the attempt of `mine` has lost the job.

    A row from a stale read, older than `mine`, does not.
    """
    if seen.created_at != mine.created_at:
        return seen.created_at > mine.created_at
    return seen.is_terminal or seen.attempt > mine.attempt


class Verdict(Enum):
    """The decision on a delivery whose claim was refused, or on a dead-letter message."""

    DROP = "drop"
    """Its job is terminal, gone or another submission: delete the message."""
    DEFER = "defer"
    """Its job is running or must wait: hide the message until then."""
    CLAIMABLE = "claimable"
    EXHAUSTED = "exhausted"
    """Nobody runs its job and no attempt is left: fail the job."""


def judge(seen: Job | None, created_at: int, now: int) -> Verdict:
    """Return the verdict on a delivery of the job created at `created_at`."""
    if seen is None or seen.created_at != created_at or seen.is_terminal:
        return Verdict.DROP
    if seen.has_live_lease(now) or seen.must_wait(now):
        return Verdict.DEFER
    return Verdict.CLAIMABLE if seen.attempt < seen.max_attempts else Verdict.EXHAUSTED


def seconds_until_claimable(job: Job, now: int) -> int:
    """Return how many seconds, at least one, to hide a deferred delivery."""
    until = max(job.lease_until or 0, job.not_before or 0)
    return max(1, -(-(until - now) // 1000))


def progress_interval_ms(age: int) -> int:
    """Return the milliseconds until a job of this age reports progress again."""
    return max(FIRST_PROGRESS_MS, age // _PROGRESS_SHARE)


def longest_backoff_seconds(attempt: int, base: float, cap: float) -> float:
    """Return the longest backoff after an attempt: it doubles from `base` up to `cap`."""
    return min(cap, base * 2.0 ** (attempt - 1))
