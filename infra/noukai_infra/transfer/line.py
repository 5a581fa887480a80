"""A job as a line of JSON: its public status with its output, its input, and what only its row has."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from noukai_functions.api.statuses import job_status
from noukai_functions.jobs.lifecycle import JOB_ID, Job, Payload, State
from noukai_functions.jobs.queues.queue import LaterMessageError, Message
from noukai_functions.jobs.row import decode, encode
from noukai_functions.refusals import UnreadableRowError
from noukai_functions.timestamps import parse_timestamp
from noukai_infra.transfer.bounds import check_job, check_message, json_text
from noukai_wire.models import JobStatus, Timestamp, WireModel
from noukai_wire.references import Sha256
from noukai_wire.slug import is_slug

_IDENTIFYING = ("id", "created_at", "org", "flow")
"""The fields of a message that are also those of its job."""

_NAMES_OF_AN_ADDRESS = 3

_MOST_SAID = 300
"""How much of the reason is shown: some of it is from the line."""


class _LostResult(WireModel):
    """The object of a result that is lost: the job is answered as before, without its output."""

    key: str
    size: int
    sha256: Sha256


class _Stored(WireModel):
    """The part of a row that is not in the public status. Times are in milliseconds since the epoch."""

    digest: Annotated[str, Field(pattern="^([0-9a-f]{2})*$")]
    keep_seconds: int
    start_by: int
    not_before: int | None = None
    resent_at: int | None = None
    owner: str | None = None
    claimed_at: int | None = None
    ran_ms: int | None = None
    memory: int | None = None
    history: str | None = None
    progress_at: int | None = None
    submitted_by: str | None = None
    cancelled_by: str | None = None
    webhook: str | None = None
    lost_result: _LostResult | None = None
    message: dict[str, Any] | None = None
    """The options of the saved message, from which a retry takes them; without its arguments."""


_ROW_FIELDS = sorted({field.name for field in fields(Job)} & _Stored.model_fields.keys() - {"digest"})


class _Input(WireModel):
    """An input as the body of a submission has it."""

    model_config = ConfigDict(extra="forbid")

    message: Any = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class _Line(JobStatus):
    """The line of a job: its status, its input as a submission has it, and the rest of its row."""

    id: Annotated[str, Field(pattern=f"^{JOB_ID.pattern}$")]
    flow: str
    created_at: Timestamp
    max_attempts: int
    input: _Input | None = None
    stored: _Stored


@dataclass(frozen=True, slots=True)
class Content:
    """A job with what its row does not hold: its output and its input."""

    job: Job
    output: str | None = None
    """The output as JSON text."""
    message: Message | None = None
    """The message of its submission, if it was saved."""
    uploaded: str | None = None
    """The uploaded input as JSON text; the message then has no arguments."""


def write_line(content: Content) -> bytes:
    """Return the line of a job; absent values are omitted.

    Raises:
        ValueError: its output or its input is not JSON.
    """
    job, message = content.job, content.message
    shown = {} if content.output is None else {"output": json.loads(content.output)}
    lost = asdict(job.result_object) if job.result_object and content.output is None else None
    stored = _Stored(
        digest=job.digest.hex(),
        lost_result=None if lost is None else _LostResult(**lost),
        message=None if message is None else _options(message),
        **{name: getattr(job, name) for name in _ROW_FIELDS},
    )
    line = {
        **job_status(job, shown),
        **({} if message is None else {"input": _input(message, content.uploaded)}),
        "stored": stored.model_dump(by_alias=True, exclude_none=True),
    }
    return json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def is_input(text: str) -> bool:
    """Return whether an uploaded text is an input, as an import takes it; callers upload what they want."""
    try:
        json_text("input", _Input.model_validate_json(text).model_dump(exclude_unset=True))
    except ValueError:
        return False
    return True


def _options(message: Message) -> dict[str, Any]:
    values = asdict(message)
    return {
        name: value
        for name, value in values.items()
        if value is not None and name not in (*_IDENTIFYING, "arguments")
    }


def _input(message: Message, uploaded: str | None) -> Mapping[str, Any]:
    """Return an input as the body of a submission has it."""
    if uploaded is not None:
        content: Mapping[str, Any] = json.loads(uploaded)
        return content
    parameters = {name: value for name, value in message.arguments.items() if name != "message"}
    given = {"message": message.arguments["message"]} if "message" in message.arguments else {}
    return {**given, **({"parameters": parameters} if parameters else {})}


def read_line(text: bytes) -> Content:
    """Parse a line.

    Raises:
        ValueError: it is no line of an export; the message says why.
    """
    try:
        line = _Line.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # A name of the line could hold control characters, which a terminal would obey.
        place = ".".join(map(str, first["loc"])).encode("unicode_escape").decode()[:_MOST_SAID]
        raise ValueError(f"{place}: {first['msg'][:_MOST_SAID]}" if place else first["msg"]) from None
    job = _job(line)
    if not job.is_terminal:
        return Content(job)
    has_output = line.result is not None and "output" in line.result.model_fields_set
    _check_end(job, has_output=has_output)
    check_job(job)
    output = json_text("output", line.result.output) if line.result and has_output else None
    return _with_input(line, Content(job, output))


def _job(line: _Line) -> Job:
    org, _, flow = line.flow.partition("/")
    names = (org, *flow.split("/"))
    if len(names) != _NAMES_OF_AN_ADDRESS or not all(map(is_slug, names)):
        raise ValueError(f"flow: {line.flow[:_MOST_SAID]!r} is not ORG/PROJECT/FLOW")
    stored, is_cancelled = line.stored, line.state == State.CANCELLED
    expires_at = _milliseconds("expiresAt", line.expires_at)
    lost = stored.lost_result
    try:
        job = Job(
            id=line.id,
            org=org,
            flow=flow,
            state=State(line.state),
            created_at=_milliseconds("createdAt", line.created_at) or 0,
            started_at=_milliseconds("startedAt", line.started_at),
            completed_at=_milliseconds("completedAt", line.completed_at),
            stopped_at=_milliseconds("stoppedAt", line.stopped_at),
            expires_at=None if expires_at is None else expires_at // 1000,
            attempt=line.attempt or 0,
            max_attempts=line.max_attempts,
            digest=bytes.fromhex(stored.digest),
            progress=line.progress,
            error=None if is_cancelled else line.error,
            last_error=line.last_error,
            metadata=line.metadata,
            retry_of=line.retry_of,
            result_object=None if lost is None else Payload(lost.key, lost.size, lost.sha256),
            **{name: getattr(stored, name) for name in _ROW_FIELDS},
        )
        return decode(encode(job))
    except UnreadableRowError as error:
        raise ValueError(str(error.__cause__)) from error


def _milliseconds(name: str, text: str | None) -> int | None:
    try:
        return None if text is None else parse_timestamp(text)
    except ValueError:
        raise ValueError(f"{name}: {str(text)[:_MOST_SAID]!r} is not a timestamp") from None


def _check_end(job: Job, *, has_output: bool) -> None:
    """Check that a terminal job has what its state means."""
    if job.completed_at is None or job.expires_at is None:
        raise ValueError(f"the job is {job.state} without completedAt and expiresAt")
    if (job.state is State.COMPLETED) != (has_output or job.result_object is not None):
        raise ValueError(f"the job is {job.state} {'with' if has_output else 'without'} a result")
    if (job.state is State.FAILED) != (job.error is not None):
        raise ValueError(f"the job is {job.state} {'without' if job.error is None else 'with'} an error")


def _with_input(line: _Line, content: Content) -> Content:
    """Return a content with its message, if the line has an input."""
    if line.input is None or line.stored.message is None:
        return content
    options, job = line.stored.message, content.job
    given = line.input.model_dump(exclude_unset=True)
    if "input" in options:
        arguments, uploaded = {}, json_text("input", given)
    else:
        arguments, uploaded = {**given.pop("parameters", {}), **given}, None
    identity = {name: getattr(job, name) for name in _IDENTIFYING}
    try:
        message = Message.parse(json_text("input", {**options, **identity, "arguments": arguments}))
    except LaterMessageError as error:
        raise ValueError(f"stored.message: {error}") from error
    check_message(message, job.max_attempts)
    return Content(job, content.output, message, uploaded)
