"""A page in a browser: it sends and reads what the Fetch standard lets it.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

_SIMPLE_METHODS = ("GET", "HEAD", "POST")
_SIMPLE_HEADERS = ("accept", "accept-language", "content-language", "range")
_SIMPLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_READABLE = (
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
)
"""https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name"""


class BlockedError(Exception):
    """The network error that a page sees; only the console says why."""


@dataclass(frozen=True)
class Page:
    """A page of an origin; `send` makes a request as it is."""

    origin: str
    send: Callable[[httpx.Request], httpx.Response]

    def fetch(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> httpx.Response:
        """Return the answer with the headers that the page may read, or raise `BlockedError`."""
        own = {name.lower(): value for name, value in (headers or {}).items()}
        unsafe = sorted(name for name, value in own.items() if not _is_simple(name, value))
        if unsafe or method not in _SIMPLE_METHODS:
            self._preflight(url, method, unsafe)
        answer = self.send(httpx.Request(method, url, headers={**own, "Origin": self.origin}, content=body))
        self._check(answer)
        exposed = _listed(answer, "access-control-expose-headers")
        kept = [(name, value) for name, value in answer.headers.items() if name in (*_READABLE, *exposed)]
        return httpx.Response(answer.status_code, headers=kept, content=answer.content)

    def _preflight(self, url: str, method: str, unsafe: list[str]) -> None:
        """Send a preflight: https://fetch.spec.whatwg.org/#cors-preflight-fetch."""
        asked = {"Origin": self.origin, "Access-Control-Request-Method": method}
        if unsafe:
            asked["Access-Control-Request-Headers"] = ",".join(unsafe)
        answer = self.send(httpx.Request("OPTIONS", url, headers=asked))
        self._check(answer)
        if not answer.is_success:
            raise BlockedError(f"the preflight is answered {answer.status_code}")
        methods = _listed(answer, "access-control-allow-methods")
        if method not in _SIMPLE_METHODS and not {method.lower(), "*"} & {*methods}:
            raise BlockedError(f"{method} is not in {methods}")
        allowed = _listed(answer, "access-control-allow-headers")
        for name in unsafe:
            # A wildcard does not cover the key.
            if name not in allowed and ("*" not in allowed or name == "authorization"):
                raise BlockedError(f"{name} is not in {allowed}")

    def _check(self, answer: httpx.Response) -> None:
        """Check an answer without cookies: https://fetch.spec.whatwg.org/#concept-cors-check."""
        if answer.headers.get_list("access-control-allow-origin") not in ([self.origin], ["*"]):
            raise BlockedError(f"{self.origin} is not allowed")


def _is_simple(name: str, value: str) -> bool:
    """Return whether it is sent freely: https://fetch.spec.whatwg.org/#cors-safelisted-request-header."""
    return name in _SIMPLE_HEADERS or (name == "content-type" and value in _SIMPLE_TYPES)


def _listed(answer: httpx.Response, name: str) -> list[str]:
    return [each.strip().lower() for each in answer.headers.get(name, "").split(",") if each.strip()]
