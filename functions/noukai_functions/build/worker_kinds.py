"""The worker kinds that flows ask for: their limits, and the choice of a flow's kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from noukai.flow import Flow
from noukai_wire.limits import MAX_TIMEOUT_SECONDS, WORKER_MARGIN_SECONDS

MIN_MEMORY, MAX_MEMORY = 128, 10_240
MIN_STORAGE, MAX_STORAGE = 512, 10_240
MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1000
MAX_BATCH = 10
MAX_BATCHED_SECONDS = 5
"""The jobs of a batch run in turn, so that only short flows may share one."""

MAX_WORKER_KINDS = 13
"""Per deployment: a stack has at most 500 resources, of which a worker kind takes twelve."""

_FUNCTION_TIMEOUTS = (60, 120, 300, 600, 900)
"""Few values, so that long-running flows share workers."""


@dataclass(frozen=True, slots=True)
class WorkerTime:
    """The workers' time limits in seconds: the default worker's for an attempt, and every worker's grace.

    `settings` is the name of the file that sets them.
    """

    flow: int = MAX_TIMEOUT_SECONDS
    grace: int = 10
    settings: str = "noukai.toml"
    named: Mapping[str, int] = field(default_factory=dict)
    """The limits of the settings' worker kinds for an attempt, by name."""


def worker_kind_of(flow: Flow, worker: WorkerTime) -> tuple[str | None, int]:
    """Return the worker kind of a flow, and its time limit there; raise `ValueError` if no worker fits.

    A batched flow gets the shortest timeout that fits: if its queue hides deliveries for at most a lease, the
    worker saves a request per batch.
    """
    asked = flow.worker_kind
    if asked.named is not None:
        return asked.named, _seconds_of_named(flow, asked.named, worker)
    if flow.timeout <= worker.flow and not asked.is_batched:
        return asked.name, min(worker.flow, MAX_TIMEOUT_SECONDS)
    timeout = function_timeout(flow.timeout, worker.grace)
    if timeout is None:
        raise ValueError(
            f"no worker has {flow.timeout} seconds for it and the {worker.grace} of worker.grace_seconds in "
            f"{worker.settings}: lower one of them"
        )
    longest = MAX_BATCHED_SECONDS if asked.is_batched else flow_seconds_of(timeout, worker.grace)
    return replace(asked, timeout=timeout).name, longest


def _seconds_of_named(flow: Flow, name: str, worker: WorkerTime) -> int:
    """Return the time limit of a flow on a named worker kind."""
    if name not in worker.named:
        names = f"there is {', '.join(sorted(worker.named))}" if worker.named else "it has none"
        raise ValueError(
            f"the worker kind {name!r} is not in {worker.settings}; {names}: add [workers.{name}], or ask "
            "for another one"
        )
    seconds = min(worker.named[name], MAX_TIMEOUT_SECONDS)
    if flow.timeout > seconds:
        raise ValueError(
            f"its timeout of {flow.timeout} seconds is longer than the {seconds} that the worker kind "
            f"{name!r} has for an attempt: lower it, or raise workers.{name}.timeout in {worker.settings}"
        )
    return seconds


def function_timeout(flow_seconds: int, grace_seconds: int) -> int | None:
    """Return the function timeout that a flow needs; None if it exceeds Lambda's limit."""
    needed = flow_seconds + grace_seconds + WORKER_MARGIN_SECONDS
    return next((timeout for timeout in _FUNCTION_TIMEOUTS if timeout >= needed), None)


def flow_seconds_of(timeout: int, grace_seconds: int) -> int:
    """Return the time limit of a flow on a worker with this function timeout."""
    return min(MAX_TIMEOUT_SECONDS, timeout - grace_seconds - WORKER_MARGIN_SECONDS)
