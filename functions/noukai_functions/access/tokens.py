"""Browser tokens: short-lived, narrower than the key that made them, and verified without a read.

A token carries its limits, signed with a secret of the deployment. So it works until it ends, also after its
key was revoked.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.refusals import ForbiddenError, InvalidInputError, UnauthenticatedError
from noukai_wire.limits import MAX_TOKEN_LENGTH
from noukai_wire.scopes import Scope

PREFIX = "nt_"
_SIGNED_FOR = b"noukai token 1 "
"""What a signature begins with, so that it counts for nothing else."""

TOKEN_SCOPES = (Scope.SUBMIT, Scope.READ, Scope.CANCEL)
"""What a token may allow: what a page does for its user, and nothing that outlives it."""


@dataclass(frozen=True, slots=True)
class TokenLimits:
    """What a token is for: scopes, one flow (`project/flow`) or one job of it, and perhaps one origin.

    `ends` is in seconds since the epoch.
    """

    scopes: frozenset[str]
    flow: str
    ends: int
    job: str | None = None
    origin: str | None = None


def token_of(key: ApiKey, limits: TokenLimits, version: int, secret: bytes) -> str:
    """Return the token; refuse limits that are wider than the key's."""
    if wider := limits.scopes - key.scopes:
        scopes = ", ".join(sorted(wider))
        raise ForbiddenError(f"A token allows no more than its key, which lacks {scopes}: ask for less.")
    key.require_flow(limits.flow)
    fields = {
        "v": version,
        "o": key.org,
        "n": key.name,
        "s": sorted(limits.scopes),
        "f": limits.flow,
        "j": limits.job,
        "g": limits.origin,
        "e": limits.ends if key.expires is None else min(limits.ends, key.expires),
        "r": key.rate,
        "c": None if key.rate is None else key.counter,
        "i": sorted(key.addresses) or None,
    }
    stated = {name: value for name, value in fields.items() if value is not None}
    payload = _encoded(json.dumps(stated, separators=(",", ":")).encode())
    token = f"{PREFIX}{payload}.{_encoded(_signature(payload, secret))}"
    if len(token) > MAX_TOKEN_LENGTH:
        reason = f"would make a token of more than {MAX_TOKEN_LENGTH} characters: use a key with fewer ranges"
        raise InvalidInputError([("", reason)])
    return token


def key_in(token: str, secret_of: Callable[[int], bytes | None], now: int, origin: str | None) -> ApiKey:
    """Return what a token allows, as a key; every invalid token gets the same 401.

    `secret_of` returns the secret of a version, if it is still in use; `now` is in milliseconds, and `origin`
    is the page's that sends the request.
    """
    payload, dot, signature = token.removeprefix(PREFIX).partition(".")
    if len(token) > MAX_TOKEN_LENGTH or not dot or not token.isascii():
        raise UnauthenticatedError
    fields = _fields(payload)
    version = fields.get("v")
    secret = secret_of(version) if type(version) is int else None
    if secret is None or not hmac.compare_digest(_decoded(signature), _signature(payload, secret)):
        raise UnauthenticatedError
    if fields["e"] * 1000 <= now:
        raise UnauthenticatedError
    if fields.get("g") not in (None, origin):
        raise ForbiddenError(f"This token is for pages of {fields['g']} only: ask for one for this origin.")
    return ApiKey(
        fields["o"],
        frozenset(fields["s"]),
        rate=fields.get("r"),
        name=fields["n"],
        flows=frozenset((fields["f"],)),
        addresses=frozenset(fields.get("i", ())),
        expires=fields["e"],
        counter=fields.get("c", ""),
        job=fields.get("j"),
        is_token=True,
    )


def _signature(payload: str, secret: bytes) -> bytes:
    return hmac.digest(secret, _SIGNED_FOR + payload.encode(), "sha256")


def _fields(payload: str) -> Mapping[str, Any]:
    """Return the fields of a payload, which anybody may have written; none if it is not an object."""
    try:
        fields = json.loads(_decoded(payload))
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Return the content of base64, written in the one way that we write it; nothing for other text."""
    try:
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
    return content if _encoded(content) == text else b""
