"""The parts of a function, each made from its environment on first use.

Each part's modules are imported on first use too, to keep cold starts short.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock
from noukai_functions.names import DEFAULT_KIND
from noukai_functions.request_parts import RequestParts
from noukai_functions.webhook_parts import WebhookParts
from noukai_functions.worker.time_limits import TimeLimits

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.jobs.estimate import RunTimes
    from noukai_functions.jobs.lifecycle import Job
    from noukai_functions.logs.attempt_log import AttemptLog
    from noukai_functions.logs.masking import Masker
    from noukai_functions.metrics.job_metrics import JobMetrics
    from noukai_functions.metrics.queue_check import QueueCheck
    from noukai_functions.secrets.worker_secrets import WorkerSecrets
    from noukai_functions.telemetry.audit import AuditLog
    from noukai_functions.telemetry.emf import Metrics
    from noukai_functions.usage.budget_watch import BudgetWatch
    from noukai_functions.usage.records import Prices
    from noukai_functions.usage.unfinished import Bounds
    from noukai_functions.worker.batch import Worker
    from noukai_functions.worker.process.pool import ProcessPool
    from noukai_functions.worker.process.process import Body
    from noukai_functions.worker.unclaimed import Unclaimed

ASSET = Path(__file__).resolve().parent.parent


@dataclass
class Deployment(RequestParts, WebhookParts):
    """A function's surroundings: tables, queues, flow catalog and clock.

    `environment` holds the variables that the stack sets. `asset` is the folder with `catalog` and, for a
    worker, `flows`.
    """

    environment: Mapping[str, str]
    asset: Path = ASSET
    clock: Clock = field(default_factory=Clock)

    def prepare_submissions(self) -> None:
        """Make the parts that every submission uses."""
        from noukai_functions.catalog.entries import SUBMISSION

        _ = self.api_keys, self.admission
        self.catalog.prepare(SUBMISSION)

    @cached_property
    def budget_watch(self) -> "BudgetWatch":
        """Return the watch over budgets."""
        from noukai_functions.usage.budget_watch import BudgetWatch

        return BudgetWatch(self.usage_totals, self.budgets, self.prices, self.counters)

    @cached_property
    def bounds(self) -> "Bounds":
        """Return the watch over the limits of unfinished jobs."""
        from noukai_functions.usage.unfinished import Bounds, UnfinishedJobs

        jobs = UnfinishedJobs(self._dynamodb, self.environment["USAGE_TABLE"])
        return Bounds(jobs, self.budgets, self.counters)

    @property
    def counters(self) -> int:
        """Return how many processes may count an org's usage at once."""
        from noukai_functions.usage.totals import COUNTERS

        return int(self.environment.get("STREAM_SHARDS", COUNTERS))

    @cached_property
    def audit_log(self) -> "AuditLog | None":
        """Return the audit log; None if this function writes none."""
        if self.environment.get("AUDIT") != "on":
            return None
        from noukai_functions.telemetry.audit import AuditLog

        return AuditLog.of(self.environment)

    @cached_property
    def metrics(self) -> "Metrics":
        """Return the writer of metrics."""
        from noukai_functions.telemetry.emf import Metrics

        return Metrics.of(self.environment)

    @cached_property
    def job_metrics(self) -> "JobMetrics":
        """Return the metrics of jobs."""
        from noukai_functions.metrics.job_metrics import JobMetrics

        return JobMetrics(self.metrics, lambda: self.catalog)

    @cached_property
    def queue_check(self) -> "QueueCheck":
        """Return the check of the queues."""
        from noukai_functions.metrics.queue_check import QueueCheck

        return QueueCheck.of(self._sqs, self.environment, self.metrics)

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
        """Return the memory of this worker in MB, if it is not the default worker."""
        memory = self.environment.get("WORKER_KIND_MEMORY")
        return None if memory is None else int(memory)

    @cached_property
    def run_times(self) -> "RunTimes":
        """Return the run times of each flow as measured by this worker."""
        from noukai_functions.jobs.estimate import RunTimes

        return RunTimes()

    @cached_property
    def processes(self) -> "ProcessPool":
        """Return the flow processes that this worker keeps."""
        from noukai_functions.worker.inside.host import Host
        from noukai_functions.worker.process.pool import ProcessPool

        # A forked process cannot share connections, so it gets its own clients.
        own = replace(self, environment=dict(self.environment))
        kept = self.secrets

        def body(project: str) -> "Body":
            secrets = kept.of_process() if kept else None
            return Host(project, self.asset, self.catalog, self.clock, lambda: own.objects, secrets).serve

        memory = int(self.environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")) << 20
        return ProcessPool(body, memory, self.masker, (lambda: kept.edition) if kept else None)

    @cached_property
    def masker(self) -> "Masker":
        """Return the masker of the secrets of this worker."""
        from noukai_functions.logs.masking import Masker

        return Masker.of(self.environment)

    @cached_property
    def secrets(self) -> "WorkerSecrets | None":
        """Return the secrets of this worker; None if the settings name none."""
        stated = self.environment.get("SECRETS")
        if not stated:
            return None
        from noukai_functions.secrets.reading import read_from_aws
        from noukai_functions.secrets.worker_secrets import WorkerSecrets
        from noukai_wire.secret_sources import parsed_sources

        read = partial(
            read_from_aws, parsed_sources(stated), lambda: self._ssm, lambda: self._secrets_manager
        )
        return WorkerSecrets(read, self.masker.learn, self.clock)

    @property
    def times(self) -> TimeLimits:
        """Return the time limits of this worker."""
        return TimeLimits.of(self.environment)

    @cached_property
    def unclaimed(self) -> "Unclaimed":
        """Return the handler of deliveries whose jobs are not claimed."""
        from noukai_functions.worker.unclaimed import Unclaimed

        return Unclaimed(self.table, self.clock, lambda: self.saved_inputs)

    @cached_property
    def new_log(self) -> "Callable[[Job], AttemptLog]":
        """Return what makes the log of an attempt."""
        from noukai_functions.logs.attempt_log import AttemptLog

        return partial(
            AttemptLog,
            store=self.log_store,
            clock=self.clock,
            masker=self.masker,
            copies=self.environment.get("COPY_LOGS") == "true",
            interval_ms=self.times.lease_ms // 3,
        )

    @cached_property
    def worker(self) -> "Worker":
        """Return the worker of this function's queue."""
        from noukai_functions.worker.batch import Worker
        from noukai_functions.worker.parts import WorkerParts

        parts = WorkerParts(
            self.catalog,
            self.table,
            self.clock,
            self.processes,
            self.run_times,
            lambda: self.saved_inputs,
            self.unclaimed,
            self.times,
            self.new_log,
            self.worker_kind_memory,
            self.secrets,
        )
        further = self.environment.get("FURTHER_QUEUE_URLS", "").split()
        if not further:
            return Worker(parts, lambda _arn: self.queue, self._note_waiting)
        return Worker(parts, lambda arn: self.queue.or_further(further, arn), self._note_waiting)

    def _note_waiting(self, *created_at: int) -> None:
        from noukai_functions.metrics.waiting import note_waiting

        note_waiting(self.metrics, self.environment.get("WORKER_KIND", DEFAULT_KIND), *created_at)


@cache
def deployed() -> Deployment:
    """Return this process's deployment, made at its first request."""
    return Deployment(os.environ)
