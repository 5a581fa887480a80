"""The calls of browsers, which show a token instead of a key."""

from collections.abc import Mapping
from dataclasses import dataclass

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.token_keys import TokenKeys
from noukai_functions.access.tokens import Token, read_token, write_token
from noukai_functions.clock import Clock
from noukai_functions.refusals import ForbiddenError, UnauthenticatedError

_ID_LENGTH = 12
"""The length of a key's id, as the operator's list shows it."""


@dataclass(frozen=True, slots=True)
class BrowserTokens:
    """The browser tokens of a deployment, which are verified without a read of the key that made them."""

    keys: TokenKeys
    clock: Clock

    def make(self, token: Token) -> str:
        """Return the text of a token."""
        return write_token(token, self.keys.signing(), self.keys.name)

    def authenticate(self, text: str, headers: Mapping[str, str]) -> ApiKey:
        """Return what a token allows, as a key; every invalid token gets the same 401."""
        token = read_token(text, self.keys.find, self.keys.name, self.clock.now())
        if token is None:
            raise UnauthenticatedError
        if not _is_from(token.origin, headers):
            raise ForbiddenError(f"This token is for pages of {token.origin} only: make one for this page.")
        return ApiKey(
            token.org,
            token.scopes,
            token.digest,
            token.rate,
            f"token of {token.digest[:_ID_LENGTH]}",
            flows=frozenset(() if token.flow is None else (token.flow,)),
            expires=token.expires,
            counter=token.digest,
            job=token.job,
        )


def _is_from(origin: str, headers: Mapping[str, str]) -> bool:
    """Return whether a page of the origin has sent a request.

    A browser sends no `Origin` with a `GET` to the page's own host, but says that it is the same origin.
    """
    stated = headers.get("origin")
    if stated is None:
        is_same = headers.get("sec-fetch-site") == "same-origin"
        return is_same and origin == f"https://{headers.get('host', '')}"
    return stated == origin
