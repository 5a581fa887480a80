"""The parts that a function is made of, each made when it is first used, from the function's environment.

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
    """Everything outside of a function: tables, queues, the flow catalog, time.

    `environment` is what the stack gave the function; `asset` is the folder that holds `catalog` and, for a worker,
    `flows`.
    """

    environment: Mapping[str, str]
    asset: Path = ASSET
    clock: Clock = field(default_factory=Clock)

    @cached_property
    def store(self) -> "JobStore":
        """The jobs table."""
        from functions.store import JobStore

        return JobStore(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def rounds(self) -> "Rounds":
        """The rounds of the sweep."""
        from functions.rounds import Rounds

        return Rounds(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def index(self) -> "JobIndex":
        """The jobs of each flow by their age."""
        from functions.index import JobIndex

        return JobIndex(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def inputs(self) -> "InputStore":
        """The inputs of jobs that did not complete."""
        from functions.inputs import InputStore

        return InputStore(self._dynamodb, self.environment["JOBS_TABLE"])

    @cached_property
    def keys(self) -> "KeyRing":
        """The keys table."""
        from functions.keys import KeyRing

        return KeyRing(self._dynamodb, self.environment["KEYS_TABLE"], self.clock)

    @cached_property
    def rates(self) -> "Rates":
        """How often limited keys call."""
        from functions.rates import Rates

        return Rates(self._dynamodb, self.environment["USAGE_TABLE"], self.clock)

    @cached_property
    def budgets(self) -> "Budgets":
        """What orgs may use."""
        from functions.budgets import Budgets

        return Budgets(self._dynamodb, self.environment["USAGE_TABLE"], self.clock)

    @cached_property
    def uses(self) -> "UseStore":
        """What orgs have used."""
        from functions.use_store import UseStore

        return UseStore(self._dynamodb, self.environment["USAGE_TABLE"])

    @cached_property
    def spending(self) -> "Spending":
        """What orgs have used of their budgets."""
        from functions.spending import Spending

        return Spending(self.uses, self.budgets, self.prices)

    @cached_property
    def bounds(self) -> "Bounds":
        """Which orgs have as many unfinished jobs as they may."""
        from functions.unfinished import Bounds, UnfinishedJobs

        return Bounds(UnfinishedJobs(self._dynamodb, self.environment["USAGE_TABLE"]), self.budgets)

    @property
    def prices(self) -> "Prices":
        """What the operator reckons with."""
        from functions.use import Prices

        return Prices(float(self.environment["PRICE_JOB"]), float(self.environment["PRICE_GB_SECOND"]))

    @property
    def worker_memory(self) -> int:
        """The MB of the default worker."""
        return int(self.environment["WORKER_MEMORY"])

    @property
    def profile_memory(self) -> int | None:
        """The MB of this worker, if they are not those of the default one."""
        memory = self.environment.get("PROFILE_MEMORY")
        return None if memory is None else int(memory)

    @cached_property
    def queue(self) -> "JobQueue":
        """The queue that the worker reads; for who sends, that of the default worker."""
        return self._queue(self.environment["QUEUE_URL"])

    def queue_of(self, flow: str) -> "JobQueue":
        """The queue of the workers that run the flow `project/flow`."""
        profile = self.catalog.flows[flow].profile
        # While a deployment is updated, its catalog may be newer than the environment: every worker has all flows.
        url = None if profile is None else self._profile_queues.get(profile)
        return self.queue if url is None else self._queue(url)

    @cached_property
    def _profile_queues(self) -> Mapping[str, str]:
        urls: Mapping[str, str] = json.loads(self.environment.get("PROFILE_QUEUES", "{}"))
        return urls

    @cached_property
    def dead_letters(self) -> "JobQueue":
        """The queue of messages that no worker could settle."""
        return self._queue(self.environment["DEAD_LETTER_QUEUE_URL"])

    @cached_property
    def payloads(self) -> "PayloadStore":
        """The inputs and results that are too large for anything else."""
        from functions.payloads import PayloadStore

        return PayloadStore(self._s3, self.environment["PAYLOADS_BUCKET"])

    @cached_property
    def schedules(self) -> "Schedules":
        """Where messages wait for longer than a queue can hide them."""
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
        """What this worker's process has seen each flow take."""
        from functions.estimate import RunTimes

        return RunTimes()

    @cached_property
    def processes(self) -> "ProcessPool":
        """The processes that this worker keeps for its flows."""
        from functions.host import Host
        from functions.pool import ProcessPool

        # Clients of its own: connections cannot be shared.
        own = replace(self, environment=dict(self.environment))

        def body(project: str) -> "Body":
            return Host(project, self.asset, self.catalog, self.clock, lambda: own.payloads).serve

        return ProcessPool(body, int(self.environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")) << 20)

    @cached_property
    def catalog(self) -> "Catalog":
        """What the build knows of the flows."""
        from functions.catalog import Catalog

        return Catalog.load(self.asset / "catalog")

    @property
    def lease_ms(self) -> int:
        """For how long an attempt may be believed alive without a word."""
        return int(float(self.environment.get("LEASE_SECONDS", "60")) * 1000)

    @property
    def import_ms(self) -> int:
        """How long the import of a flow's module may take."""
        return int(float(self.environment.get("IMPORT_SECONDS", "60")) * 1000)

    @property
    def grace_ms(self) -> int:
        """How long an interrupted flow may take to leave before it is killed."""
        return int(float(self.environment.get("GRACE_SECONDS", "10")) * 1000)

    def _queue(self, url: str) -> "JobQueue":
        from functions.queue import JobQueue

        return JobQueue(self._sqs, url)


@cache
def deployed() -> Deployment:
    """Give this process's deployment, made at its first request and kept for the next ones."""
    return Deployment(os.environ)
