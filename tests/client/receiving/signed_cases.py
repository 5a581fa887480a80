"""Webhooks as the functions sign them, and forged ones."""

import json
import time
from dataclasses import dataclass

from noukai_functions.webhooks.signature import signed_headers
from noukai_wire.webhook_signature import secret_of

SECRET = secret_of(bytes(range(32)))
OLD = secret_of(bytes(range(1, 33)))
EVENT = {
    "type": "job.completed",
    "timestamp": "2027-01-15T08:00:00.000Z",
    "data": {"id": "job_1", "state": "completed", "result": {"output": 'é😀\u2028 \\ " </script>'}},
}
BODY = json.dumps(EVENT, ensure_ascii=False).encode()
OLDER = 301
"""Seconds beyond the tolerance of the standard."""


@dataclass(frozen=True)
class Case:
    """A request, and whether the receiver with the new secret accepts it."""

    body: bytes
    headers: dict[str, str]
    is_valid: bool


def cases() -> dict[str, Case]:
    """Return requests of now: what was signed when tests were collected is old when they run."""
    now = int(time.time())
    headers = signed_headers("msg_1", now, BODY, [SECRET])
    both = signed_headers("msg_1", now, BODY, [OLD, SECRET])
    escaped = json.dumps(EVENT).encode()
    return {
        "signed": Case(BODY, headers, is_valid=True),
        "signed while two secrets are valid": Case(BODY, both, is_valid=True),
        "ASCII": Case(escaped, signed_headers("msg_2", now, escaped, [SECRET]), is_valid=True),
        "written again": Case(escaped, headers, is_valid=False),
        "of another secret": Case(BODY, signed_headers("msg_1", now, BODY, [OLD]), is_valid=False),
        "of another event": Case(BODY, {**headers, "webhook-id": "msg_2"}, is_valid=False),
        "old": Case(BODY, signed_headers("msg_1", now - OLDER - 60, BODY, [SECRET]), is_valid=False),
        "early": Case(BODY, signed_headers("msg_1", now + OLDER + 60, BODY, [SECRET]), is_valid=False),
        "unsigned": Case(BODY, {"content-type": "application/json"}, is_valid=False),
    }
