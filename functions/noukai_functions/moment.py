"""Moments as callers write them: ISO 8601 with a time zone."""

from datetime import UTC, datetime, timedelta

NO_MOMENT = "must be a moment in ISO 8601 with its time zone, such as 2026-01-31T12:00:00Z"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_moment(text: str) -> int:
    """Read a moment as milliseconds since the epoch, rounded up.

    What is none, or has no time zone, is a `ValueError`.

    No job is created between two milliseconds, and none starts before the moment that was asked for.
    """
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(NO_MOMENT)
    return -(-(moment - _EPOCH) // timedelta(milliseconds=1))
