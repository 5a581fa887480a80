"""The body of a request for a browser token. Pure."""

import re
from typing import TYPE_CHECKING, Any

from noukai_functions.access.tokens import TOKEN_SCOPES
from noukai_functions.json_text import read_object
from noukai_functions.refusals import InvalidInputError
from noukai_wire.limits import DEFAULT_TOKEN_SECONDS, MAX_TOKEN_SECONDS, MIN_TOKEN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("scopes", "flow", "job", "origin", "seconds")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_AN_ORIGIN = "must be an origin such as https://app.example.com"
_MOST_ORIGIN = 120


class TokenBody:
    """What a caller asks a token for: scopes, one flow or one job, an origin, and for how many seconds."""

    def __init__(self, body: bytes) -> None:
        fields = {name: value for name, value in read_object(body).items() if value is not None}
        self._errors = [(name, "is not known here") for name in fields if name not in _NAMES]
        self._fields: Mapping[str, Any] = fields
        self.scopes = self._scopes()
        self.flow = self._text("flow", "must be a flow, as project/flow")
        self.job = self._text("job", "must be the id of a job")
        self.origin = self._text("origin", _AN_ORIGIN)
        if self.origin is not None and not (
            len(self.origin) <= _MOST_ORIGIN and _ORIGIN.fullmatch(self.origin)
        ):
            self._errors.append(("origin", f"{_AN_ORIGIN}, without a path"))
        if (self.flow is None) == (self.job is None) and not self._errors:
            self._errors.append(("", "must have either flow or job"))
        if self.job is not None and "submit" in self.scopes:
            self._errors.append(("scopes", "must not have submit: the token is for one job"))
        self.seconds = self._seconds()
        if self._errors:
            raise InvalidInputError(self._errors)

    def _scopes(self) -> frozenset[str]:
        value = self._fields.get("scopes")
        known = {str(scope) for scope in TOKEN_SCOPES}
        if not isinstance(value, list) or not value or not all(each in known for each in map(str, value)):
            self._errors.append(("scopes", f"must be a list of some of {', '.join(TOKEN_SCOPES)}"))
            return frozenset()
        return frozenset(value)

    def _text(self, name: str, rule: str) -> str | None:
        value = self._fields.get(name)
        if value is not None and not isinstance(value, str):
            self._errors.append((name, rule))
            return None
        return value

    def _seconds(self) -> int:
        value = self._fields.get("seconds", DEFAULT_TOKEN_SECONDS)
        if type(value) is not int or not MIN_TOKEN_SECONDS <= value <= MAX_TOKEN_SECONDS:
            rule = f"must be a whole number from {MIN_TOKEN_SECONDS} to {MAX_TOKEN_SECONDS}"
            self._errors.append(("seconds", rule))
            return 0
        return value
