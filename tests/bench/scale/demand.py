"""The demand of a day: a steady rate with bursts, and clients that retry what is refused."""

from collections import deque
from dataclasses import dataclass, field

BURST, BURST_SECONDS, BURST_EVERY = 10, 60, 2 * 3600
PATIENCE_SECONDS = 60
"""How long the client retries a submission (`client/noukai/_core/exchange.py`)."""

_PAUSE_SECONDS = 4.0
"""The mean pause of a client that was refused several times: half of its longest backoff of 8 s."""


@dataclass
class Demand:
    """The submissions of each second: new ones, and those of clients that were refused before.

    Clients that were refused for a minute give up: their callers hear that the job was not accepted.
    """

    jobs_per_second: float
    submitted: float = 0.0
    given_up: float = 0.0
    refusals: float = 0.0
    _new: float = 0.0
    _refused: deque[list[float]] = field(default_factory=deque)
    """Of each second, when its clients were first refused, and how many are left."""

    def ask(self, second: int) -> float:
        """Return how many submissions are sent in a second."""
        is_burst = BURST_EVERY // 2 <= second % BURST_EVERY < BURST_EVERY // 2 + BURST_SECONDS
        self._new = self.jobs_per_second * (BURST if is_burst else 1)
        self.submitted += self._new
        while self._refused and second - self._refused[0][0] >= PATIENCE_SECONDS:
            self.given_up += self._refused.popleft()[1]
        return self._new + self.waiting / _PAUSE_SECONDS

    def hear(self, second: int, share: float) -> None:
        """Record which share of the submissions of this second was accepted."""
        for cohort in self._refused:
            self.refusals += cohort[1] / _PAUSE_SECONDS * (1 - share)
            cohort[1] *= 1 - share / _PAUSE_SECONDS
        refused = self._new * (1 - share)
        self.refusals += refused
        if refused > 1e-9:
            self._refused.append([second, refused])

    @property
    def waiting(self) -> float:
        """Return how many clients are between two tries."""
        return sum(count for _, count in self._refused)
