"""The id of a job."""

import base64
import hashlib
import re
import secrets

_BITS = 130
_ID = re.compile(r"job_[a-z2-7]{26}")


def job_id(org: str, flow: str, idempotency_key: str | None) -> str:
    """Make an id of 130 bits: derived from the org, flow and idempotency key, or random without a key."""
    if idempotency_key is None:
        digest = secrets.token_bytes(20)
    else:
        # No part can hold a line break, so different parts never join to the same text.
        digest = hashlib.sha256(f"{org}\n{flow}\n{idempotency_key}".encode()).digest()
    return "job_" + base64.b32encode(digest[:20]).decode().lower()[: _BITS // 5]


def is_job_id(text: str) -> bool:
    """Return whether a text is a job id."""
    return _ID.fullmatch(text) is not None
