"""The keys that sign browser tokens, as functions and operators keep them."""

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

CACHE_MS = 5 * 60 * 1000
"""How long the keys are cached. A rotation makes a key that signs only after this."""

_KEY_BYTES = 32
_MOST_KEYS = 2


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens, from a certain time."""

    id: str
    """Four hexadecimal digits, which the tokens name."""
    secret: bytes
    since: int
    """The first time of its use, in milliseconds since the epoch."""

    def __repr__(self) -> str:
        return f"SigningKey({self.id!r})"


def new_key(since: int, others: Iterable[SigningKey] = ()) -> SigningKey:
    """Make a key that signs from a time, with an id that none of the others has."""
    taken = {key.id for key in others}
    while (name := secrets.token_hex(2)) in taken:
        pass
    return SigningKey(name, secrets.token_bytes(_KEY_BYTES), since)


def rotated(keys: Iterable[SigningKey], now: int, *, revoke: bool) -> list[SigningKey]:
    """Return the keys after a rotation.

    The new key signs once every process knows it; until the next rotation the one that signs now stays
    valid. With `revoke` the new one is alone and signs at once: every token made so far becomes invalid.
    """
    kept = list(keys)
    if revoke:
        return [new_key(now, kept)]
    signing = [key for key in kept if key.since <= now][:1]
    return [new_key(now + 2 * CACHE_MS, kept), *signing][:_MOST_KEYS]


def write_keys(keys: Iterable[SigningKey]) -> str:
    """Return the value of the parameter, newest key first."""
    entries = [
        {"id": key.id, "key": base64.b64encode(key.secret).decode(), "since": key.since} for key in keys
    ]
    return json.dumps(entries)


def read_keys(value: str) -> list[SigningKey]:
    """Return the keys in a value of the parameter."""
    return [
        SigningKey(each["id"], base64.b64decode(each["key"]), each["since"]) for each in json.loads(value)
    ]
