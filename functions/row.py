"""The encoding of a job as a row of the jobs table.

Names are a letter or two, since a write costs by the whole item; none is a reserved word, and times are
numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any
from zlib import crc32

from functions.lifecycle import Job, Payload, State
from functions.refusals import UnreadableRowError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

EXPIRY_ATTRIBUTE = "t"  # what the table's time to live reads
RESTORED_ATTRIBUTE = "rt"  # the restoration that wrote the row last; no transition changes it

NAMES = {
    "id": "id",
    "org": "o",
    "flow": "f",
    "state": "s",
    "created_at": "c",
    "attempt": "n",
    "max_attempts": "m",
    "digest": "d",
    "keep_seconds": "k",
    "give_up_at": "u",
    "not_before": "b",
    "resent_at": "rs",
    "lease_until": "l",
    "owner": "w",
    "started_at": "a",
    "claimed_at": "i",
    "ran_ms": "j",
    "completed_at": "e",
    "stopped_at": "z",
    "expires_at": EXPIRY_ATTRIBUTE,
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
}
INDEX = "newest"
"""The index of each flow's jobs by age, in partitions: its keys never change while a job lives."""

INDEX_PARTITION = "lp"
INDEX_ORDER = "lo"
PARTITIONS = 4
"""Partitions per flow: each takes a thousand new jobs a second, and a list queries each once."""

_AS_JSON = frozenset({"progress", "metadata", "result_object"})
_KIND_OF_TYPE: Mapping[object, str] = {int: "N", int | None: "N", bytes: "B"}
_KINDS = {field.name: _KIND_OF_TYPE.get(field.type, "S") for field in fields(Job)}
"""How each field is written; whatever is neither a number nor bytes is text."""

_END_OF_TIME = 253_402_300_800_000
"""Milliseconds since the epoch: the first moment that no timestamp can show."""


def placeholders(values: Mapping[str, object]) -> "dict[str, AttributeValueTypeDef]":
    """Return the values of an expression, each under its name and a colon."""
    return {f":{name}": _attribute(value) for name, value in values.items()}


def assignments(changes: Mapping[str, object]) -> tuple[str, ...]:
    """Return the parts of an update that set fields to their placeholders."""
    return tuple(f"{NAMES[field]} = :{field}" for field in changes)


def encode(job: Job) -> "dict[str, AttributeValueTypeDef]":
    """Return the row of a job; `None` values are omitted."""
    values = {field: getattr(job, field) for field in NAMES}
    row = {NAMES[field]: _attribute(value) for field, value in values.items() if value is not None}
    partition = partitions(job.org, job.flow)[crc32(job.id.encode()) % PARTITIONS]
    return {**row, INDEX_PARTITION: {"S": partition}, INDEX_ORDER: {"S": order(job)}}


def partitions(org: str, flow: str) -> list[str]:
    """Return the index partitions of a flow; a job's id selects one."""
    return [f"{org}/{flow}#{number}" for number in range(PARTITIONS)]


def order(job: Job) -> str:
    """Return a job's position in the index: by age, then by id; greater is newer."""
    return f"{moment(job.created_at)}#{job.id}"


def id_at(position: str) -> str:
    """Return the id of the job at a position."""
    return position.partition("#")[2]


def moment(milliseconds: int) -> str:
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
    raise TypeError(f"a row holds no {type(value).__name__}")


def decode(item: Mapping[str, Any]) -> Job:
    """Return the job of a row, validated.

    Raises:
        UnreadableRowError: there is no such job.
    """
    try:
        values = {field: _value(field, item[name]) for field, name in NAMES.items() if name in item}
        return Job(**values)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        job_id, org = (str(item.get(NAMES[field], {}).get("S")) for field in ("id", "org"))
        raise UnreadableRowError(job_id, org, str(error)) from error


def decode_or_error(item: Mapping[str, Any]) -> Job | UnreadableRowError:
    """Return the job of a row, or the error."""
    try:
        return decode(item)
    except UnreadableRowError as error:
        return error


def _value(field: str, attribute: Mapping[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind != _KINDS[field]:
        raise ValueError(f"{field} is of the type {kind}")
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
        raise TypeError(f"{field} is no object")
    return content


def _number(field: str, text: str) -> int:
    number = int(text)
    if not 0 <= number < _END_OF_TIME:
        raise ValueError(f"{field} is {number}")
    return number
