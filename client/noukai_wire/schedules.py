"""Schedules, which submit a job at each instant of a cron expression."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.models import JobId, JobStatus, SubmitOptions, Timestamp, WireModel

Overlap = Literal["allow", "skip", "cancel"]
Missed = Literal["latest", "none"]

# Only documented, not validated, because clients must accept the values of later versions.
_State = Annotated[str, Field(json_schema_extra={"enum": ["active", "paused", "broken", "over"]})]
_Source = Annotated[str, Field(json_schema_extra={"enum": ["api", "code"]})]
_Outcome = Annotated[str, Field(json_schema_extra={"enum": ["skipped", "missed", "failed"]})]


class NewSchedule(WireModel):
    """The body that creates or changes a schedule: when, and what it submits.

    `flow` is `project/flow`, or with the org of the key before it. `overlap` says what happens at an instant
    while the latest job has not ended: the next one is submitted all the same, is skipped, or replaces it.
    `missed` says what becomes of instants that passed while the schedule was paused or the deployment down:
    the latest one is run, or none.
    """

    model_config = ConfigDict(extra="forbid")

    flow: str
    cron: Annotated[str, Field(min_length=1, max_length=limits.MAX_CRON_LENGTH)]
    zone: Annotated[str, Field(min_length=1, max_length=limits.MAX_ZONE_LENGTH)] = "UTC"
    overlap: Overlap = "allow"
    missed: Missed = "latest"
    message: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    options: SubmitOptions = SubmitOptions()


class ScheduledJob(WireModel):
    """A job that a schedule has submitted, and its instant; a triggered job has none.

    `job` is absent once the job has expired, and for a key without the scope `read`.
    """

    id: JobId
    instant: Timestamp | None = None
    job: JobStatus | None = None


class InstantNote(WireModel):
    """An instant without a job, or the last of `count` in a row for the same reason."""

    outcome: _Outcome
    instant: Timestamp
    count: int = 1
    message: str | None = None


class Schedule(WireModel):
    """A schedule. `next` are its next instants; a paused or broken one shows when it would run.

    `state` is `over` if no instant follows. `problem` says why it is broken: its flow or zone is gone, or its
    latest instant failed. `message`, `parameters`, `options` and the statuses of `jobs` are shown to keys
    with the scope `read`; lists have neither these nor `jobs`. A schedule of the `source` `code` is changed
    there; it can be paused, resumed and triggered here.
    """

    name: str
    flow: str
    cron: str
    zone: str
    overlap: str
    missed: str
    source: _Source
    state: _State
    problem: str | None = None
    created_at: Timestamp
    changed_at: Timestamp
    next: list[Timestamp]
    message: str | None = None
    parameters: dict[str, Any] | None = None
    options: dict[str, Any] | None = None
    jobs: list[ScheduledJob] | None = None
    history: list[InstantNote] | None = None


class ScheduleList(WireModel):
    """The schedules of an org, by name."""

    schedules: list[Schedule]


class ScheduleQuery(WireModel):
    """The query of a schedule: how many of its next instants to show."""

    next: Annotated[int, Field(ge=1, le=limits.MAX_NEXT_INSTANTS)] = limits.DEFAULT_NEXT_INSTANTS
