"""A caller on simulated time: the real client, whose requests go straight to the simulated gateway."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

import httpx

from noukai import Job, JobCancelledError, JobFailedError, as_completed
from noukai._core.address import FlowAddress
from noukai._core.api import Api
from noukai._core.exchange import Patience
from noukai._core.operation import (
    Deadline,
    Operation,
    Outcome,
    Pages,
    Reply,
    Report,
    Sleep,
    Together,
    advance,
)
from noukai._core.sending.submission import submission
from noukai._core.settings import Settings
from noukai._flow import Flow
from noukai_functions.jobs.table import JobsTable
from noukai_wire.routes import Route
from tests.bench.account.cloud import Cloud

T = TypeVar("T")
KEY = "nk_acme"


class SimulatedDriver:
    """A driver that performs the steps of an operation in a simulated account."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        reply: Reply = None
        while not isinstance(step := advance(operation, reply), Outcome):
            reply = None
            match step:
                case Sleep():
                    self._cloud.timeline.sleep(step.seconds)
                case Report():
                    step.listener(step.progress)
                case httpx.Request():
                    reply = self._cloud.answer(step)
                case Together():
                    reply = [self._cloud.answer(request) for request in step.requests]
        return step.value

    def each(self, pages: Pages[T]) -> Iterator[T]:
        """Yield the items of the pages one by one."""
        while pages.has_more:
            yield from self.run(pages.page())


class Caller:
    """A client of the account, with a cache that lasts from job to job, like our client's."""

    def __init__(self, cloud: Cloud, table: JobsTable) -> None:
        self.late: list[float] = []
        """How many seconds late it heard of each end."""
        self._cloud = cloud
        self._table = table
        settings = Settings.resolve({}, KEY, base_url="https://api.test/api/v1")
        self._api = Api(settings, clock=lambda: cloud.timeline.time / 1000, jitter=lambda: 0.5)
        self._driver: Any = SimulatedDriver(cloud)

    def flow(self, name: str) -> Flow:
        """Return a flow of the benchmark."""
        return Flow(FlowAddress("acme", "load", name), self._api, cast("Any", self._driver))

    def wait(self, job: Job) -> None:
        """Wait for a job, however it ends."""
        with suppress(JobFailedError, JobCancelledError):
            job.wait()
        self._note(job)

    def map(self, name: str, inputs: list[Mapping[str, Any]]) -> None:
        """Submit jobs together, and take them as they end."""
        for job in as_completed(list(self.flow(name).map(inputs))):
            self._note(job)

    def _note(self, job: Job) -> None:
        seen = self._table.read(job.id, consistent=True)
        if seen is not None and seen.completed_at is not None:
            self.late.append((self._cloud.timeline.now() - seen.completed_at) / 1000)

    def execute(self, name: str, message: str, parameters: Mapping[str, Any]) -> None:
        """Execute a flow in one request, as the published SDKs do and this client does not."""
        content = submission(message, parameters).content
        address = FlowAddress("acme", "load", name)._asdict()
        ask = partial(self._api.requests.of, Route.EXECUTE, content=content, **address)
        deadline = Deadline(self._api.clock)
        self._driver.run(self._api.exchange.send(ask, deadline, Patience(retries=0)))
