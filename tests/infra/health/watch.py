"""A stack under watch: its functions on moto, and what CloudWatch has of it, minute by minute."""

from dataclasses import dataclass

import pytest

from noukai_functions.handlers import metering
from noukai_functions.jobs.queues.queue import JobQueue
from noukai_functions.metrics.queue_check import QueueCheck
from tests.functions.harness import System
from tests.functions.stand_ins.stream import Stream
from tests.infra.health.alarms import MINUTE_MS, Alarm, Published, alarms_of, raised
from tests.infra.stack.template import Template


@dataclass
class Watch:
    """A stack under watch, minute by minute."""

    system: System
    template: Template
    capsys: pytest.CaptureFixture[str]
    published: Published
    unprocessed: JobQueue
    stream: Stream

    @property
    def now(self) -> int:
        return self.system.clock.time

    def __post_init__(self) -> None:
        self.alarms: dict[str, Alarm] = alarms_of(self.template)
        self.functions = {name: self.template.named(name) for name in self.template.functions()}
        self.queue, _ = self.template.named_resource("SQS::Queue", "QueuesJobs")
        self.api, _ = self.template.named_resource("ApiGatewayV2::Api", "ApiHttp")

    def minute(self, *, jobs: int = 0, works: bool = True, counts: bool = True) -> None:
        """Let a minute pass: jobs are submitted and run, the stream is read, the sweep and the look run."""
        for _ in range(jobs):
            answer = self.system.submit(parameters={"a": 1})
            self.published.answered(self.api, self.now, answer.status)
        if works:
            while (
                self.system.deployment.queue.client.get_queue_attributes(
                    QueueUrl=self.system.deployment.queue.url, AttributeNames=["ApproximateNumberOfMessages"]
                )["Attributes"]["ApproximateNumberOfMessages"]
                != "0"
            ):
                self.system.deliver()
                self.published.invoked(self.functions["worker"], self.now)
        if counts and (records := self.stream.records()):
            metering.meter({"Records": records, "shardId": "1"}, self.system.deployment)
            self.published.invoked(self.functions["metering"], self.now)
            self.published.read_stream(self.functions["metering"], self.now, late_ms=30_000)
        if jobs:
            self.published.has_queued(self.queue, self.now, oldest_seconds=2, in_flight=1)
        self.look()
        self.system.clock.time += MINUTE_MS
        self.take_lines()

    def look(self) -> None:
        deployment = self.system.deployment
        queues = {"default": deployment.queue.url}
        QueueCheck(deployment.queue.client, queues, (self.unprocessed.url,), deployment.metrics).take(
            self.now
        )

    def take_lines(self) -> None:
        self.published.read(self.capsys.readouterr().out.splitlines())

    def raised(self) -> set[str]:
        """Return the alarms that tell somebody now."""
        return raised(self.alarms, self.published.points, self.now)
