"""The retries of AWS calls, in the standard mode of AWS's SDKs."""

import random
from dataclasses import dataclass

MOST_TRIES = 3
TRANSIENT_STATUSES = frozenset({500, 502, 503, 504})
TRANSIENT_CODES = frozenset(
    {
        "RequestTimeout",
        "RequestTimeoutException",
        "PriorRequestNotComplete",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "RequestThrottled",
        "SlowDown",
        "EC2ThrottledException",
    }
)

_CAPACITY = 500
_PRICE = 5


@dataclass(slots=True)
class RetryQuota:
    """The retry quota of a client: once a service fails for long, most calls are tried only once."""

    left: int = _CAPACITY

    def take(self) -> bool:
        """Take a retry's cost from the quota; return whether enough was left."""
        if self.left < _PRICE:
            return False
        self.left -= _PRICE
        return True

    def give_back(self, retries: int) -> None:
        """Return the cost of a successful retry to the quota; a call without one adds a little."""
        self.left = min(_CAPACITY, self.left + (_PRICE if retries else 1))


def backoff_seconds(tries: int) -> float:
    """Return a random backoff after so many attempts, so that failed callers do not return together."""
    return random.random() * float(2 ** (tries - 1))  # noqa: S311 - nothing secret
