"""Timestamps as the contract and callers write them: ISO 8601 with a time zone."""

from datetime import UTC, datetime, timedelta
from typing import overload

NOT_A_TIMESTAMP = "must be a timestamp in ISO 8601 with its time zone, such as 2026-01-31T12:00:00Z"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def timestamp(milliseconds: int) -> str: ...


@overload
def timestamp(milliseconds: int | None) -> str | None: ...


def timestamp(milliseconds: int | None) -> str | None:
    """Return a time as the contract writes it: ISO 8601 in UTC, with milliseconds."""
    if milliseconds is None:
        return None
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_timestamp(text: str) -> int:
    """Parse a timestamp into milliseconds since the epoch, rounded up.

    Raises `ValueError` for an invalid timestamp, or one without a time zone. Rounding up keeps a job from
    starting before the requested time.
    """
    timestamp = datetime.fromisoformat(text.upper())
    if timestamp.tzinfo is None:
        raise ValueError(NOT_A_TIMESTAMP)
    return -(-(timestamp - _EPOCH) // timedelta(milliseconds=1))
