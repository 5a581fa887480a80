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

from functions.clients import Clients
from functions.clock import Clock

if TYPE_CHECKING:
    from functions.budgets import Budgets
    from functions.catalog import Catalog
    from functions.estimate import RunTimes
    from functions.index import JobIndex
    from functions.inputs import InputStore
    from functions.keys import KeyRing
    from functions.payloads import PayloadStore
    from functions.pool import ProcessPool
    from functions.process import Body
    from functions.queue import JobQueue
    from functions.rates import Rates
    from functions.rounds import Rounds
    from functions.schedules import Schedules
    from functions.spending import Spending
    from functions.store import JobStore
    from functions.unfinished import Bounds
    from functions.use import Prices
    from functions.use_store import UseStore

ASSET = Path(__file__).resolve().parent.parent


@dataclass
class Deployment(Clients):
    """A function's surroundings: tables, queues, the flow catalog, time.

    `environment` is what the stack gave the function; `asset` is the folder that holds `catalog` and, for a
    worker, `flows`.
    """

    environment: Mapping[str, str]
    asset: Path = ASSET
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def store(self) -> "JobStore":
        """Return the jobs table."""
        from functions.store import JobStore

        return JobStore(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def rounds(self) -> "Rounds":
        """Return the rounds of the sweep."""
        from functions.rounds import Rounds

        return Rounds(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def index(self) -> "JobIndex":
        """Return the jobs of each flow by their age."""
        from functions.index import JobIndex

        return JobIndex(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def inputs(self) -> "InputStore":
        """Return the inputs of jobs that did not complete."""
        from functions.inputs import InputStore

        return InputStore(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def keys(self) -> "KeyRing":
        """Return the keys table."""
        from functions.keys import KeyRing

        return KeyRing(self._dynamodb, self.environment["KEYS_TABLE"], self.clock)

    @cached_property
    def rates(self) -> "Rates":
        """Return the call rates of limited keys."""
        from functions.rates import Rates

        return Rates(self._dynamodb, self.environment["USAGE_TABLE"], self.clock)

    @cached_property
    def budgets(self) -> "Budgets":
        """Return the budgets of orgs."""
        from functions.budgets import Budgets

        return Budgets(self._dynamodb, self.environment["USAGE_TABLE"], self.clock)

    @cached_property
    def uses(self) -> "UseStore":
        """Return the usage of orgs."""
        from functions.use_store import UseStore

        return UseStore(self._dynamodb, self.environment["USAGE_TABLE"])

    @cached_property
    def spending(self) -> "Spending":
        """Return the budgets' watch over usage."""
        from functions.spending import Spending

        return Spending(self.uses, self.budgets, self.prices)

    @cached_property
    def bounds(self) -> "Bounds":
        """Return the watch over the numbers of unfinished jobs."""
        from functions.unfinished import Bounds, UnfinishedJobs

        return Bounds(UnfinishedJobs(self._dynamodb, self.environment["USAGE_TABLE"]), self.budgets)

    @property
    def prices(self) -> "Prices":
        """Return the operator's prices."""
        from functions.use import Prices

        return Prices(float(self.environment["PRICE_JOB"]), float(self.environment["PRICE_GB_SECOND"]))

    @property
    def worker_memory(self) -> int:
        """Return the memory of the default worker in MB."""
        return int(self.environment["WORKER_MEMORY"])

    @property
    def profile_memory(self) -> int | None:
        """Return the memory of this worker in MB, if it differs from the default one's."""
        memory = self.environment.get("PROFILE_MEMORY")
        return None if memory is None else int(memory)

    @cached_property
    def queue(self) -> "JobQueue":
        """Return the queue that the worker reads; for senders, that of the default worker."""
        return self._queue(self.environment["QUEUE_URL"])

    def queue_of(self, flow: str) -> "JobQueue":
        """Return the queue of the workers that run the flow `project/flow`."""
        profile = self.catalog.flows[flow].profile
        # While a deployment is updated, its catalog may be newer than the environment: every worker has all
        # flows.
        url = None if profile is None else self._profile_queues.get(profile)
        return self.queue if url is None else self._queue(url)

    @cached_property
    def _profile_queues(self) -> Mapping[str, str]:
        urls: Mapping[str, str] = json.loads(self.environment.get("PROFILE_QUEUES", "{}"))
        return urls

    @cached_property
    def dead_letters(self) -> "JobQueue":
        """Return the dead-letter queue."""
        return self._queue(self.environment["DEAD_LETTER_QUEUE_URL"])

    @cached_property
    def payloads(self) -> "PayloadStore":
        """Return the store of inputs and results that are too large for a row."""
        from functions.payloads import PayloadStore

        return PayloadStore(self._s3, self.environment["PAYLOADS_BUCKET"])

    @cached_property
    def schedules(self) -> "Schedules":
        """Return the schedules of messages that wait longer than a queue can hide them."""
        from functions.schedules import Schedules

        environment = self.environment
        return Schedules(
            self._scheduler,
            environment["SCHEDULE_GROUP"],
            environment.get("QUEUE_ARN"),
            environment.get("SCHEDULE_ROLE"),
        )

    @cached_property
    def run_times(self) -> "RunTimes":
        """Return the run times that this worker has measured for each flow."""
        from functions.estimate import RunTimes

        return RunTimes()

    @cached_property
    def processes(self) -> "ProcessPool":
        """Return the processes that this worker keeps for its flows."""
        from functions.host import Host
        from functions.pool import ProcessPool

        # Clients of its own: connections cannot be shared.
        own = replace(self, environment=dict(self.environment))

        def body(project: str) -> "Body":
            return Host(project, self.asset, self.catalog, self.clock, lambda: own.payloads).serve

        return ProcessPool(body, int(self.environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")) << 20)

    @cached_property
    def catalog(self) -> "Catalog":
        """Return the catalog of the flows."""
        from functions.catalog import Catalog

        return Catalog.load(self.asset / "catalog")

    @property
    def lease_ms(self) -> int:
        """Return how long an attempt without a heartbeat counts as alive."""
        return int(float(self.environment.get("LEASE_SECONDS", "60")) * 1000)

    @property
    def import_ms(self) -> int:
        """Return how long the import of a flow's module may take."""
        return int(float(self.environment.get("IMPORT_SECONDS", "60")) * 1000)

    @property
    def grace_ms(self) -> int:
        """Return how long an interrupted flow may take to leave before it is killed."""
        return int(float(self.environment.get("GRACE_SECONDS", "10")) * 1000)

    def _queue(self, url: str) -> "JobQueue":
        from functions.queue import JobQueue

        return JobQueue(self._sqs, url)


@cache
def deployed() -> Deployment:
    """Return this process's deployment, made at its first request."""
    return Deployment(os.environ)
