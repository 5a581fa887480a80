"""The retries while the API is unreachable, and their messages."""

import logging
import math
from http import HTTPStatus
from typing import NamedTuple

from noukai._errors import ApiError, ConnectionFailedError, NoukaiError, RateLimitedError, WebPageError

from .deadline import Clock

_LOG = logging.getLogger("noukai")

_TOLD_AFTER = 5.0
"""Seconds of failures before a message is logged; most outages are shorter."""

_LONGEST_RETRY_AFTER = 60.0
"""In seconds: a longer `Retry-After` is raised as an error, since waiting would look like a hang."""


_CLOUDFLARE = range(520, 525)
"""Cloudflare's status codes for an unreachable server."""

_TRANSIENT = {
    *_CLOUDFLARE,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
    HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,  # from a captive portal
}


def is_transient(error: NoukaiError) -> bool:
    """Return whether a retry may succeed."""
    return isinstance(error, ConnectionFailedError | WebPageError) or error.status_code in _TRANSIENT


class Patience(NamedTuple):
    """A limit on retries: a number, and further ones for so many seconds after the first failure."""

    retries: int
    seconds: float = 0.0
    limited_seconds: float = 0.0
    """The same for 429, since a rate limit is no reason to give up a job."""
    longest_pause: float = _LONGEST_RETRY_AFTER
    """The longest `Retry-After` that is obeyed, unless `seconds` is longer."""


class Failures:
    """The consecutive failures of one request."""

    def __init__(self, clock: Clock, patience: Patience) -> None:
        self._clock = clock
        self._patience = patience
        self._since: float | None = None
        self._is_told = False
        self.count = 0

    def is_last(self, error: NoukaiError, pause: float) -> bool:
        """Record a failure; return whether a retry after the pause would exceed the limits."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        patience = self._patience
        seconds = patience.limited_seconds if isinstance(error, RateLimitedError) else patience.seconds
        self.count += 1
        if isinstance(error, WebPageError) and not seconds:  # probably a wrong base URL
            return True
        failing = now - self._since
        is_over = self.count > patience.retries and failing + pause >= seconds
        if is_over or pause > max(seconds, patience.longest_pause):
            return True
        if not self._is_told:
            self._is_told = tell_of_pause(error)
        if failing >= _TOLD_AFTER and not self._is_told:
            self._is_told = True
            _LOG.warning("the API is unreachable; retrying for %s: %s", _told(seconds), error)
        return False

    def end(self) -> None:
        """Record that the request was answered."""
        if self._is_told and self._since is not None:
            _LOG.warning("the API answers again, after %.0f s", self._clock() - self._since)


def asked_pause(error: NoukaiError) -> float:
    """Return how many seconds the API asks to wait."""
    return (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0


def tell_of_pause(error: NoukaiError) -> bool:
    """Log a pause that would look like a hang, if the API asks for one; return whether it does."""
    pause = asked_pause(error)
    if not pause or pause < _TOLD_AFTER:
        return False
    _LOG.warning("the API asks for a pause of %.0f s: %s", pause, error)
    return True


def _told(seconds: float) -> str:
    return "as long as there is time" if math.isinf(seconds) else f"{seconds:.0f} s"
