"""The place of a drill: a local system under watch, and what CloudWatch would have of it.

Real are the functions, queues, tables, logs with their lines of metrics, answers of the API and results of
mappings. Modelled is time: each look at the system stands for a step of the alarms' periods. And modelled
are AWS's own metrics, by `tests.infra.health.alarms`, which an emulator does not publish.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from noukai_functions.jobs.lifecycle import Job
from noukai_functions.names import CHECK_QUEUES
from noukai_infra.local.emulator.endpoint import REGION
from noukai_infra.operations.account import Account
from tests.e2e.local_system import KEY, LocalSystem
from tests.e2e.waiting import seconds
from tests.functions.stand_ins.metric_lines import points_of
from tests.infra.health.alarms import ALARM, OK, Alarm, Published, raised
from tests.job_rows import pending
from tests.soak.faults import BadConnection, Fault

STACK = "noukai"
DAY_MS = 24 * 60 * 60 * 1000
WORKER = {"timeout": 60, "lease_seconds": 3, "grace_seconds": 1, "max_concurrency": 10}
FAILED = "FAILED"
"""How a mapping's last batch has ended, if its function failed."""


@dataclass
class Site:
    """A local system with its alarms, at a time of the model in milliseconds."""

    system: LocalSystem
    account: Account
    connection: BadConnection
    """The workers' connection to DynamoDB, which may throttle."""
    api: httpx.Client
    published: Published = field(default_factory=Published)
    now: int = DAY_MS
    each_in_flight: int = 1
    """How many hidden messages each hidden message stands for."""
    each_second: int = 1
    """How many seconds of age each second stands for."""
    patience_seconds: float = 60
    """How long to wait for what commands bring about."""
    is_calm: bool = False
    """Whether callers have stopped what makes a fault go on."""
    jobs: list[str] = field(default_factory=list)
    """The jobs of the fault."""
    dead: Job = field(default_factory=lambda: pending(0))
    """The job of the dead-letter message."""
    outputs: Mapping[str, str] = field(init=False)
    functions: Mapping[str, str] = field(init=False)
    alarms: Mapping[str, Alarm] = field(init=False)
    _groups: Mapping[str, str] = field(init=False)
    _read: set[str] = field(default_factory=set)
    _shown: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outputs = self.account.deployed(STACK)
        found = self.client("lambda").list_functions()["Functions"]
        self.functions = {each["Handler"].split(".")[-2]: each["FunctionName"] for each in found}
        self._groups = {each["Handler"].split(".")[-2]: each["LoggingConfig"]["LogGroup"] for each in found}
        described = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        made = [Alarm(each) for each in described]
        self.alarms = {each.name: each for each in made}

    @classmethod
    @contextmanager
    def prepared(cls) -> "Iterator[Site]":
        """Start a system whose workers reach AWS by a connection that may throttle; stop both at the end.

        Meanwhile the environment has what the runbook's commands need.
        """
        throttling = BadConnection(0, 0, kinds=(Fault.THROTTLED,), only=b"DynamoDB_")
        with throttling.open() as connection:
            environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{connection.port}"}
            context = {"worker": WORKER, "environment": environment}
            with LocalSystem.start(Path(__file__).parent / "flows", context) as system:
                connection.upstream = system.emulator
                of_api = {"NOUKAI_API_KEY": KEY, "NOUKAI_ORG": "acme", "NOUKAI_BASE_URL": system.url}
                of_aws = {"AWS_DEFAULT_REGION": REGION, **system.emulator.environment}
                headers = {"Authorization": f"Bearer {KEY}"}
                with (
                    patch.dict(os.environ, {**of_aws, **of_api}),
                    httpx.Client(base_url=system.url, headers=headers, timeout=60) as api,
                ):
                    site = cls(system, Account.configured(os.environ), connection, api)
                    site.sweep()
                    site.look(DAY_MS)
                    yield site

    @property
    def real_ms(self) -> int:
        return round(time.time() * 1000)

    def begin(self) -> set[str]:
        """Forget the fault before; return the alarms that are raised already."""
        self.is_calm, self.jobs = False, []
        self.each_in_flight = self.each_second = 1
        self.connection.share = 0
        return raised(self.alarms, self.published.points, self.now)

    def works(self) -> bool:
        """Return whether a job runs."""
        job = self.submit("echo").json().get("id")
        return job is not None and self.waits_for(lambda: self.state(job) == "completed")

    def client(self, service: str) -> Any:
        return self.account.session.client(service)  # type: ignore[call-overload]

    def mapping(self, function: str) -> dict[str, Any]:
        """Return the mapping that invokes a function."""
        found = self.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return next(each for each in found if self.functions[function] in each["FunctionArn"])

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request, as a caller does, and let the gateway count its answer."""
        answer = self.api.request(method, path, **more)
        (api,) = dict(self.alarms["gateway-errors"].dimensions).values()
        self.published.answered(api, self.now, answer.status_code)
        if answer.status_code == 502:
            self.published.invoked("of the API", self.now, failed=True)
        return answer

    def submit(self, flow: str, key: str = KEY, **more: Any) -> httpx.Response:
        org = key.removeprefix("nk_local_")
        body = {"message": "a drill", **more}
        headers = {"Authorization": f"Bearer {key}"}
        return self.request("POST", f"/seq/{org}/drill/{flow}/jobs", json=body, headers=headers)

    def state(self, job_id: str) -> str:
        return str(self.request("GET", f"/jobs/{job_id}").json().get("state"))

    def waits_for(self, happens: Callable[[], bool]) -> bool:
        """Return whether something happens in time."""
        deadline = time.monotonic() + self.patience_seconds
        while not happens():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def sweep(self) -> None:
        """Let the rule of the sweep fire, if it is enabled."""
        if self.rule("SweepOften")["State"] == "ENABLED":
            self._invoke("sweep", b"{}")

    def rule(self, prefix: str) -> dict[str, Any]:
        rules = self.client("events").list_rules()["Rules"]
        return next(each for each in rules if each["Name"].startswith(f"{STACK}-{prefix}"))

    def look(self, step_ms: int) -> set[str]:
        """Take what the system shows, let a step of time pass, and return the alarms that are raised."""
        self._invoke("sweep", b'{"%s": true}' % CHECK_QUEUES.encode())
        self._take_lines()
        self._take_queue()
        for function in ("worker", "metering"):
            if ended := self.mapping(function).get("LastProcessingResult", ""):
                self.published.invoked(self.functions[function], self.now, failed=ended == FAILED)
        self.now += step_ms
        found = raised(self.alarms, self.published.points, self.now)
        self._show(found)
        return found

    def _invoke(self, function: str, event: bytes) -> None:
        self.client("lambda").invoke(FunctionName=self.functions[function], Qualifier="live", Payload=event)

    def _take_lines(self) -> None:
        """Take the metrics in the functions' logs; those written since the last look are of its time."""
        real = self.real_ms
        for name in ("worker", "metering", "dead_letters", "sweep"):
            events = self.client("logs").filter_log_events(logGroupName=self._groups[name])["events"]
            for event in events:
                if (
                    id_ := f"{event['logStreamName']} {event['timestamp']} {event['message']}"
                ) not in self._read:
                    self._read.add(id_)
                    self.published.points += [
                        replace(point, at=self.now + max(0, point.at - real))
                        for point in points_of([event["message"]])
                    ]

    def _take_queue(self) -> None:
        """Publish what SQS would of the default queue; the age is that of the oldest job that waits."""
        url = self.outputs["QueueUrl"]
        answer = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        hidden = int(answer["ApproximateNumberOfMessagesNotVisible"])
        waiting = self.api.get("/seq/acme/jobs", params={"state": "pending"})
        created = [each["createdAt"] for each in waiting.json().get("jobs", ())] if waiting.is_success else []
        age = time.time() - seconds(min(created)) if created else 0
        self.published.has_queued(
            url.rpartition("/")[2],
            self.now,
            oldest_seconds=round(age * self.each_second),
            in_flight=hidden * self.each_in_flight,
        )

    def _show(self, found: set[str]) -> None:
        """Tell the emulator each alarm's state, so that `noukai ops` shows it."""
        for name in self.alarms:
            state = ALARM if name in found else OK
            if self._shown.get(name) != state:
                self.client("cloudwatch").set_alarm_state(
                    AlarmName=f"{STACK}-{name}", StateValue=state, StateReason="a drill"
                )
                self._shown[name] = state
