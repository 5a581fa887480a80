"""The submission that a call of `job()` sends."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, cast
from uuid import uuid4

from noukai._errors import InvalidArgumentError
from noukai_wire.limits import MAX_BODY_BYTES, MAX_IDEMPOTENCY_KEY_LENGTH, MAX_PAYLOAD_BYTES

from .values import json_of

AROUND_ENTRIES = len(b'{"jobs":[]}')
"""The bytes of a batch's body besides its entries."""

_IDEMPOTENCY_KEY = re.compile(r"[!-~]([ -~]*[!-~])?")  # a header's value cannot begin or end with a space


class AttemptOptions(TypedDict, total=False):
    """The options of a job that say how it runs, and not when."""

    timeout_seconds: int | None
    """The time limit of an attempt."""
    max_attempts: int | None
    """The most attempts in all."""
    backoff_seconds: float | None
    """The longest random pause after the first failed attempt; it doubles with each further one."""
    backoff_cap_seconds: float | None
    """The upper bound of all pauses."""
    metadata: Mapping[str, str] | None
    """Names and values that the job's status returns: 16 at most."""
    keep_seconds: int | None
    """How long the job is kept after its end: an hour to a year. After that, its key makes a new job."""
    webhook: str | None
    """The webhook endpoint that is told of the job's end; by default, every endpoint of the org that asks."""


class JobOptions(AttemptOptions, total=False):
    """The options of a job."""

    idempotency_key: str | None
    """The same key for the same flow returns the same job: 1 to 255 printable ASCII characters."""
    delay_seconds: int | None
    """The least number of seconds between submission and start."""
    run_at: datetime | str | None
    """The earliest start: an aware datetime, or ISO 8601 text with a time zone, at most a year ahead.

    Cannot be combined with `delay_seconds`."""
    retry_for: float | None
    """How many seconds to retry the submission while the API is unreachable (60); 0 for never."""


@dataclass(frozen=True)
class Submission:
    """The body of a submit request, with the idempotency key that makes repeating it harmless.

    An `input` is too large for the body and must be uploaded first; until then the body lacks it.
    """

    content: bytes
    idempotency_key: str
    input: bytes | None = None
    retry_for: float | None = None

    def announcement(self, sha256: str) -> bytes:
        """Return the body of a request for an upload URL."""
        content = b"" if self.input is None else self.input
        return _json({**json.loads(self.content), "bytes": len(content), "sha256": sha256})

    def referring_to(self, reference: str) -> "Submission":
        """Return the submission with the reference to its uploaded input."""
        content = _json({**json.loads(self.content), "input": reference})
        return Submission(content, self.idempotency_key, retry_for=self.retry_for)

    @property
    def size(self) -> int:
        """Return the bytes that it adds to a batch, upload included."""
        return len(self.entry) + len(self.input or b"")

    @property
    def entry(self) -> bytes:
        """Return the body as an entry of a batch, with its idempotency key."""
        key = b'"idempotencyKey":' + json.dumps(self.idempotency_key).encode()
        return b"%b%b%b}" % (self.content[:-1], b"" if self.content == b"{}" else b",", key)


def submission(
    message: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    idempotency_key: str | None = None,
    delay_seconds: int | None = None,
    run_at: datetime | str | None = None,
    timeout_seconds: int | None = None,
    max_attempts: int | None = None,
    backoff_seconds: float | None = None,
    backoff_cap_seconds: float | None = None,
    metadata: Mapping[str, str] | None = None,
    retry_for: float | None = None,
    keep_seconds: int | None = None,
    webhook: str | None = None,
) -> Submission:
    """Return a validated submission, with a new idempotency key unless one is given."""
    options = {
        "delaySeconds": delay_seconds,
        "runAt": _moment(run_at),
        "timeoutSeconds": timeout_seconds,
        "maxAttempts": max_attempts,
        "backoffSeconds": backoff_seconds,
        "backoffCapSeconds": backoff_cap_seconds,
        "metadata": None if metadata is None else _object("metadata", metadata),
        "keepSeconds": keep_seconds,
        "webhook": webhook,
    }
    inputs = _inputs(message, parameters)
    rest = _present({"options": json_of("options", _present(options)) or None})
    key = _key(str(uuid4()) if idempotency_key is None else idempotency_key)
    if retry_for is not None and not 0 <= retry_for < math.inf:
        raise InvalidArgumentError(f"retry_for must be a number of seconds, 0 or more, not {retry_for!r}")
    whole = Submission(_json({**inputs, **rest}), key, retry_for=retry_for)
    # Upload an input that does not fit in a batch's entry, so that a single request gives the same job.
    if len(whole.entry) + AROUND_ENTRIES <= MAX_BODY_BYTES:
        return whole
    return Submission(_json(rest), key, _input(inputs), retry_for)


def _inputs(message: str | None, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    inputs: dict[str, Any] = {}
    if message is not None:
        inputs["message"] = json_of("message", _message(message))
    if parameters is not None:
        inputs["parameters"] = json_of("parameters", _object("parameters", parameters))
    return inputs


def _input(inputs: dict[str, Any]) -> bytes:
    content = _json(inputs)
    if len(content) > MAX_PAYLOAD_BYTES:
        allowed = f"at most {MAX_PAYLOAD_BYTES} are accepted"
        raise InvalidArgumentError(f"message and parameters are {len(content)} bytes of JSON; {allowed}")
    return content


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _message(message: object) -> str:
    if not isinstance(message, str):
        raise InvalidArgumentError(
            f"message must be a str, not {type(message).__name__}: give other input as parameters"
        )
    return message


def _object(name: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidArgumentError(f"{name} must be a dict, not {type(value).__name__}")
    return cast("Mapping[str, Any]", value)


def _moment(run_at: datetime | str | None) -> str | None:
    if not isinstance(run_at, datetime):
        return run_at
    if run_at.tzinfo is None:
        raise InvalidArgumentError("run_at must be an aware datetime: add its time zone")
    try:
        # Round up, because the text is cut to milliseconds and a job never starts before its time.
        time = (run_at + timedelta(microseconds=999)).astimezone(UTC)
    except OverflowError:
        raise InvalidArgumentError(
            f"run_at must be a time of the years 1 to 9999 in UTC, not {run_at}"
        ) from None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key(key: object) -> str:
    if (
        not isinstance(key, str)
        or len(key) > MAX_IDEMPOTENCY_KEY_LENGTH
        or not _IDEMPOTENCY_KEY.fullmatch(key)
    ):
        allowed = f"1 to {MAX_IDEMPOTENCY_KEY_LENGTH} printable ASCII characters"
        raise InvalidArgumentError(f"idempotency_key must be {allowed}, not {key!r}")
    return key


def _json(body: dict[str, Any]) -> bytes:
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"the submission must be JSON: {error}") from None
