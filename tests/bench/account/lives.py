"""Lives of jobs: what their callers do, played in a simulated account and metered."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from noukai_functions.access.api_keys import ApiKeys
from noukai_functions.aws import client
from noukai_functions.aws.direct_client import DirectClient
from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.delayed_messages import DelayedMessages
from noukai_functions.deployment import Deployment
from noukai_functions.jobs.following import Followers
from noukai_functions.jobs.index import JobIndex
from noukai_functions.jobs.objects import JobObjects
from noukai_functions.jobs.queues.queue import JobQueue
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_functions.jobs.table import JobsTable
from noukai_functions.logs.store import LogStore
from noukai_functions.names import EXPIRES_AT
from noukai_functions.telemetry.logger import logger
from noukai_functions.usage.budgets import Budgets
from noukai_functions.usage.totals import UsageTotals
from noukai_functions.usage.unfinished import Bounds, UnfinishedJobs
from noukai_wire.limits import DEFAULT_LIST_LIMIT
from tests.bench.account.cloud import Cloud, Cpu, Stack
from tests.bench.account.keeping import counted_together, kept_bytes, swept_units
from tests.bench.account.life import MAP_SIZE, OPTIONS, Event, Life
from tests.bench.account.meter import Meter, MeteredTables
from tests.bench.account.passing import Processes
from tests.bench.account.queues import QUEUE
from tests.bench.account.timeline import Timeline
from tests.bench.waits.caller import KEY, Caller
from tests.functions.harness import System, system_on_moto
from tests.functions.stand_ins.stream import Stream

if TYPE_CHECKING:
    from noukai_wire.routes import Route

FLOWS = Path(__file__).parent / "flows"
DEFAULT = Stack(
    dict.fromkeys(("submit", "retry", "status", "statuses", "cancel", "list", "metering"), 256)
    | {"execute": 128, "wait": 128, "worker": 1024}
)
SHORT = replace(DEFAULT, worker_timeout=60)
"""Its queue hides a delivery for no longer than a lease."""

UNITS = ("api_requests", "lambda_requests", "write_units", "sqs_requests", "log_bytes")
"""The units that a job is held to, and those that only some jobs need."""
IDEAL = Cpu()
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
_BATCH_WRITE = 25
_HOUR_SECONDS = 3600
_SPREAD = (1.0, 0.85, 1.15, 0.92, 1.08)
"""The durations of flows are spread by 15 % around their mean."""


@dataclass(frozen=True)
class Bill:
    """The cost of several jobs of one life."""

    meter: Meter
    jobs: int
    requests: "list[Route]"
    late: list[float]
    """How many seconds late its callers heard of each end."""

    def per_job(self, item: str, *stages: str) -> float:
        """Return an amount for one job."""
        return self.meter.amount(item, *stages) / self.jobs

    def usd_per_million(self, *stages: str) -> float:
        """Return the price of a million jobs."""
        return self.meter.usd(*stages) / self.jobs * 1_000_000


class Account:
    """A fresh account in which lives are played one after the other."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._dynamodb = client("dynamodb")
        assert isinstance(self._dynamodb, DirectClient)
        self._tables = MeteredTables(system.deployment.table.client, Meter(), Timeline())
        self._tables.attach(self._dynamodb)
        self._stream = Stream()

    def play(
        self, life: Life, stack: Stack = DEFAULT, cpu: Cpu = IDEAL, *, jobs: int = 10, is_even: bool = False
    ) -> Bill:
        """Play a life for that many jobs, as many at a time as the worker takes in a batch.

        If each caller waits for its job, a first wave is not billed: it caches the keys and learns how long
        the flow takes. Mapped jobs come a hundred at a time. Jobs that come evenly, a million a month, are
        counted with the others of their time; each other wave is a batch of the stream.
        """
        timeline, meter = Timeline(self.system.clock.time), Meter()
        self._tables.meter, self._tables.timeline = meter, timeline
        cloud = Cloud(stack, cpu, timeline, meter, self._make_deployment)
        caller = Caller(cloud, self.system.deployment.table)
        with _logging_to(cloud.log):
            at_once, wave = (
                (1, MAP_SIZE) if life.event is Event.MAPPED else (stack.batch_size, stack.batch_size)
            )
            if life.is_awaited and life.event is not Event.MAPPED:
                self._play(cloud, caller, life, at_once)
            meter.clear()
            cloud.requests.clear()
            caller.late.clear()
            for _ in range(0, jobs, wave):
                self._play(cloud, caller, life, at_once, is_counted=not is_even)
            if is_even:
                self._count(cloud)
                meter.scale("metering", jobs / counted_together())
        self.system.clock.time = timeline.now()
        return Bill(meter, jobs, cloud.requests, caller.late)

    def _play(
        self, cloud: Cloud, caller: Caller, life: Life, at_once: int, *, is_counted: bool = True
    ) -> None:
        """Let a wave of jobs run and end, and count them as one batch of the stream."""
        _play(cloud, caller, life, at_once)
        if is_counted:
            self._count(cloud)

    def _count(self, cloud: Cloud) -> None:
        """Count the new records of the stream as one batch, and bill the storage of the ended rows."""
        if records := self._stream.records():
            cloud.timeline.start(partial(cloud.count_use, records))
            cloud.timeline.run()
        for record in records:
            row = record["dynamodb"]["NewImage"]
            if EXPIRES_AT in row:
                cloud.meter.add("sweep", "read_units", swept_units(row))
                cloud.meter.add("kept", "stored_bytes", kept_bytes(row))
                cloud.meter.add("kept", "recoverable_bytes", kept_bytes(row, index=False))

    def rows(self) -> list[dict[str, Any]]:
        """Read the rows of all completed jobs."""
        items = self.system.deployment.table.client.scan(TableName="jobs")["Items"]
        return [item for item in items if "r" in item]

    def add_rows(self, count: int) -> None:
        """Add this many rows to the jobs table."""
        rows = [{"id": {"S": f"job_{number}"}, "s": {"S": "completed"}} for number in range(count)]
        for begin in range(0, count, _BATCH_WRITE):
            puts: Any = [{"PutRequest": {"Item": row}} for row in rows[begin : begin + _BATCH_WRITE]]
            self.system.deployment.table.client.batch_write_item(RequestItems={"jobs": puts})

    def _make_deployment(self, cloud: Cloud) -> Deployment:
        clock: Any = cloud.timeline
        queues: Any = cloud.queues
        schedules: Any = cloud.schedules
        objects: Any = cloud.objects
        made = Deployment(self.system.deployment.environment, self.system.deployment.asset, clock)
        jobs, keys = made.environment["JOBS_TABLE"], made.environment["KEYS_TABLE"]
        made.table, made.saved_inputs = JobsTable(self._dynamodb, jobs), SavedInputs(self._dynamodb, jobs)
        made.log_store = LogStore(self._dynamodb, jobs, lambda: made.objects)
        made.followers = Followers(self._dynamodb, jobs)
        made.index = JobIndex(self._dynamodb, jobs)
        made.api_keys = ApiKeys(self._dynamodb, keys, clock)
        usage = made.environment["USAGE_TABLE"]
        made.usage_totals, made.budgets = (
            UsageTotals(self._dynamodb, usage),
            Budgets(self._dynamodb, usage, clock),
        )
        made.bounds = Bounds(UnfinishedJobs(self._dynamodb, usage), made.budgets)
        made.queue = JobQueue(queues, QUEUE)
        made.objects = JobObjects(objects, made.environment["PAYLOADS_BUCKET"])
        made.delayed_messages = DelayedMessages(schedules, "schedules", QUEUE, "role")
        processes: Any = Processes(cloud.timeline, made)
        made.processes = processes
        return made


@contextmanager
def fresh_account() -> Iterator[Account]:
    """Make an account on moto with the benchmark's flow."""
    with TemporaryDirectory() as folder, patch.dict(os.environ, _CREDENTIALS):
        asset = Path(folder)
        shutil.copytree(FLOWS, asset / "flows", ignore=shutil.ignore_patterns("__pycache__"))
        build_catalog(asset / "flows", asset / "catalog")
        with system_on_moto(asset) as system:
            system.add_key(KEY, "acme", ("submit", "read", "cancel"))
            yield Account(system)


def _play(cloud: Cloud, caller: Caller, life: Life, at_once: int) -> None:
    """Let that many callers act at once, with the durations of their flows spread, until all have ended."""
    for number in range(at_once):
        each = replace(
            life, milliseconds=round(life.milliseconds * _SPREAD[(len(cloud.requests) + number) % 5])
        )
        cloud.timeline.start(partial(_call, cloud, caller, each))
    cloud.timeline.run()


def _call(cloud: Cloud, caller: Caller, life: Life) -> None:
    """Act as the caller of one job."""
    message, parameters = life.input
    if life.event is Event.EXECUTED:
        caller.execute(life.flow, message, parameters)
        return
    if life.event is Event.MAPPED:
        times = [round(life.milliseconds * _SPREAD[number % 5]) for number in range(MAP_SIZE)]
        caller.map(life.flow, [{"message": message, **parameters, "milliseconds": each} for each in times])
        return
    options = OPTIONS.get(life.event, {})
    if life.event is Event.SCHEDULED:
        options = {"run_at": datetime.fromtimestamp(cloud.timeline.now() / 1000 + _HOUR_SECONDS, UTC)}
    job = caller.flow(life.flow).job(message, parameters, **options)
    if life.event is Event.CANCELLED_IN_TIME:
        job.cancel()
    if life.event is Event.CANCELLED:
        cloud.timeline.start(job.cancel, life.milliseconds / 2000)
    if life.is_awaited:
        caller.wait(job)
    if life.event is Event.LOOKED_AT:
        job.status()
    if life.event is Event.LISTED:
        next(caller.flow(life.flow).jobs(page_size=DEFAULT_LIST_LIMIT))
    if life.event is Event.RETRIED:
        caller.wait(job.retry())


@contextmanager
def _logging_to(log: Callable[[str], None]) -> Iterator[None]:
    """Hand every line that a function logs, in its final form, to `log` alone."""
    written, handler = logging.getLogger("noukai"), _Lines(log)
    handler.setFormatter(logger().registered_formatter)
    before = written.handlers, written.level
    written.handlers = [handler]
    written.setLevel(logging.INFO)
    try:
        yield
    finally:
        written.handlers = before[0]
        written.setLevel(before[1])


class _Lines(logging.Handler):
    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log(self.format(record) + "\n")
