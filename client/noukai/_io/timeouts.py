"""The timeouts of a request: for the whole, and for each step."""

import math
from dataclasses import dataclass
from threading import TIMEOUT_MAX
from typing import Any

import httpx

from noukai._core.settings import DEFAULT_TIMEOUT

_TOTAL = "noukai_total"
"""The request extension with the seconds for the whole request."""

_BUFFERED_BYTES = 4 * 1024 * 1024
_SLOWEST = 32 * 1024
"""The bytes left in the system's send buffer after the last write, and a slow link's bytes per second."""


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
            _TOTAL: _finite(whole),
        }


def time_for(request: httpx.Request) -> float | None:
    """Return the seconds that a request may take; None if unlimited."""
    seconds: float | None = request.extensions[_TOTAL]
    return seconds


def _finite(seconds: float) -> float | None:
    return None if seconds >= TIMEOUT_MAX else seconds
