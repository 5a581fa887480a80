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

THROTTLED_CODES = frozenset(
    {"ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"}
)
"""Those of them that say that a table is throttled."""

_CAPACITY = 500
_PRICE = 5


@dataclass(slots=True)
class RetryQuota:
    """The retry quota of a client: while a service keeps failing, most calls are not retried."""

    left: int = _CAPACITY

    def take(self) -> bool:
        """Take a retry's cost from the quota; return whether enough was left."""
        if self.left < _PRICE:
            return False
        self.left -= _PRICE
        return True

    def give_back(self, retries: int) -> None:
        """Return the cost of successful retries to the quota; a call without a retry adds a little."""
        self.left = min(_CAPACITY, self.left + (_PRICE if retries else 1))


def backoff_seconds(tries: int) -> float:
    """Return a random backoff after a number of attempts; jitter keeps failed callers apart."""
    return random.random() * float(2 ** (tries - 1))  # noqa: S311 - nothing secret
