"""Moments as callers write them: ISO 8601 with a time zone."""

from datetime import UTC, datetime, timedelta

NO_MOMENT = "must be a moment in ISO 8601 with its time zone, such as 2026-01-31T12:00:00Z"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_moment(text: str) -> int:
    """Parse a moment into milliseconds since the epoch, rounded up.

    Raises `ValueError` for an invalid moment, or one without a time zone. Rounding up keeps a job from
    starting before the requested moment.
    """
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(NO_MOMENT)
    return -(-(moment - _EPOCH) // timedelta(milliseconds=1))
