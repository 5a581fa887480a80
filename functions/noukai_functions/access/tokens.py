"""Browser tokens: how they are written, signed and read. Pure."""

import base64
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from noukai_wire.signing_keys import SigningKey

MAX_LENGTH = 512
PREFIX = "nt_"

_VERSION = "1"
_MAC_BYTES = 16
"""Half of a SHA-256, as RFC 2104 allows: a forger would have to guess 128 bits."""

_TOKEN = re.compile(
    rf"(?P<signed>{PREFIX}{_VERSION}(?P<key>[0-9a-f]{{4}})\.(?P<payload>[\w-]{{1,480}}))\.(?P<mac>[\w-]{{22}})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """The content of a browser token: whose it is, what it may do, where it may be used, and until when."""

    org: str
    scopes: frozenset[str]
    target: str
    """The flow (`project/flow`) or the job (its id) that it is bound to."""
    origin: str
    expires: int
    """In seconds since the epoch."""
    digest: str
    """The SHA-256 of the key that made it, in hexadecimal."""
    rate: int | None = None
    """The rate limit of that key, whose counter also counts the calls of its tokens."""

    @property
    def job(self) -> str | None:
        """Return the job that the token is bound to, if it is to one."""
        return None if "/" in self.target else self.target

    @property
    def flow(self) -> str | None:
        """Return the flow that the token is bound to, if it is to one."""
        return self.target if "/" in self.target else None


def write_token(token: Token, key: SigningKey, audience: str) -> str:
    """Return the text of a token, signed for one deployment."""
    fields = [
        token.expires,
        token.org,
        sorted(token.scopes),
        token.target,
        token.origin,
        _text(bytes.fromhex(token.digest)),
        token.rate or 0,
    ]
    payload = _text(json.dumps(fields, separators=(",", ":")).encode())
    signed = f"{PREFIX}{_VERSION}{key.id}.{payload}"
    return f"{signed}.{_mac(signed, key, audience)}"


def read_token(
    text: str, find: Callable[[str], SigningKey | None], audience: str, now_ms: int
) -> Token | None:
    """Return what a token says; None if it is not a valid token of this deployment.

    Nothing of the payload is decoded before the signature is checked. The signature covers the audience, and
    its text is compared, so that one token has one text.
    """
    if len(text) > MAX_LENGTH or (parts := _TOKEN.fullmatch(text)) is None:
        return None
    key = find(parts["key"])
    if key is None or not hmac.compare_digest(_mac(parts["signed"], key, audience), parts["mac"]):
        return None
    expires, org, scopes, target, origin, digest, rate = json.loads(_content(parts["payload"]))
    if expires * 1000 <= now_ms:
        return None
    return Token(org, frozenset(scopes), target, origin, expires, _content(digest).hex(), rate or None)


def _mac(signed: str, key: SigningKey, audience: str) -> str:
    whole = f"noukai browser token\n{audience}\n{signed}"
    return _text(hmac.digest(key.secret, whole.encode(), "sha256")[:_MAC_BYTES])


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _content(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
