"""The id of a job, and the slugs of its address."""

import base64
import hashlib
import re
import secrets

from noukai_wire import limits

_BITS = 130
_ID = re.compile(r"job_[a-z2-7]{26}")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def job_id(org: str, flow: str, idempotency_key: str | None) -> str:
    """Make an id of 130 bits: derived, so that the same key for the same org and flow is the same job, or random."""
    if idempotency_key is None:
        digest = secrets.token_bytes(20)
    else:
        # No part can hold the separator, so no two addresses and keys meet in one text.
        digest = hashlib.sha256(f"{org}\n{flow}\n{idempotency_key}".encode()).digest()
    return "job_" + base64.b32encode(digest[:20]).decode().lower()[: _BITS // 5]


def is_job_id(text: str) -> bool:
    """Whether a text can be the id of a job."""
    return _ID.fullmatch(text) is not None


def is_slug(text: str) -> bool:
    """Whether a text can name an org, project or flow."""
    return limits.MIN_SLUG_LENGTH <= len(text) <= limits.MAX_SLUG_LENGTH and _SLUG.fullmatch(text) is not None
