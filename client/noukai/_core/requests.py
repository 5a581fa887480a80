"""The requests of the API: their URL and headers, and the timeouts of the whole and of each step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from threading import TIMEOUT_MAX
from typing import Any

import httpx

from noukai_wire.routes import Route

from .settings import DEFAULT_TIMEOUT, Settings

TOTAL_SECONDS = "noukai_total"
"""The request extension with the seconds for the whole request; None if unlimited."""

_BUFFERED_BYTES = 4 * 1024 * 1024
_SLOWEST = 32 * 1024
"""The bytes left in the system's send buffer after the last write, and a slow link's bytes per second."""


class Requests:
    """The requests of a client, with its API key and its timeouts."""

    def __init__(self, settings: Settings, http_client: httpx.Client | httpx.AsyncClient | None) -> None:
        self._base_url = settings.base_url
        self.timeouts = Timeouts.of(settings.timeout, http_client)
        self._headers = httpx.Headers(
            {
                "Authorization": f"Bearer {settings.api_key}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
                "User-Agent": f"noukai-python/{version('noukai')}",
            }
        )

    def of(
        self,
        route: Route,
        left: float,
        *,
        held: float = 0.0,
        params: Mapping[str, int | str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **variables: str,
    ) -> httpx.Request:
        """Return a request that must end within the seconds left; a held one gets `held` seconds on top."""
        return httpx.Request(
            route.method,
            _url(self._base_url, route, **variables),
            params=params,
            content=content,
            headers=httpx.Headers({**self._headers, **headers}) if headers else self._headers,
            extensions=self.timeouts.of_request(left, held),
        )


@lru_cache(maxsize=256)
def _url(base_url: str, route: Route, **variables: str) -> httpx.URL:
    """Return the URL, cached: building it takes an eighth of a request's time."""
    return httpx.URL(base_url + route.path(**variables))


@dataclass(frozen=True)
class Timeouts:
    """The time limits of a request's steps.

    If `whole`, the limit of a read also applies to the whole request.
    """

    steps: httpx.Timeout
    whole: bool

    @classmethod
    def of(cls, stated: float | None, http_client: httpx.Client | httpx.AsyncClient | None) -> "Timeouts":
        """Return the given timeout, or else the timeouts of the caller's httpx client, or our defaults."""
        if stated is None and http_client is not None:
            return cls(http_client.timeout, whole=False)
        return cls(httpx.Timeout(DEFAULT_TIMEOUT if stated is None else stated), whole=True)

    def of_request(self, left: float, held: float = 0.0) -> dict[str, Any]:
        """Return the extensions of a request that ends within the seconds left; `held` come on top."""
        read = self.steps.read
        whole = left if read is None or not self.whole else min(read + held, left)
        return self._extensions(whole, left, held)

    def of_transfer(self, size: int, left: float) -> dict[str, Any]:
        """Return the timeouts of a transfer of some size, which may go on while there is progress."""
        return self._extensions(left, left, min(size, _BUFFERED_BYTES) / _SLOWEST)

    def _extensions(self, whole: float, left: float, more_to_read: float) -> dict[str, Any]:
        steps = self.steps.as_dict()
        if steps["read"] is not None:
            steps["read"] += more_to_read
        limits = {name: math.inf if seconds is None else seconds for name, seconds in steps.items()}
        return {
            "timeout": {name: _finite(min(seconds, left)) for name, seconds in limits.items()},
            TOTAL_SECONDS: _finite(whole),
        }


def _finite(seconds: float) -> float | None:
    return None if seconds >= TIMEOUT_MAX else seconds
