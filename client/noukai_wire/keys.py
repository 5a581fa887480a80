"""The keys that an org makes for itself."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from noukai_wire import limits
from noukai_wire.models import Timestamp, WireModel
from noukai_wire.scopes import Scope


class NewKey(WireModel):
    """The body that makes a key, no wider than the caller's; what is left out is as for the caller's key.

    `flows` are projects (`demo`) and flows (`demo/word-count`), `addresses` ranges of IP addresses. With
    `rotate`, the key of this name gets a new text and keeps its limits; the old one works for another
    `overlapSeconds`.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=limits.MAX_KEY_RANGES)] | None = None
    flows: Annotated[list[str], Field(min_length=1, max_length=limits.MAX_KEY_RANGES)] | None = None
    addresses: Annotated[list[str], Field(min_length=1, max_length=limits.MAX_KEY_RANGES)] | None = None
    expires_at: AwareDatetime | None = None
    rate: Annotated[int, Field(ge=1, le=limits.MAX_KEY_RATE)] | None = None
    rotate: bool = False
    overlap_seconds: Annotated[int, Field(ge=0, le=limits.MAX_KEY_OVERLAP_SECONDS)] | None = None


class Key(WireModel):
    """A key of an org; `key` is its text, which only the answer to its creation or rotation has.

    `lastUsedOn` is a day, in UTC; `madeBy` is the name of the key that made it.
    """

    name: str
    id: str
    scopes: list[str]
    flows: list[str] | None = None
    addresses: list[str] | None = None
    rate: int | None = None
    created_at: Timestamp
    expires_at: Timestamp | None = None
    revoked_at: Timestamp | None = None
    last_used_on: str | None = None
    made_by: str
    key: Annotated[str | None, Field(repr=False)] = None


class KeyList(WireModel):
    """The keys that an org has made for itself, by name."""

    keys: list[Key]
