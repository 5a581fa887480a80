"""The worker kind that a flow asks for; flows of the same kind share a function and a queue."""

from dataclasses import dataclass

from noukai_wire.limits import MAX_TIMEOUT_SECONDS, WORKER_MARGIN_SECONDS

MIN_MEMORY, MAX_MEMORY = 128, 10_240
MIN_STORAGE, MAX_STORAGE = 512, 10_240
MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1000
MAX_BATCH = 10
MAX_BATCHED_SECONDS = 5
"""A batch runs one after the other: only a flow that may take no longer is worth waiting for."""

MAX_PROFILES = 16
"""Of a deployment: who sends a job has the address of every queue in its environment, which holds 4 KB."""

_FUNCTION_TIMEOUTS = (60, 120, 300, 600, 900)
"""Few, so that flows which take long share a worker."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The requested worker settings; None is the default worker's."""

    memory: int | None = None
    """In MB, like the storage."""
    ephemeral_storage: int | None = None
    concurrency: int | None = None
    """How many of these workers may run at once."""
    batch: int | None = None
    """How many jobs a worker is given at once."""
    timeout: int | None = None
    """Of the worker's function, in seconds."""

    @property
    def is_batched(self) -> bool:
        """Return whether its jobs run one after the other."""
        return self.batch is not None and self.batch > 1

    @property
    def name(self) -> str | None:
        """Return the worker kind's name, such as `m2048-b10-t60`; None for the default."""
        asked = {
            "m": self.memory,
            "e": self.ephemeral_storage,
            "c": self.concurrency,
            "b": self.batch,
            "t": self.timeout,
        }
        return "-".join(f"{letter}{value}" for letter, value in asked.items() if value is not None) or None


def function_timeout(flow_seconds: int, grace_seconds: int) -> int | None:
    """Return the function timeout for a flow's time.

    None if no function of Lambda has.
    """
    needed = flow_seconds + grace_seconds + WORKER_MARGIN_SECONDS
    return next((timeout for timeout in _FUNCTION_TIMEOUTS if timeout >= needed), None)


def flow_seconds_of(timeout: int, grace_seconds: int) -> int:
    """Return how long a flow may take on a worker whose function has this timeout."""
    return min(MAX_TIMEOUT_SECONDS, timeout - grace_seconds - WORKER_MARGIN_SECONDS)
