"""The parts that a worker needs to run flows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.catalog.entries import Catalog
from noukai_functions.clock import Clock
from noukai_functions.jobs.estimate import RunTimes
from noukai_functions.jobs.table import JobsTable
from noukai_functions.worker.process.pool import ProcessPool
from noukai_functions.worker.time_limits import TimeLimits
from noukai_functions.worker.unclaimed import Unclaimed

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.jobs.lifecycle import Job
    from noukai_functions.jobs.saved_inputs import SavedInputs
    from noukai_functions.logs.attempt_log import AttemptLog
    from noukai_functions.secrets.worker_secrets import WorkerSecrets


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """The parts shared by a worker's executions."""

    catalog: Catalog
    table: JobsTable
    clock: Clock
    processes: ProcessPool
    run_times: RunTimes
    saved_inputs: "Callable[[], SavedInputs]"
    """Called only when an input must be stored: a completed job needs none."""
    unclaimed: Unclaimed
    times: TimeLimits
    new_log: "Callable[[Job], AttemptLog]"
    """Makes the log of a claimed attempt."""
    memory: int | None
    """The memory of this worker in MB, unless it is the default worker."""
    secrets: "WorkerSecrets | None" = None
    """The secrets of flows; None if the settings name none."""
