"""The operations on the keys that an org makes for itself."""

from datetime import datetime
from typing import Any, TypedDict

from noukai._core.address import name_of
from noukai._core.answer import read
from noukai._core.api import Api
from noukai._core.managing.bodies import content_of
from noukai._core.operation import Operation
from noukai_wire.keys import Key, KeyList, NewKey
from noukai_wire.routes import Route


class KeyOptions(TypedDict, total=False):
    """The limits of a new key; what is left out is as for the caller's own key."""

    scopes: list[str] | None
    """What the key allows."""
    flows: list[str] | None
    """The projects (`demo`) and flows (`demo/word-count`) that it is for."""
    addresses: list[str] | None
    """The ranges of IP addresses that it may be used from, such as `203.0.113.0/24`."""
    expires_at: datetime | str | None
    """When it ends."""
    rate: int | None
    """How many calls a second it may make."""


def every(api: Api) -> Operation[list[Key]]:
    """Fetch the keys that the org has made."""
    return read(KeyList, (yield from api.ask(Route.LIST_KEYS))).keys


def create(api: Api, name: str, options: KeyOptions) -> Operation[Key]:
    """Create a key; only this answer has its text."""
    return (yield from _make(api, name, dict(options)))


def rotate(api: Api, name: str, overlap_seconds: int) -> Operation[Key]:
    """Replace a key by one of the same limits; only this answer has its text."""
    return (yield from _make(api, name, {"rotate": True, "overlap_seconds": overlap_seconds}))


def revoke(api: Api, name: str) -> Operation[None]:
    """Revoke a key for good."""
    yield from api.ask(Route.REVOKE_KEY, name=name_of("key", name))


def _make(api: Api, name: str, fields: dict[str, Any]) -> Operation[Key]:
    content = content_of(NewKey, {"name": name_of("key", name), **fields})
    return read(Key, (yield from api.ask(Route.CREATE_KEY, content=content)))
