"""The parts of a function, each made on first use from its environment.

What a part is made of is imported then, too: what a function does not use it does not wait for at its start.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock
from noukai_functions.resources import Resources
from noukai_functions.worker.times import Times

if TYPE_CHECKING:
    from noukai_functions.api.outputs import Outputs
    from noukai_functions.api.status_entries import StatusEntries
    from noukai_functions.catalog.entries import Catalog
    from noukai_functions.jobs.estimate import RunTimes
    from noukai_functions.jobs.queue import JobQueue
    from noukai_functions.requests.admission import Admission
    from noukai_functions.requests.cancellation import Cancellation
    from noukai_functions.requests.creation import JobCreation
    from noukai_functions.requests.job_page import JobPages
    from noukai_functions.requests.lookup import Lookup
    from noukai_functions.requests.retry import Retries
    from noukai_functions.usage.budget_watch import BudgetWatch
    from noukai_functions.usage.records import Prices
    from noukai_functions.usage.unfinished import Bounds
    from noukai_functions.worker.process.pool import ProcessPool
    from noukai_functions.worker.process.process import Body
    from noukai_functions.worker.unclaimed import Unclaimed
    from noukai_functions.worker.work import Worker

ASSET = Path(__file__).resolve().parent.parent


@dataclass
class Deployment(Resources):
    """A function's surroundings: tables, queues, the flow catalog, time.

    `environment` is what the stack gave the function; `asset` is the folder that holds `catalog` and, for a
    worker, `flows`.
    """

    environment: Mapping[str, str]
    asset: Path = ASSET
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def creation(self) -> "JobCreation":
        """Return what writes the rows of new jobs and sends their messages."""
        from noukai_functions.requests.creation import JobCreation

        return JobCreation(self.table, self.budgets, self.clock, self.queue_of, lambda: self.schedules)

    @cached_property
    def admission(self) -> "Admission":
        """Return what makes jobs of submissions."""
        from noukai_functions.requests.admission import Admission

        return Admission(self.catalog, self.creation, self.table, self.clock, lambda: self.objects)

    def prepare_submissions(self) -> None:
        """Make the parts that every submission uses."""
        from noukai_functions.catalog.entries import SUBMISSION

        _ = self.api_keys, self.admission, self.queue
        self.catalog.prepare(SUBMISSION)

    @cached_property
    def lookup(self) -> "Lookup":
        """Return the lookup of jobs by their ids."""
        from noukai_functions.requests.lookup import Lookup

        return Lookup(self.table, self.clock)

    @cached_property
    def job_pages(self) -> "JobPages":
        """Return the pages of selected jobs."""
        from noukai_functions.requests.job_page import JobPages

        return JobPages(self.table, self.index, self.clock)

    @cached_property
    def cancellation(self) -> "Cancellation":
        """Return what cancels jobs."""
        from noukai_functions.requests.cancellation import Cancellation

        return Cancellation(self.table, self.clock, lambda: self.schedules, lambda: self.saved_inputs)

    @cached_property
    def retries(self) -> "Retries":
        """Return what resubmits the inputs of jobs that did not complete."""
        from noukai_functions.requests.retry import Retries

        return Retries(self.catalog, self.saved_inputs, self.creation, self.clock, lambda: self.objects)

    @cached_property
    def outputs(self) -> "Outputs":
        """Return the outputs of jobs as answers show them."""
        from noukai_functions.api.outputs import Outputs

        return Outputs(lambda: self.objects)

    @cached_property
    def status_entries(self) -> "StatusEntries":
        """Return the statuses of many jobs in one answer."""
        from noukai_functions.api.status_entries import StatusEntries

        return StatusEntries(self.table, self.clock, self.outputs)

    @cached_property
    def budget_watch(self) -> "BudgetWatch":
        """Return the budgets' watch over usage."""
        from noukai_functions.usage.budget_watch import BudgetWatch

        return BudgetWatch(self.usage_totals, self.budgets, self.prices)

    @cached_property
    def bounds(self) -> "Bounds":
        """Return the watch over the numbers of unfinished jobs."""
        from noukai_functions.usage.unfinished import Bounds, UnfinishedJobs

        return Bounds(UnfinishedJobs(self._dynamodb, self.environment["USAGE_TABLE"]), self.budgets)

    @property
    def prices(self) -> "Prices":
        """Return the operator's prices."""
        from noukai_functions.usage.records import Prices

        return Prices(float(self.environment["PRICE_JOB"]), float(self.environment["PRICE_GB_SECOND"]))

    @property
    def worker_memory(self) -> int:
        """Return the memory of the default worker in MB."""
        return int(self.environment["WORKER_MEMORY"])

    @property
    def worker_kind_memory(self) -> int | None:
        """Return the memory of this worker in MB, if it differs from the default one's."""
        memory = self.environment.get("WORKER_KIND_MEMORY")
        return None if memory is None else int(memory)

    def queue_of(self, flow: str) -> "JobQueue":
        """Return the queue of the workers that run the flow `project/flow`."""
        worker_kind = self.catalog.flows[flow].worker_kind
        # While a deployment is updated, its catalog may be newer than the environment: every worker has all
        # flows.
        url = None if worker_kind is None else self._worker_kind_queues.get(worker_kind)
        return self.queue if url is None else self._queue(url)

    @cached_property
    def _worker_kind_queues(self) -> Mapping[str, str]:
        urls: Mapping[str, str] = json.loads(self.environment.get("WORKER_KIND_QUEUES", "{}"))
        return urls

    @cached_property
    def run_times(self) -> "RunTimes":
        """Return the run times that this worker has measured for each flow."""
        from noukai_functions.jobs.estimate import RunTimes

        return RunTimes()

    @cached_property
    def processes(self) -> "ProcessPool":
        """Return the processes that this worker keeps for its flows."""
        from noukai_functions.worker.inside.host import Host
        from noukai_functions.worker.process.pool import ProcessPool

        # Clients of its own: connections cannot be shared.
        own = replace(self, environment=dict(self.environment))

        def body(project: str) -> "Body":
            return Host(project, self.asset, self.catalog, self.clock, lambda: own.objects).serve

        return ProcessPool(body, int(self.environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")) << 20)

    @cached_property
    def catalog(self) -> "Catalog":
        """Return the catalog of the flows."""
        from noukai_functions.catalog.entries import Catalog

        return Catalog.load(self.asset / "catalog")

    @property
    def times(self) -> Times:
        """Return how long a worker waits for what."""
        return Times.of(self.environment)

    @cached_property
    def unclaimed(self) -> "Unclaimed":
        """Return what ends deliveries whose jobs are not claimed."""
        from noukai_functions.worker.unclaimed import Unclaimed

        return Unclaimed(self.table, self.clock, lambda: self.saved_inputs)

    @cached_property
    def worker(self) -> "Worker":
        """Return the worker of this function's queue."""
        from noukai_functions.worker.equipment import Equipment
        from noukai_functions.worker.work import Worker

        equipment = Equipment(
            self.catalog,
            self.table,
            self.clock,
            self.processes,
            self.run_times,
            lambda: self.saved_inputs,
            self.unclaimed,
            self.times,
            self.worker_kind_memory,
        )
        return Worker(equipment, lambda: self.queue)


@cache
def deployed() -> Deployment:
    """Return this process's deployment, made at its first request."""
    return Deployment(os.environ)
