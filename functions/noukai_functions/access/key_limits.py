"""Limits of keys, and of the narrower keys that a key makes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from noukai_functions.access.addresses import are_narrower
from noukai_functions.access.api_keys import ApiKey
from noukai_functions.refusals import ForbiddenError
from noukai_wire.scopes import ASKED_SCOPES


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """The rights of a key; `flows` and `addresses` are empty if it is not limited to some.

    `expires` is in seconds since the epoch, `rate` in calls per second; None if there is none.
    """

    scopes: frozenset[str]
    flows: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    expires: int | None = None
    rate: int | None = None


@dataclass(frozen=True, slots=True)
class WantedLimits:
    """The limits that a caller asks for; what it leaves out (None) is as for the caller's own key."""

    scopes: frozenset[str] | None = None
    flows: frozenset[str] | None = None
    addresses: frozenset[str] | None = None
    expires: int | None = None
    rate: int | None = None


def limits_of(key: ApiKey) -> KeyLimits:
    """Return what a caller's own key allows."""
    return KeyLimits(key.scopes, key.flows, key.addresses, key.expires, key.rate)


def narrowed(own: KeyLimits, wanted: WantedLimits) -> KeyLimits:
    """Return the limits of a new key; refuse any that are wider than the caller's own.

    A new key makes no further keys and shows no health of the deployment unless that is asked for.
    """
    new = KeyLimits(
        own.scopes - ASKED_SCOPES if wanted.scopes is None else wanted.scopes,
        wanted.flows or own.flows,
        wanted.addresses or own.addresses,
        own.expires if wanted.expires is None else wanted.expires,
        own.rate if wanted.rate is None else wanted.rate,
    )
    if wider := wider_parts(new, own):
        raise ForbiddenError(
            f"A key makes only narrower ones, and this would have more {' and '.join(wider)} than yours: ask "
            "for less, or use another key."
        )
    return new


def wider_parts(limits: KeyLimits, own: KeyLimits) -> list[str]:
    """Return the names of the parts in which limits exceed the caller's own."""
    is_within = {
        "scopes": limits.scopes <= own.scopes,
        "flows": not own.flows or (bool(limits.flows) and _all_covered(limits.flows, own.flows)),
        "addresses": not own.addresses
        or (bool(limits.addresses) and are_narrower(limits.addresses, own.addresses)),
        "time": _is_at_most(limits.expires, own.expires),
        "calls a second": _is_at_most(limits.rate, own.rate),
    }
    return [name for name, holds in is_within.items() if not holds]


def _all_covered(flows: Iterable[str], own: frozenset[str]) -> bool:
    return all(flow in own or flow.partition("/")[0] in own for flow in flows)


def _is_at_most(number: int | None, most: int | None) -> bool:
    return most is None or (number is not None and number <= most)
