"""The verification of webhooks, for programs that receive them.

    event = verify(body, headers, secret)
    if event["type"] == "job.completed":
        print(event["data"]["id"])

It needs the body as it was received: JSON that was parsed and written again has other bytes.
"""

import hmac
import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypedDict, cast

from noukai_wire.root_error import NoukaiError
from noukai_wire.webhook_signature import (
    ID,
    SIGNATURE,
    TIMESTAMP,
    TOLERANCE_SECONDS,
    SecretFormatError,
    signature,
)

__all__ = ["Headers", "InvalidSecretError", "WebhookEvent", "WebhookVerificationError", "verify"]

_MAX_SIGNATURES = 16


class WebhookVerificationError(NoukaiError):
    """A body that was not signed with the secret, or not within five minutes: answer 400 and do nothing."""


class InvalidSecretError(NoukaiError, ValueError):
    """A secret that is not one: a mistake of the receiver, not of who calls it."""


class WebhookEvent(TypedDict):
    """An event: its type, when it happened, and the job as its status shows it. `webhook.test` has no job."""

    type: str
    timestamp: str
    data: dict[str, Any]


class Headers(Protocol):
    """The headers of any framework, and dictionaries; their names may have any case."""

    def items(self) -> Iterable[tuple[str | bytes, str | bytes]]:
        """Return names with values."""
        ...


def verify(
    body: bytes | str,
    headers: Headers,
    secret: str | Sequence[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookEvent:
    """Return the event of a webhook that is signed with the secret, or with one of several.

    An event may come more than once, with the same `webhook-id`: remember the ids of those that are done.

    Raises:
        WebhookVerificationError: the signature, the timestamp or the body is wrong, or is missing.
        InvalidSecretError: the secret is not `whsec_` with the base64 of a key.
    """
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)
    given = {_text(name).lower(): _text(value) for name, value in headers.items()}
    event_id, timestamp, signatures = (_header(given, name) for name in (ID, TIMESTAMP, SIGNATURE))
    seconds = _seconds(timestamp)
    if not _is_signed(raw, event_id, seconds, signatures, [secret] if isinstance(secret, str) else secret):
        raise WebhookVerificationError(
            "No signature fits: check that the secret is this endpoint's, and that the body is unchanged."
        )
    # Only now, so that an unsigned request learns nothing of this machine's clock.
    if abs((time.time() if now is None else now) - seconds) > tolerance_seconds:
        raise WebhookVerificationError(
            f"The timestamp is more than {tolerance_seconds:g} s off: an old request, or a wrong clock."
        )
    return _event(raw)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _header(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise WebhookVerificationError(
            f"The header {name} is missing: this is no webhook of a signed endpoint."
        )
    return given[name]


def _seconds(timestamp: str) -> int:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("9999999999999")):
        raise WebhookVerificationError(f"The header {TIMESTAMP} is not a number of seconds.")
    return int(timestamp)


def _is_signed(body: bytes, event_id: str, seconds: int, signatures: str, secrets: Sequence[str]) -> bool:
    """Return whether one of the signatures is by one of the secrets; each comparison takes constant time."""
    if not secrets:
        raise InvalidSecretError(
            "There is no secret: give the one that began with 'whsec_' when it was shown."
        )
    try:
        right = [signature(secret, event_id, seconds, body).encode() for secret in secrets]
    except SecretFormatError as error:
        raise InvalidSecretError(str(error)) from None
    given = [each.encode("utf-8", "replace") for each in signatures.split(" ")[:_MAX_SIGNATURES]]
    return any(hmac.compare_digest(one, other) for one in right for other in given)


def _event(body: bytes) -> WebhookEvent:
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    if not isinstance(event, dict) or not {"type", "timestamp", "data"} <= event.keys():
        raise WebhookVerificationError(
            "The body is signed, but is no event: JSON with 'type', 'timestamp' and 'data'."
        )
    return cast("WebhookEvent", event)
