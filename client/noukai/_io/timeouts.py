"""The timeouts of a request, in all and for each step."""

import math
from dataclasses import dataclass
from threading import TIMEOUT_MAX
from typing import Any

import httpx

from noukai._core.settings import DEFAULT_TIMEOUT

_TOTAL = "noukai_total"
"""The extension of a request with the seconds in which it must be over."""

_BUFFERED_BYTES = 4 * 1024 * 1024
_SLOWEST = 32 * 1024
"""The bytes in the system's send buffer when all is written, and a slow link's bytes per second."""


@dataclass(frozen=True)
class Timeouts:
    """The limits of the steps of a request.

    If they are `whole`, that of a read is also one for the whole request.
    """

    steps: httpx.Timeout
    whole: bool

    @classmethod
    def of(cls, stated: float | None, http_client: httpx.Client | httpx.AsyncClient | None) -> "Timeouts":
        """Return the stated timeouts, else those of the caller's httpx client, else our defaults."""
        if stated is None and http_client is not None:
            return cls(http_client.timeout, whole=False)
        return cls(httpx.Timeout(DEFAULT_TIMEOUT if stated is None else stated), whole=True)

    def of_request(self, left: float, held: float = 0.0) -> dict[str, Any]:
        """Return the extensions of a request that ends in the seconds left.

        `held` ones are on top of what it has.
        """
        read = self.steps.read
        whole = left if read is None or not self.whole else min(read + held, left)
        return self._extensions(whole, left, held)

    def of_transfer(self, size: int, left: float) -> dict[str, Any]:
        """Return the timeouts of a transfer of so many bytes: it goes on while there is progress."""
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
    """Return the seconds that a request may take, if limited."""
    seconds: float | None = request.extensions[_TOTAL]
    return seconds


def _finite(seconds: float) -> float | None:
    return None if seconds >= TIMEOUT_MAX else seconds
