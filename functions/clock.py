"""Time, as it is handed to whatever needs it."""

import time


class Clock:
    """The machine's clock; tests hand in one that they move themselves."""

    def now(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""
        time.sleep(seconds)
