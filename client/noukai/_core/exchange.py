"""The exchange of a request for its answer, with retries while the API is unreachable."""

import logging
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import httpx

from noukai._errors import ApiError, ConnectionFailedError, NoukaiError, RateLimitedError, WebPageError

from .answer import answered
from .operation import Clock, Deadline, DeadlinePassedError, Operation

_LOG = logging.getLogger("noukai")

_BACKOFFS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""The longest pause in seconds before each retry; the last one applies to all further retries."""

_OUTAGE = 15 * 60.0
"""How many seconds a wait without a deadline goes on while the API does not answer."""

_SUBMISSION = 60.0
"""How many seconds a submission is retried, unless its caller says otherwise."""

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


Ask = Callable[[float], httpx.Request]
"""Makes a request that must end within a number of seconds."""


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


class Exchange:
    """Requests, each sent until it is answered; `jitter` returns a random number from 0 up to 1."""

    def __init__(self, max_retries: int, clock: Clock, jitter: Callable[[], float]) -> None:
        self._max_retries = max_retries
        self._clock = clock
        self._jitter = jitter

    def send(
        self,
        ask: Ask,
        deadline: Deadline,
        patience: Patience | None = None,
        *,
        is_final: Callable[[NoukaiError], bool] | None = None,
    ) -> Operation[httpx.Response]:
        """Send the request until it succeeds, or raise an error that a retry cannot solve.

        At the deadline, raises `DeadlinePassedError`, caused by the last error. Without `patience`, the
        client's settings limit the retries; `is_final` returns true for errors to raise at once.
        """
        failures = Failures(self._clock, patience or Patience(self._max_retries))
        while left := deadline.left:
            request = ask(left)
            try:
                response = yield from answered(request)
            except NoukaiError as error:
                pause = max(asked_pause(error), self.backoff(failures.count))
                if not is_transient(error) or (is_final is not None and is_final(error)):
                    raise
                if failures.is_last(error, pause) and deadline.left:
                    raise
                failures.tell_of_wait(error, request.url)
                yield from deadline.pause(pause, because=error)
            else:
                if failures.count:
                    failures.tell_of_recovery()
                return response
        raise DeadlinePassedError

    def patience_of_wait(self, deadline: Deadline) -> Patience:
        """Return the patience of a wait with an unreachable API: until its deadline, or 15 minutes."""
        if not self._max_retries:
            return Patience(0, limited_seconds=math.inf)
        seconds = _OUTAGE if math.isinf(deadline.left) else math.inf
        return Patience(self._max_retries, seconds, limited_seconds=math.inf, longest_pause=math.inf)

    def patience_of_submission(self, retry_for: float | None) -> Patience:
        """Return the patience of a submission: for the seconds that its caller gives, or a minute."""
        retries, seconds = 0, retry_for
        if seconds is None:
            retries = self._max_retries
            seconds = _SUBMISSION if retries else 0.0
        return Patience(retries, seconds, limited_seconds=seconds)

    def backoff(self, attempt: int) -> float:
        """Return how many seconds to sleep after a number of attempts."""
        return self._jitter() * _BACKOFFS[min(attempt, len(_BACKOFFS) - 1)]


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

    def tell_of_wait(self, error: NoukaiError, url: httpx.URL) -> None:
        """Log after the first failure that nothing answers: for people, who would see nothing otherwise."""
        if self.count == 1 and isinstance(error, ConnectionFailedError):
            _LOG.info("waiting for %s, which does not answer", url.copy_with(raw_path=b""))

    def tell_of_recovery(self) -> None:
        """Log that the request was answered, if its failures were logged."""
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
