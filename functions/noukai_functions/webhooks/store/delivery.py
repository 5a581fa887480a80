"""The delivery of one event to one endpoint, as its row holds it. Pure."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noukai_functions.names import DUE_AT, DUE_GROUP, EXPIRES_AT, USAGE_KEY, USAGE_ORG
from noukai_wire.limits import KEPT_DELIVERY_DAYS, MAX_WEBHOOK_ANSWER_BYTES
from noukai_wire.text import cut

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
"""The states of a delivery."""

BODY = "#body"
"""The end of the partition that holds the bodies of an endpoint's events."""

_MAX_ROW_BYTES = 1000
"""A write costs by the kilobyte: the answer is cut so that the row stays within one."""

_MAX_ERROR_BYTES = 200
_DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery. Times are in milliseconds since the epoch."""

    endpoint: str
    """The partition of its endpoint's deliveries."""
    id: str
    """The `webhook-id`, always the same for an event and an endpoint."""
    at: int
    """The time of the event."""
    type: str
    job_id: str | None
    flow: str | None
    state: str = WAITING
    tries: int = 0
    due_at: int | None = None
    """When it is tried next; only if it waits."""
    last_at: int | None = None
    status: int | None = None
    duration_ms: int | None = None
    answer: str | None = None
    error: str | None = None
    has_body: bool = False
    """Whether its body is kept, so that it can be sent again."""

    @property
    def place(self) -> str:
        """Return its place among the endpoint's deliveries, by the event's time and its id."""
        return f"{self.at:013}#{self.id}"

    @property
    def key(self) -> dict[str, Any]:
        """Return the key of its row."""
        return {USAGE_ORG: {"S": self.endpoint}, USAGE_KEY: {"S": self.place}}

    @property
    def body_key(self) -> dict[str, Any]:
        """Return the key of the row with its body."""
        return {USAGE_ORG: {"S": self.endpoint + BODY}, USAGE_KEY: {"S": self.place}}

    @property
    def expires_at(self) -> int:
        """Return when its rows expire, in seconds since the epoch."""
        return self.at // 1000 + KEPT_DELIVERY_DAYS * _DAY_SECONDS


def webhook_id(endpoint: str, job_id: str, created_at: int, event: str) -> str:
    """Return the id of an event for an endpoint: 130 bits of a hash, always the same."""
    digest = hashlib.sha256(f"{endpoint}\n{job_id}\n{created_at}\n{event}".encode()).digest()
    return "msg_" + base64.b32encode(digest[:20]).decode().lower()[:26]


NAMES = {
    "type": "y",
    "job_id": "j",
    "flow": "f",
    "state": "s",
    "tries": "n",
    "due_at": DUE_AT,
    "last_at": "l",
    "status": "c",
    "duration_ms": "m",
    "error": "x",
    "answer": "a",
}
HAS_BODY = "bo"
_TEXTS = frozenset({"type", "job_id", "flow", "state", "error", "answer"})


def encode(delivery: Delivery) -> dict[str, Any]:
    """Return the row of a delivery, within a kilobyte; one that waits is in the index."""
    row = {**delivery.key, EXPIRES_AT: {"N": str(delivery.expires_at)}}
    for field, name in NAMES.items():
        value = getattr(delivery, field)
        if value is None:
            continue
        row[name] = {"S": value} if field in _TEXTS else {"N": str(value)}
    if delivery.state == WAITING:
        row[DUE_GROUP] = {"S": delivery.endpoint}
    else:
        row.pop(DUE_AT, None)
    if delivery.has_body:
        row[HAS_BODY] = {"N": "1"}
    if delivery.error is not None:
        row[NAMES["error"]] = {"S": cut(delivery.error, _MAX_ERROR_BYTES)}
    return _with_short_answer(row)


def _with_short_answer(row: dict[str, Any]) -> dict[str, Any]:
    """Limit the answer of the endpoint, so that the row is written for the price of a kilobyte."""
    name = NAMES["answer"]
    if name not in row:
        return row
    answer = row.pop(name)["S"]
    rest = _MAX_ROW_BYTES - _size(row) - len(name)
    short = cut(answer, max(0, min(rest, MAX_WEBHOOK_ANSWER_BYTES)))
    return {**row, name: {"S": short}} if short else row


def _size(row: Mapping[str, Any]) -> int:
    """Return an upper bound of the size that DynamoDB bills."""
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) + 1 for name, value in row.items())


def decode(row: Mapping[str, Any]) -> Delivery:
    """Return the delivery in a row."""
    at, _, id_ = row[USAGE_KEY]["S"].partition("#")
    values: dict[str, Any] = {"job_id": None, "flow": None}
    for field, name in NAMES.items():
        if name in row:
            values[field] = row[name]["S"] if field in _TEXTS else int(row[name]["N"])
    return Delivery(endpoint=row[USAGE_ORG]["S"], id=id_, at=int(at), has_body=HAS_BODY in row, **values)
