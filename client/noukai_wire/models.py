"""The bodies of requests and responses, as pydantic models: snake_case here, camelCase on the wire."""

from datetime import datetime, timedelta
from reprlib import Repr
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from noukai_wire import display, limits
from noukai_wire.output import OutputMismatchError, ReadableOutput
from noukai_wire.references import Sha256, UploadedInput

if TYPE_CHECKING:
    from rich.console import RenderableType

TERMINAL_STATES = frozenset({"completed", "failed", "cancelled"})
"""The states that never change. Any other state, known or not, is not terminal."""

# Only documented, not validated, because clients must accept the states and ids of later versions.
JobId = Annotated[str, Field(json_schema_extra={"pattern": "^job_[a-z2-7]{26}$"})]
State = Annotated[str, Field(json_schema_extra={"enum": ["pending", "running", *sorted(TERMINAL_STATES)]})]
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]

_RUN_AT = (
    "The time before which the job does not start, with its time zone: from now on, at most "
    f"{limits.MAX_RUN_AHEAD_SECONDS} seconds ahead; not together with delaySeconds."
)

_HASHED = (str, int, float)

_SHORT = Repr()
"""A formatter that shortens long values."""
_SHORT.maxstring = _SHORT.maxother = 120


class WireModel(BaseModel):
    """A body of the API. Fields of a response that this version does not know are ignored."""

    # Validators are built on first use, since a program uses only a few kinds of body.
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, defer_build=True)

    def __repr__(self) -> str:
        said = [f"{name}={_SHORT.repr(value)}" for name, value in self.__repr_args__() if value is not None]
        return f"{type(self).__name__}({', '.join(said)})"

    def __str__(self) -> str:
        return repr(self)

    def __hash__(self) -> int:
        # Equal bodies have equal hashable fields; the others may be lists and objects.
        return hash((type(self), *(value for value in vars(self).values() if isinstance(value, _HASHED))))


class SubmitOptions(WireModel):
    """The options of a job; their defaults are the flow's or the deployment's."""

    model_config = ConfigDict(extra="forbid")

    delay_seconds: Annotated[int, Field(ge=0, le=limits.MAX_DELAY_SECONDS)] | None = None
    run_at: Annotated[AwareDatetime, Field(description=_RUN_AT)] | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=limits.MAX_TIMEOUT_SECONDS)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=limits.MAX_ATTEMPTS)] | None = None
    backoff_seconds: Annotated[float, Field(ge=0, le=limits.MAX_BACKOFF_SECONDS)] | None = None
    backoff_cap_seconds: Annotated[float, Field(ge=0, le=limits.MAX_BACKOFF_SECONDS)] | None = None
    keep_seconds: Annotated[int, Field(ge=limits.MIN_KEEP_SECONDS, le=limits.MAX_KEEP_SECONDS)] | None = None
    metadata: (
        Annotated[
            dict[
                Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_METADATA_KEY_LENGTH)],
                Annotated[str, StringConstraints(max_length=limits.MAX_METADATA_VALUE_LENGTH)],
            ],
            Field(max_length=limits.MAX_METADATA_ENTRIES),
        ]
        | None
    ) = None
    webhook: (
        Annotated[
            str, StringConstraints(min_length=limits.MIN_SLUG_LENGTH, max_length=limits.MAX_SLUG_LENGTH)
        ]
        | None
    ) = None


class Submission(WireModel):
    """The body of a submission: a flow's input and the job's options.

    An input that is too large for the body is uploaded first; `input` then refers to it and replaces message
    and parameters.
    """

    model_config = ConfigDict(extra="forbid")

    message: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    input: UploadedInput | None = None
    options: SubmitOptions = SubmitOptions()


class JobAccepted(WireModel):
    """The answer to a submission: `state` is `pending`; the last four fields are for the published SDKs."""

    id: JobId
    state: State
    created_at: Timestamp
    flow: str
    execution_id: JobId | None = None
    status: str | None = None
    flow_id: str | None = None
    block_count: int | None = None


class ExecuteResult(ReadableOutput, WireModel):
    """The output of a completed job: `output` is any JSON value.

    A larger output is at `output_url` instead, for fifteen minutes: `output_bytes` of JSON, whose SHA-256 is
    `output_sha256`.
    """

    status: str
    output: Any = None
    output_url: str | None = None
    output_bytes: int | None = None
    output_sha256: Sha256 | None = None
    execution_id: JobId | None = None
    flow_id: str | None = None
    block_count: int | None = None

    def _repr_html_(self) -> str:
        return (
            display.html_of_result(self.output)
            if self.output_url is None
            else display.html_of_facts({"output": "behind a URL"})
        )

    def the_output(self) -> object:
        """Return the output, if it is not behind a URL."""
        if self.output_url is not None:
            raise OutputMismatchError(
                "the output is behind a URL: fetch the job's status, which downloads it"
            )
        return self.output


class ExecuteAnswer(ExecuteResult):
    """The answer to `execute`: `result` is the output again, where the published SDKs look for it.

    For a failed or cancelled job, `status` is `failed` and there is an `error` instead of `output` and
    `result`.
    """

    result: Any = None
    error: str | None = None


class JobStatus(ReadableOutput, WireModel):
    """The status of a job: times are ISO 8601 strings in UTC, and absent values are None."""

    id: JobId
    state: State
    flow: str | None = None
    created_at: Timestamp
    started_at: Timestamp | None = None
    completed_at: Timestamp | None = None
    stopped_at: Timestamp | None = None
    expires_at: Timestamp | None = None
    attempt: int | None = None
    max_attempts: int | None = None
    progress: dict[str, Any] | None = None
    result: ExecuteResult | None = None
    error: str | None = None
    last_error: str | None = None
    metadata: dict[str, str] | None = None
    retry_of: JobId | None = None
    execution_id: JobId | None = None
    status: str | None = None

    @property
    def is_terminal(self) -> bool:
        """Return whether the state will never change again."""
        return self.state in TERMINAL_STATES

    def the_output(self) -> object:
        """Return the job's output."""
        if self.result is None:
            raise OutputMismatchError(f"the job {self.id} is {self.state} and has no output")
        return self.result.the_output()

    @property
    def queued_for(self) -> timedelta | None:
        """Return the time from the submission to the first claim; None before that."""
        return _between(self.created_at, self.started_at)

    @property
    def ran_for(self) -> timedelta | None:
        """Return the time from the first claim to the terminal state; None before that."""
        return _between(self.started_at, self.completed_at)

    def _repr_html_(self) -> str:
        return display.html_of_status(self)

    def __rich__(self) -> "RenderableType":
        return display.rich_of_status(self)


class JobFilter(WireModel):
    """A filter of jobs; an empty one selects all.

    `created_after` is the first included time, `created_before` the first excluded one.
    """

    model_config = ConfigDict(extra="forbid", loc_by_alias=False)

    state: Literal["pending", "running", "completed", "failed", "cancelled"] | None = None
    created_after: AwareDatetime | None = None
    created_before: AwareDatetime | None = None


class JobQuery(JobFilter):
    """The query of a list: `cursor` comes from the previous page, with the same filter."""

    limit: Annotated[int, Field(ge=1, le=limits.MAX_LIST_LIMIT)] = limits.DEFAULT_LIST_LIMIT
    cursor: str | None = None


class UnreadableJob(WireModel):
    """A job in any state whose row cannot be read, with the code and message of the error."""

    id: str
    error: dict[str, str]


class JobList(WireModel):
    """A page of jobs, newest first and without results. Only a missing `cursor` marks the end."""

    jobs: list[JobStatus]
    errors: list[UnreadableJob] | None = None
    cursor: str | None = None


class JobCancellation(JobFilter):
    """The body of a request that cancels the pending and running jobs that the filter selects."""

    cursor: str | None = None


class CancelledJobs(WireModel):
    """The number of jobs that a request has cancelled. With a `cursor`, the next request cancels more."""

    cancelled: int
    errors: list[UnreadableJob] | None = None
    cursor: str | None = None


def _between(start: str | None, end: str | None) -> timedelta | None:
    if start is None or end is None:
        return None
    return datetime.fromisoformat(end) - datetime.fromisoformat(start)
