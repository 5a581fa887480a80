"""The encoding of a job as a row of the jobs table.

Names are one or two letters long, because DynamoDB charges a write by the size of the whole item. None is a
reserved word.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from noukai_functions.jobs.lifecycle import Job, Payload, State
from noukai_functions.names import (
    ATTEMPT,
    CANARY,
    CLAIMED_AT,
    COMPLETED_AT,
    CREATED_AT,
    EXPIRES_AT,
    FLOW,
    INDEX_ORDER,
    INDEX_PARTITION,
    INDEX_PARTITIONS,
    JOB_ID,
    LEASE_UNTIL,
    MAX_ATTEMPTS,
    NOT_BEFORE,
    ORG,
    START_BY,
    STARTED_AT,
    STATE,
    STOPPED_AT,
    WEBHOOK,
)
from noukai_functions.refusals import UnreadableRowError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

NAMES = {
    "id": JOB_ID,
    "org": ORG,
    "flow": FLOW,
    "state": STATE,
    "created_at": CREATED_AT,
    "attempt": ATTEMPT,
    "max_attempts": MAX_ATTEMPTS,
    "digest": "d",
    "keep_seconds": "k",
    "start_by": START_BY,
    "not_before": NOT_BEFORE,
    "resent_at": "rs",
    "lease_until": LEASE_UNTIL,
    "owner": "w",
    "started_at": STARTED_AT,
    "claimed_at": CLAIMED_AT,
    "ran_ms": "j",
    "completed_at": COMPLETED_AT,
    "stopped_at": STOPPED_AT,
    "expires_at": EXPIRES_AT,
    "expected_at": "h",
    "spread_ms": "q",
    "progress": "p",
    "result": "r",
    "result_object": "ro",
    "error": "x",
    "last_error": "y",
    "metadata": "g",
    "retry_of": "v",
    "memory": "mb",
    "followed_until": "fu",
    "progress_at": "pa",
    "history": "hi",
    "submitted_by": "sb",
    "cancelled_by": "cb",
    "webhook": WEBHOOK,
    "canary": CANARY,
}
FORMAT = "fv"
"""The attribute of rows that this version would misread, with a number from 2 on.

Only a later version writes it; every update requires its absence. A row without it has format 1, even if it
has a new attribute: unknown attributes are ignored.
"""
SAVED_INPUT = "i"
"""The attribute of a saved input, which is a row of its own."""

_FIELD = re.compile(r"(?<![:\w])[a-z_]+\b")
"""A field name in an expression. Placeholders begin with a colon; keywords are upper-case."""

_STORED_NAMES = {**NAMES, "format": FORMAT}
_OPERATORS = frozenset({"attribute_not_exists", "if_not_exists"})

_AS_JSON = frozenset({"progress", "metadata", "result_object"})
_KIND_OF_TYPE: Mapping[object, str] = {int: "N", int | None: "N", bytes: "B"}
_KINDS = {field.name: _KIND_OF_TYPE.get(field.type, "S") for field in fields(Job)}
"""The type of each attribute: fields that are neither numbers nor bytes are text."""

_END_OF_TIME = 253_402_300_800_000
"""In milliseconds since the epoch: the first time beyond the year 9999, the last that a timestamp can show.
"""


def placeholders(values: Mapping[str, object]) -> "dict[str, AttributeValueTypeDef]":
    """Return the values of an expression, each named by its placeholder."""
    return {f":{name}": _attribute(value) for name, value in values.items()}


@cache
def expression(text: str) -> str:
    """Replace the field names in a DynamoDB expression by their attribute names."""
    return _FIELD.sub(_translated, text)


def _translated(found: re.Match[str]) -> str:
    return found[0] if found[0] in _OPERATORS else _STORED_NAMES[found[0]]


def assignments(changes: Mapping[str, object]) -> tuple[str, ...]:
    """Return the parts of an update that set fields to their placeholders."""
    return tuple(f"{field} = :{field}" for field in changes)


def encode(job: Job, spread: int = INDEX_PARTITIONS) -> "dict[str, AttributeValueTypeDef]":
    """Return the row of a job, spread over so many index partitions; `None` values are omitted."""
    values = {field: getattr(job, field) for field in NAMES}
    row = {NAMES[field]: _attribute(value) for field, value in values.items() if value is not None}
    partition = partitions(job.org, job.flow, spread)[crc32(job.id.encode()) % spread]
    return {**row, INDEX_PARTITION: {"S": partition}, INDEX_ORDER: {"S": order(job)}}


def partitions(org: str, flow: str, spread: int = INDEX_PARTITIONS) -> list[str]:
    """Return the index partitions of a flow. A job's id selects one of them."""
    return [f"{org}/{flow}#{number}" for number in range(spread)]


def order(job: Job) -> str:
    """Return a job's position in the index, by age and id. A greater one is newer."""
    return f"{position_before(job.created_at)}#{job.id}"


def id_at(position: str) -> str:
    """Return the id of the job at a position."""
    return position.partition("#")[2]


def position_before(milliseconds: int) -> str:
    """Return the position before every job created at that time."""
    return f"{milliseconds:013}"


def _attribute(value: object) -> "AttributeValueTypeDef":
    match value:
        case str():
            return {"S": str(value)}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case dict():
            return {"S": json.dumps(value, separators=(",", ":"))}
        case Payload():
            return _attribute(asdict(value))
    raise TypeError(f"a row cannot hold a {type(value).__name__}")


def decode(item: Mapping[str, Any]) -> Job:
    """Decode and validate a row.

    Raises:
        UnreadableRowError: the row is not a valid job.
    """
    try:
        _check_format(item)
        values = {field: _value(field, item[name]) for field, name in NAMES.items() if name in item}
        return Job(**values)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        job_id, org = (str(item.get(NAMES[field], {}).get("S")) for field in ("id", "org"))
        raise UnreadableRowError(job_id, org, str(error)) from error


def _check_format(item: Mapping[str, Any]) -> None:
    if FORMAT in item:
        raise ValueError(f"a later version has written it, in the format {item[FORMAT].get('N')}")


def decode_or_error(item: Mapping[str, Any]) -> Job | UnreadableRowError:
    """Decode a row, or return the error."""
    try:
        return decode(item)
    except UnreadableRowError as error:
        return error


def _value(field: str, attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind != _KINDS[field]:
        raise ValueError(f"{field} has the type {kind} instead of {_KINDS[field]}")
    if kind == "N":
        return _number(field, value)
    if field == "state":
        return State(value)
    if field not in _AS_JSON:
        return value
    content = json.loads(value)
    if field == "result_object":
        return Payload(**content)
    if not isinstance(content, dict):
        raise TypeError(f"{field} is not an object")
    return content


def _number(field: str, text: str) -> int:
    number = int(text)
    if not 0 <= number < _END_OF_TIME:
        raise ValueError(f"{field} is out of range: {number}")
    return number
