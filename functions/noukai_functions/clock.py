"""The clock."""

import time
from datetime import UTC, datetime


class Clock:
    """The system clock; tests inject their own."""

    def now(self) -> int:
        """Return milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Sleep for a number of seconds."""
        time.sleep(seconds)


def day_of(milliseconds: int) -> str:
    """Return the UTC day of a time in milliseconds since the epoch: `2026-11-25`."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()


def month_of(milliseconds: int) -> str:
    """Return the UTC month of a time in milliseconds since the epoch: `2026-11`."""
    return day_of(milliseconds)[:7]
