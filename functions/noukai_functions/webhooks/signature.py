"""The signed headers of a posting, by Standard Webhooks."""

from collections.abc import Sequence

from noukai_wire.webhook_signature import ID, SIGNATURE, TIMESTAMP, signature

_USER_AGENT = "noukai-webhooks/1"


def signed_headers(event_id: str, seconds: int, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """Return every header of a posting but those of HTTP itself.

    Each try is signed anew, because receivers refuse timestamps that are older than five minutes. While two
    secrets are valid, both sign: a receiver may have either.
    """
    return {
        "content-type": "application/json",
        "user-agent": _USER_AGENT,
        ID: event_id,
        TIMESTAMP: str(seconds),
        SIGNATURE: " ".join(signature(secret, event_id, seconds, body) for secret in secrets),
    }
