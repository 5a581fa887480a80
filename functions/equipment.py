"""The parts that a worker runs flows with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions.catalog import Catalog
from functions.clock import Clock
from functions.estimate import RunTimes
from functions.pool import ProcessPool
from functions.store import JobStore
from functions.times import Times
from functions.turning_away import Unclaimed

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions.inputs import InputStore


@dataclass(frozen=True, slots=True)
class Equipment:
    """The parts that a worker's executions share."""

    catalog: Catalog
    store: JobStore
    clock: Clock
    processes: ProcessPool
    run_times: RunTimes
    inputs: "Callable[[], InputStore]"
    """Asked for when an input is to be kept: a job that completes needs none."""
    unclaimed: Unclaimed
    times: Times
    memory: int | None
    """The MB of this worker, if they are not those of the default one."""
