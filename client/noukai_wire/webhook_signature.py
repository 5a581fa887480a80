"""The signatures of webhooks, by Standard Webhooks, for those who sign and those who verify."""

import base64
import binascii
import hmac
import re

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret
VERSION = "v1"
TOLERANCE_SECONDS = 300
_MIN_KEY_BYTES, _MAX_KEY_BYTES = 24, 64
_SIGNATURE_BEFORE = re.compile(r"v\d+[a-z]*,")


class SecretFormatError(ValueError):
    """A secret that is not `whsec_` with the base64 of a key; the message does not show it."""


def secret_of(key: bytes) -> str:
    """Return the secret as its owner is shown it."""
    return SECRET_PREFIX + base64.b64encode(key).decode()


def key_of(secret: str) -> bytes:
    """Return the key of a secret.

    Decoding is strict, because a mistyped secret would otherwise be a short key that is easy to guess.
    """
    if _SIGNATURE_BEFORE.match(secret):
        raise SecretFormatError("The secret begins like a signature: leave out what stands before 'whsec_'.")
    if not secret.startswith(SECRET_PREFIX):
        raise SecretFormatError("The secret must begin with 'whsec_': copy all of it, and nothing else.")
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretFormatError("The secret is not base64 after 'whsec_': copy all of it.") from None
    if not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
        raise SecretFormatError(
            f"The secret's key must have {_MIN_KEY_BYTES} to {_MAX_KEY_BYTES} bytes: copy all of it."
        )
    return key


def signature(secret: str, event_id: str, seconds: int, body: bytes) -> str:
    """Return the signature of a body: `v1,` and the base64 of its HMAC."""
    content = b"%s.%d.%s" % (event_id.encode("utf-8", "replace"), seconds, body)
    return f"{VERSION}," + base64.b64encode(hmac.digest(key_of(secret), content, "sha256")).decode()
