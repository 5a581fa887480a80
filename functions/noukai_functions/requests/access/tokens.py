"""The bodies of requests for browser tokens. Pure, but for the look-up of a job."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.tokens import Token
from noukai_functions.json_text import read_object
from noukai_functions.refusals import FlowNotFoundError, ForbiddenError, InvalidInputError
from noukai_wire.limits import (
    DEFAULT_TOKEN_SECONDS,
    MAX_TOKEN_ORIGIN_LENGTH,
    MAX_TOKEN_SECONDS,
    MIN_TOKEN_SECONDS,
)
from noukai_wire.scopes import TOKEN_SCOPES, Scope

_FIELDS = ("flow", "job", "scopes", "origin", "seconds")
_HOST = r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])"
_ORIGIN = re.compile(rf"(?:https://{_HOST}|http://(?:localhost|127\.0\.0\.1|\[::1\]))(?::[1-9][0-9]{{0,4}})?")
_DEFAULT_PORT = re.compile(r"https://.*:443|http://.*:80")

_OF_A_JOB = tuple(scope for scope in TOKEN_SCOPES if scope is not Scope.SUBMIT)


@dataclass(frozen=True, slots=True)
class WantedToken:
    """The settings of a token: one flow or one job, its scopes, its origin and its validity."""

    flow: str | None
    job: str | None
    scopes: frozenset[str]
    origin: str
    seconds: int


def parse_wanted(body: bytes) -> WantedToken:
    """Parse a request for a token."""
    given = {name: value for name, value in read_object(body).items() if value is not None}
    errors = [(name, "is not known here") for name in given if name not in _FIELDS]
    flow, job = given.get("flow"), given.get("job")
    if (flow is None) == (job is None):
        errors.append(("flow", "or 'job' must be there, not both: a token is for one flow or one job"))
    errors += [
        (name, "must be a text") for name in ("flow", "job") if not isinstance(given.get(name, ""), str)
    ]
    allowed = TOKEN_SCOPES if job is None else _OF_A_JOB
    scopes = given.get("scopes", [Scope.READ])
    if not _are_some(scopes, allowed):
        errors.append(("scopes", f"must be a list of some of {', '.join(allowed)}"))
    origin = given.get("origin")
    if not _is_origin(origin):
        errors.append(("origin", _origin_rule()))
    seconds = given.get("seconds", DEFAULT_TOKEN_SECONDS)
    if type(seconds) is not int or not MIN_TOKEN_SECONDS <= seconds <= MAX_TOKEN_SECONDS:
        errors.append(("seconds", f"must be a whole number from {MIN_TOKEN_SECONDS} to {MAX_TOKEN_SECONDS}"))
    if errors:
        raise InvalidInputError(errors)
    return WantedToken(flow, job, frozenset(scopes), str(origin), seconds)


def token_of(
    wanted: WantedToken, api_key: ApiKey, flows: Collection[str], find: Callable[[str], object], now: int
) -> Token:
    """Return the token that a key may make: never more than the key itself allows.

    `find` raises if the key's org has no such job, or the key does not cover it. The limit of the key's calls
    counts those of its tokens too. A token has no range of addresses, so that a key with one makes none.
    """
    if api_key.addresses:
        raise ForbiddenError("This key is limited to addresses, and tokens are not: use another key.")
    for scope in sorted(wanted.scopes):
        api_key.require(Scope(scope))
    if wanted.flow is not None:
        api_key.require_flow(wanted.flow)
        if wanted.flow not in flows:
            raise FlowNotFoundError(wanted.flow)
    else:
        find(str(wanted.job))
    target = str(wanted.flow or wanted.job)
    expires = now // 1000 + wanted.seconds
    if api_key.expires is not None:
        expires = min(expires, api_key.expires)
    return Token(api_key.org, wanted.scopes, target, wanted.origin, expires, api_key.counter, api_key.rate)


def _are_some(scopes: Any, allowed: Collection[str]) -> bool:
    return (
        isinstance(scopes, list)
        and len(scopes) > 0
        and all(isinstance(each, str) and each in allowed for each in scopes)
    )


def _is_origin(origin: object) -> bool:
    return (
        isinstance(origin, str)
        and len(origin) <= MAX_TOKEN_ORIGIN_LENGTH
        and _ORIGIN.fullmatch(origin) is not None
        and _DEFAULT_PORT.fullmatch(origin) is None
    )


def _origin_rule() -> str:
    return (
        "must be that of the page as browsers send it, such as https://app.example.com: lower case, no path, "
        f"no default port, at most {MAX_TOKEN_ORIGIN_LENGTH} characters; http only for localhost"
    )
