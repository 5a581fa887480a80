"""The functions in a simulated account: what invokes them, and what that costs."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx

from noukai_functions.deployment import Deployment
from noukai_functions.handlers import metering
from noukai_wire.routes import Route
from tests.bench import prices
from tests.bench.account import capacity
from tests.bench.account.meter import Meter
from tests.bench.account.objects import HOST, MeteredObjects
from tests.bench.account.queues import MeteredQueues, MeteredSchedules
from tests.bench.account.timeline import Timeline
from tests.functions.entries import ENTRIES
from tests.functions.gateway import content_of, event_of, matched

_REQUEST_ID = "JKJaXmPLvHcESHA="


@dataclass(frozen=True)
class Stack:
    """Facts that the bill depends on: memory in MB by function, the worker's batch, the platform's log."""

    memory: Mapping[str, int]
    batch_size: int = 1
    worker_timeout: int = 900
    platform_logs: bool = False


@dataclass(frozen=True)
class Cpu:
    """CPU in ms of a whole core: per invocation of each function, per AWS call, per job of a worker."""

    invocation: Mapping[str, float] = field(default_factory=dict)
    call: float = 0.0
    job: float = 0.0


@dataclass
class Cloud:
    """An account in which every function has one warm process, with its own cache of keys and flows."""

    stack: Stack
    cpu: Cpu
    timeline: Timeline
    meter: Meter
    make: Callable[["Cloud"], Deployment]
    requests: list[Route] = field(default_factory=list)
    queues: MeteredQueues = field(init=False)
    schedules: MeteredSchedules = field(init=False)
    objects: MeteredObjects = field(init=False)
    _deployments: dict[str, Deployment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.queues = MeteredQueues(self.meter, self.timeline, self._poll, self.stack.worker_timeout)
        self.objects = MeteredObjects(self.meter, self.timeline)
        self.schedules = MeteredSchedules(self.meter, self.timeline, self.queues)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Do what the gateway does with a request from a distant client."""
        if request.url.host == HOST:
            return self.objects.answer(request)
        one_way = prices.assumed("round_trip_ms") / 2000
        self.timeline.sleep(one_way)
        path = request.url.raw_path.decode()
        route, _ = matched(request.method, path.partition("?")[0])
        if route is None:
            raise ValueError(f"there is no route {request.method} {path}")
        function = route.name.lower().partition("_")[0]
        self.requests.append(route)
        event = event_of(
            request.method,
            path,
            request.headers.items(),
            request.content,
            now=self.timeline.now(),
            request_id=_REQUEST_ID,
        )
        answered = self._invoke(function, lambda: ENTRIES[route.key](event, self._deployment(function)))
        body, headers = content_of(answered), answered["headers"]
        self.meter.add(function, "api_requests", capacity.api_requests(len(request.content), len(body)))
        sent = len(body) + sum(len(f"{name}: {headers[name]}\r\n") for name in headers)
        self.meter.add("egress", "bytes_out", sent)
        self.timeline.sleep(one_way)
        return httpx.Response(answered["statusCode"], headers=headers, content=body, request=request)

    def count_use(self, records: list[dict[str, Any]]) -> None:
        """Invoke the metering function with a batch of the stream; reading the stream is free."""
        event = {"Records": records, "shardId": "shardId-1"}
        deployment = self._deployment("metering")
        self._invoke("metering", lambda: metering.meter(event, deployment))

    def log(self, line: str) -> None:
        """Count a line that a function has written."""
        self.meter.add("logs", "log_bytes", len(line.encode()) + prices.assumed("log_event_bytes"))

    def _poll(self) -> None:
        while records := self.queues.receive(self.stack.batch_size):
            self.timeline.start(partial(self._work, records))

    def _work(self, records: list[dict[str, Any]]) -> None:
        """Invoke the worker as the event source does; delete the messages that its answer does not name."""
        begun = self.timeline.time

        def remaining() -> float:
            self.timeline.actor.stage = "claim"  # the worker asks for it before each delivery
            return begun + 1000 * self.stack.worker_timeout - self.timeline.time

        context: Any = SimpleNamespace(get_remaining_time_in_millis=remaining)
        deployment = self._deployment("worker")
        answer = self._invoke("worker", lambda: deployment.worker.work({"Records": records}, context))
        named = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        self.queues.delete([record for record in records if record["messageId"] not in named])

    def _invoke(self, function: str, handle: Callable[[], Any]) -> Any:
        """Invoke a function; bill the time of its flows, and the calls of a caller, apart from it."""
        actor, begun = self.timeline.actor, self.timeline.time
        called, actor.stage = actor.calls, function
        answer = handle()
        waited = self.timeline.time - begun - actor.flow_ms
        cpu_ms = (
            self.cpu.invocation.get(function, 0.0)
            + self.cpu.call * (actor.calls - called)
            + self.cpu.job * actor.jobs
        )
        memory, stage = self.stack.memory[function], "run" if function == "worker" else function
        billed_ms = math.ceil(waited + cpu_ms * max(1.0, prices.assumed("mb_per_cpu") / memory))
        self.meter.add(stage, "lambda_requests", 1)
        self.meter.add(stage, "gb_seconds", billed_ms / 1000 * memory / 1024)
        self.meter.add(stage, "flow_gb_seconds", actor.flow_ms / 1000 * memory / 1024)
        cold_ms = prices.assumed("cold_worker_ms" if function == "worker" else "cold_ms")
        cold = prices.assumed("cold_share") * cold_ms / 1000 * memory / 1024
        self.meter.add("cold starts", "gb_seconds", cold)
        if self.stack.platform_logs:
            self.meter.add("logs", "log_bytes", prices.assumed("platform_line_bytes"))
        return answer

    def _deployment(self, function: str) -> Deployment:
        if function not in self._deployments:
            self._deployments[function] = self.make(self)
        return self._deployments[function]
