"""The parts of AWS that limit a stack, second by second, each by the limits that AWS publishes.

The limits and their pages are in `noukai_infra.planning.limits`.
"""

from collections import deque
from dataclasses import dataclass, field

from noukai_infra.planning import limits
from noukai_infra.settings import WorkerKind


@dataclass
class Gateway:
    """A token bucket, filled at the stage's rate or the account's, whichever is lower."""

    rate: float
    burst: float
    tokens: float = 0.0

    def take(self, asked: float) -> float:
        """Return which share of the requests of a second passes; the others get 429."""
        self.tokens = min(self.rate + self.burst, self.tokens + self.rate)
        passed = min(asked, self.tokens)
        self.tokens -= passed
        return passed / asked if asked else 1.0


@dataclass
class Function:
    """The executions of a function, which grow by a hundred a second at most."""

    executions: float = 0.0

    def grow(self, wanted: float, most: float) -> float:
        """Return how many executions there are, if so many are wanted and the account leaves so many."""
        self.executions = max(0.0, min(wanted, self.executions + limits.FUNCTION_GROWTH, most))
        return self.executions


@dataclass
class Pollers:
    """The invocations at once of all queues of a worker kind."""

    kind: WorkerKind
    invocations: float = 0.0

    def __post_init__(self) -> None:
        self.invocations = self._least

    def grow(self, wanted: float) -> float:
        """Return how many invocations there may be; without a backlog there are as many as are needed."""
        growth = limits.PROVISIONED_GROWTH if self.kind.provisioned_pollers else limits.POLLERS_GROWTH
        grown = self.invocations + growth * self.kind.queues
        self.invocations = max(self._least, min(wanted, grown, self._most))
        return self.invocations

    @property
    def _least(self) -> float:
        ready = self.kind.provisioned_pollers
        each = ready.minimum * limits.INVOCATIONS_OF_A_POLLER if ready else limits.POLLERS_FIRST
        return float(each * self.kind.queues)

    @property
    def _most(self) -> float:
        ready = self.kind.provisioned_pollers
        each = ready.maximum * limits.INVOCATIONS_OF_A_POLLER if ready else self.kind.max_concurrency
        in_flight = limits.IN_FLIGHT / self.kind.batch_size
        return min(each, in_flight, limits.PROVISIONED_MOST) * self.kind.queues


@dataclass
class Backlog:
    """A queue of what arrives in each second, first in, first out."""

    count: float = 0.0
    _seconds: deque[list[float]] = field(default_factory=deque)

    def add(self, second: int, count: float) -> None:
        """Add what arrived in a second."""
        if count > 0:
            self._seconds.append([second, count])
            self.count += count

    def take(self, most: float) -> float:
        """Take the oldest; return how many."""
        left = most
        while self._seconds and left > 1e-9:
            taken = min(left, self._seconds[0][1])
            self._seconds[0][1] -= taken
            left -= taken
            if self._seconds[0][1] <= 1e-9:
                self._seconds.popleft()
        taken = min(most - left, self.count)
        self.count = max(0.0, self.count - taken) if self._seconds else 0.0
        return taken

    def age(self, second: int) -> float:
        """Return the age of the oldest, in seconds."""
        return second - self._seconds[0][0] if self._seconds else 0.0


@dataclass
class Throughput:
    """The units a second of an on-demand table or index.

    It takes at once what it is warm for, or twice what it took half an hour before; never more than the
    quota.
    """

    warm: float
    quota: float
    _peak: float = 0.0
    _next_peak: float = 0.0
    _seen_at: int = 0

    def most(self, second: int) -> float:
        """Return how many units it takes in this second."""
        if second - self._seen_at >= limits.DOUBLING_SECONDS:
            self._peak, self._next_peak, self._seen_at = max(self._peak, self._next_peak), 0.0, second
        return min(self.quota, max(self.warm, 2 * self._peak))

    def note(self, units: float) -> None:
        """Note what was taken."""
        self._next_peak = max(self._next_peak, units)
