"""The limits of the worker kinds that flows ask for."""

from noukai_wire.limits import MAX_TIMEOUT_SECONDS, WORKER_MARGIN_SECONDS

MIN_MEMORY, MAX_MEMORY = 128, 10_240
MIN_STORAGE, MAX_STORAGE = 512, 10_240
MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1000
MAX_BATCH = 10
MAX_BATCHED_SECONDS = 5
"""A batch runs one after the other: only a flow that may take no longer is worth waiting for."""

MAX_WORKER_KINDS = 16
"""Of a deployment: who sends a job has the address of every queue in its environment, which holds 4 KB."""

_FUNCTION_TIMEOUTS = (60, 120, 300, 600, 900)
"""Few, so that flows which take long share a worker."""


def function_timeout(flow_seconds: int, grace_seconds: int) -> int | None:
    """Return the function timeout for a flow's time.

    None if no function of Lambda has.
    """
    needed = flow_seconds + grace_seconds + WORKER_MARGIN_SECONDS
    return next((timeout for timeout in _FUNCTION_TIMEOUTS if timeout >= needed), None)


def flow_seconds_of(timeout: int, grace_seconds: int) -> int:
    """Return how long a flow may take on a worker whose function has this timeout."""
    return min(MAX_TIMEOUT_SECONDS, timeout - grace_seconds - WORKER_MARGIN_SECONDS)
