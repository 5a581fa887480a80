"""The bounds of imported jobs: what no stack would have written itself is refused."""

import json
import re
from typing import Any
from zlib import compress

from pydantic import ValidationError

from noukai_functions.jobs.lifecycle import JOB_ID, Job, Payload
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.row import encode
from noukai_wire import limits
from noukai_wire.models import SubmitOptions
from noukai_wire.text import is_too_deep

MAX_LINE_BYTES = 2 * limits.MAX_PAYLOAD_BYTES + 4 * 1024 * 1024
"""The longest line: of the largest input and output, and what a row holds beside them."""

_MAX_ROW_BYTES = 400 * 1000 - 1000
"""The largest row that DynamoDB takes, without what an import adds to it."""

_DAY_MS = 24 * 60 * 60 * 1000
_OBJECT = r"keep-[0-9]{1,3}d/%s/%s/[0-9]+-[0-9]+"


def json_text(name: str, value: Any) -> str:
    """Return a value as JSON.

    Raises:
        ValueError: the API would not have taken it.
    """
    if is_too_deep(value):
        raise ValueError(f"{name} is nested deeper than {limits.MAX_JSON_DEPTH} levels")
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise ValueError(f"{name} has a number that JSON cannot write, such as NaN") from None
    if len(text.encode()) > limits.MAX_PAYLOAD_BYTES:
        raise ValueError(f"{name} is larger than {limits.MAX_PAYLOAD_BYTES} bytes")
    return text


def check_job(job: Job) -> None:
    """Check what a terminal job keeps, for how long, and that its object is its own.

    Raises:
        ValueError: no stack would have written it.
    """
    json_text("progress", job.progress)
    if job.keep_seconds > limits.MAX_KEEP_SECONDS:
        raise ValueError(f"keepSeconds: {job.keep_seconds} is above {limits.MAX_KEEP_SECONDS}")
    ended = (job.completed_at or 0) // 1000
    if (job.expires_at or 0) > ended + limits.MAX_KEEP_SECONDS + 1:
        raise ValueError(f"expiresAt is more than {limits.MAX_KEEP_SECONDS} seconds after completedAt")
    if job.retry_of is not None and not JOB_ID.fullmatch(job.retry_of):
        raise ValueError("retryOf is not the id of a job")
    if job.result_object is not None:
        _check_object(job, job.result_object)
    if _size(encode(job)) > _MAX_ROW_BYTES:
        raise ValueError("the job is too large for a row")


def check_message(message: Message, max_attempts: int) -> None:
    """Check the options that a retry would take over.

    Raises:
        ValueError: no submission could have had them.
    """
    names = ("timeout_seconds", "backoff_seconds", "backoff_cap_seconds")
    try:
        SubmitOptions(max_attempts=max_attempts, **{name: getattr(message, name) for name in names})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{first['loc'][0]}: {first['msg']}") from None
    body = message.body.encode()
    if len(body) > _MAX_ROW_BYTES and len(compress(body)) > _MAX_ROW_BYTES:
        raise ValueError("the input is too large for a row")


def check_times(job: Job, now: int) -> None:
    """Check that a job is of the past, but for a day by which clocks may differ.

    Raises:
        ValueError: it would be listed before all jobs to come, or kept for longer than any.
    """
    if max(job.created_at, job.completed_at or 0) > now + _DAY_MS:
        raise ValueError("createdAt or completedAt is in the future")


def _check_object(job: Job, found: Payload) -> None:
    """Refuse an object of another job, which the API would give a link to."""
    if not re.fullmatch(_OBJECT % (re.escape(job.org), job.id), found.key):
        raise ValueError("lostResult is not an object of this job")
    if not 0 <= found.size <= limits.MAX_PAYLOAD_BYTES:
        raise ValueError(f"lostResult has {found.size} bytes, not 0 to {limits.MAX_PAYLOAD_BYTES}")


def _size(row: Any) -> int:
    values = ((name, next(iter(value.values()))) for name, value in row.items())
    return sum(len(name) + len(each.encode() if isinstance(each, str) else each) for name, each in values)
