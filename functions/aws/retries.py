"""When a call is tried again: the standard mode of AWS's SDKs."""

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
    """What a client may spend on retries: once a service fails for long, most calls are tried only once."""

    left: int = _CAPACITY

    def take(self) -> bool:
        """Pay for a retry, if enough is left."""
        if self.left < _PRICE:
            return False
        self.left -= _PRICE
        return True

    def give_back(self, retries: int) -> None:
        """Return what a call has paid that succeeded in the end; one without a retry earns a little."""
        self.left = min(_CAPACITY, self.left + (_PRICE if retries else 1))


def backoff_seconds(tries: int) -> float:
    """Choose how long to wait after so many tries, at random: callers that failed together do not come back so."""
    return random.random() * float(2 ** (tries - 1))  # noqa: S311 - nothing secret
