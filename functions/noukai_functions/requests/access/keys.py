"""The bodies of requests about an org's own keys. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.access.addresses import network_of
from noukai_functions.access.key_limits import WantedLimits
from noukai_functions.json_text import read_object
from noukai_functions.refusals import InvalidInputError
from noukai_functions.timestamps import NOT_A_TIMESTAMP, parse_timestamp
from noukai_wire.limits import MAX_KEY_OVERLAP_SECONDS, MAX_KEY_RANGES, MAX_KEY_RATE
from noukai_wire.scopes import Scope
from noukai_wire.slug import SLUG_RULE, is_slug

_NAMES = ("name", "scopes", "flows", "addresses", "expiresAt", "rate", "rotate", "overlapSeconds")
_FLOW = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?")


class KeyBody:
    """The body that makes a key, or with `rotate` replaces one of the same limits."""

    def __init__(self, body: bytes, now: int) -> None:
        fields = {name: value for name, value in read_object(body).items() if value is not None}
        self._errors = [(name, "is not known here") for name in fields if name not in _NAMES]
        self._fields: Mapping[str, Any] = fields
        self.name = self._name()
        self.rotates = fields.get("rotate", False)
        if not isinstance(self.rotates, bool):
            self._refuse("rotate", "must be true or false")
        self.overlap_seconds = self._number("overlapSeconds", 0, MAX_KEY_OVERLAP_SECONDS) or 0
        self.wanted = WantedLimits(
            self._texts("scopes", "must be a list of some of " + ", ".join(Scope), set(Scope).__contains__),
            self._texts("flows", "must be a list of projects and flows, such as demo or demo/top", _is_flow),
            self._texts("addresses", "must be a list of IP ranges, such as 203.0.113.0/24", _is_range),
            self._expires(now),
            self._number("rate", 1, MAX_KEY_RATE),
        )
        self._check_rotation()
        if self._errors:
            raise InvalidInputError(self._errors)

    def _refuse(self, name: str, message: str) -> None:
        self._errors.append((name, message))

    def _name(self) -> str:
        name = self._fields.get("name")
        if not isinstance(name, str) or not is_slug(name):
            self._refuse("name", f"must have {SLUG_RULE}")
        return str(name)

    def _texts(self, name: str, rule: str, is_valid: Callable[[str], bool]) -> frozenset[str] | None:
        value = self._fields.get(name)
        if value is None:
            return None
        is_list = isinstance(value, list) and 0 < len(value) <= MAX_KEY_RANGES
        if not is_list or not all(isinstance(each, str) and is_valid(each) for each in value):
            self._refuse(name, f"{rule}, at most {MAX_KEY_RANGES}")
            return None
        return frozenset(value)

    def _number(self, name: str, least: int, most: int) -> int | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if type(value) is not int or not least <= value <= most:
            self._refuse(name, f"must be a whole number from {least} to {most}")
            return None
        return value

    def _expires(self, now: int) -> int | None:
        value = self._fields.get("expiresAt")
        if value is None:
            return None
        try:
            at = parse_timestamp(value)
        except (AttributeError, TypeError, ValueError):
            self._refuse("expiresAt", NOT_A_TIMESTAMP)
            return None
        if at <= now:
            self._refuse("expiresAt", "must be in the future")
        return at // 1000

    def _check_rotation(self) -> None:
        if self.rotates is True:
            for name in ("scopes", "flows", "addresses", "expiresAt", "rate"):
                if name in self._fields:
                    self._refuse(name, "must be left out: a rotated key keeps its limits")
        elif "overlapSeconds" in self._fields:
            self._refuse("overlapSeconds", "must be left out without rotate")


def _is_flow(text: str) -> bool:
    return _FLOW.fullmatch(text) is not None and all(is_slug(part) for part in text.split("/"))


def _is_range(text: str) -> bool:
    try:
        network_of(text)
    except ValueError:
        return False
    return True
