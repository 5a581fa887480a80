"""Time, as it is handed to whatever needs it."""

import time
from datetime import UTC, datetime


class Clock:
    """The machine's clock; tests hand in one that they move themselves."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        time.sleep(seconds)


def day_of(milliseconds: int) -> str:
    """The day of a moment since the epoch, in UTC: `2026-11-25`."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()


def month_of(milliseconds: int) -> str:
    """The month of a moment since the epoch, in UTC: `2026-11`."""
    return day_of(milliseconds)[:7]
