"""The pauses between tries, and between looks at an endpoint that fails. Pure but for chance."""

import random
from dataclasses import dataclass

from noukai_wire.limits import MAX_WEBHOOK_TRIES

_SECOND, _MINUTE, _HOUR = 1000, 60_000, 3_600_000

PAUSES_MS = (
    5 * _SECOND,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
"""The pauses between the tries of a delivery: 75.6 hours in all."""

SUSPENSIONS_MS = (20 * _SECOND, _MINUTE, 5 * _MINUTE, 15 * _MINUTE)
"""The pauses before an event is tried at a suspended endpoint; the last one is repeated."""

JITTER = 0.1
"""The share by which a pause is longer or shorter, so that what failed together is not tried together."""

MAX_RETRY_AFTER_MS = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class Tried:
    """The outcome of a try: `status` is None without an answer."""

    status: int | None
    duration_ms: int
    text: str | None = None
    error: str | None = None
    retry_after_seconds: int | None = None

    @property
    def is_success(self) -> bool:
        """Return whether the endpoint has taken the event: any 2xx, and no redirect."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - of HTTP

    @property
    def is_gone(self) -> bool:
        """Return whether the endpoint wants no further event."""
        return self.status == 410  # noqa: PLR2004 - of HTTP

    def may_try_at(self, now: int) -> int:
        """Return the time before which the endpoint wants no further try."""
        seconds = self.retry_after_seconds or 0
        return now + min(seconds * _SECOND, MAX_RETRY_AFTER_MS)


def next_try_at(tries: int, tried: Tried, now: int) -> int | None:
    """Return when to try a delivery again after so many tries; None if it is not tried any more."""
    if tries >= MAX_WEBHOOK_TRIES:
        return None
    return max(now + _spread(PAUSES_MS[tries - 1]), tried.may_try_at(now))


def suspended_until(suspensions: int, tried: Tried | None, now: int) -> int:
    """Return when a suspended endpoint is tried again, after so many suspensions in a row."""
    pause = SUSPENSIONS_MS[min(suspensions, len(SUSPENSIONS_MS) - 1)]
    return max(now + _spread(pause), now if tried is None else tried.may_try_at(now))


def _spread(pause: int) -> int:
    return round(pause * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - nothing secret
