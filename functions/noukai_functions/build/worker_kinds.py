"""The limits of the worker kinds that flows ask for."""

from noukai_wire.limits import MAX_TIMEOUT_SECONDS, WORKER_MARGIN_SECONDS

MIN_MEMORY, MAX_MEMORY = 128, 10_240
MIN_STORAGE, MAX_STORAGE = 512, 10_240
MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1000
MAX_BATCH = 10
MAX_BATCHED_SECONDS = 5
"""The jobs of a batch run in turn, so that only short flows may share one."""

MAX_WORKER_KINDS = 15
"""Per deployment: the URLs of all queues must fit in a function's environment of 4 KB."""

_FUNCTION_TIMEOUTS = (60, 120, 300, 600, 900)
"""Few values, so that long-running flows share workers."""


def function_timeout(flow_seconds: int, grace_seconds: int) -> int | None:
    """Return the function timeout that a flow needs; None if it exceeds Lambda's limit."""
    needed = flow_seconds + grace_seconds + WORKER_MARGIN_SECONDS
    return next((timeout for timeout in _FUNCTION_TIMEOUTS if timeout >= needed), None)


def flow_seconds_of(timeout: int, grace_seconds: int) -> int:
    """Return the time limit of a flow on a worker with this function timeout."""
    return min(MAX_TIMEOUT_SECONDS, timeout - grace_seconds - WORKER_MARGIN_SECONDS)
