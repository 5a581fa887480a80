"""The path of an event in tests: the stream's reader, the queue's reader and the tick, on moto."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import boto3

from noukai_functions.aws import client
from noukai_functions.deployment import Deployment
from noukai_functions.handlers import deliver, reactions
from noukai_functions.webhooks.posting.poster import Poster
from noukai_functions.webhooks.store.deliveries import AFTER_ALL
from noukai_functions.webhooks.store.delivery import Delivery
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_infra.stack.base.stream import MARKED
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import Answer, System
from tests.functions.stand_ins.stream import as_delivered, matches

KEY = "nk_hooks"
SECONDS, MINUTES, HOURS, DAYS = 1000, 60_000, 3_600_000, 86_400_000


def json_image(value: Any) -> Any:
    """Return an image as Lambda passes it: bytes as base64 text."""
    if isinstance(value, dict):
        return {name: json_image(each) for name, each in value.items()}
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@dataclass
class Hooks:
    """A system whose org `acme` has webhooks."""

    system: System
    looks: list[dict[str, Any]] = field(default_factory=list)
    filter: Any = field(default_factory=lambda: MARKED)

    def __post_init__(self) -> None:
        self.system.add_key(KEY, "acme", tuple(Scope))
        self.system.key = KEY
        self._stream = boto3.client("dynamodbstreams", region_name="us-east-1")
        (stream,) = self._stream.list_streams(TableName="jobs")["Streams"]
        described = self._stream.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
        shard = described["Shards"][0]["ShardId"]
        self._next = self._stream.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        # Lambda's client: the looks that it is asked for are made by `tick`.
        invoking: Any = self
        self.deployment.__dict__["looks"] = replace(self.deployment.looks, client=lambda: invoking)

    @property
    def deployment(self) -> Deployment:
        return self.system.deployment

    def wait_less(self, seconds: float) -> None:
        """Let an endpoint have less time to answer, so that tests of hanging ones are short."""
        self.deployment.__dict__["poster"] = Poster(self.deployment.url_rules, seconds=seconds)

    def put(self, url: str, name: str = "billing", **settings: Any) -> Answer:
        return self.system.send(Route.PUT_WEBHOOK, body={"url": url, **settings}, name=name)

    def ask(self, route: Route, name: str = "billing", **more: Any) -> Answer:
        return self.system.send(route, name=name, **more)

    def end_job(self, flow: str = "trial/add", **body: Any) -> str:
        """Submit a job, and run it; return its id."""
        job_id: str = self.system.submit(flow, **(body or {"parameters": {"a": 1}})).body["id"]
        self.system.deliver()
        return job_id

    def records(self) -> list[dict[str, Any]]:
        """Return the records that the template's rule selects, since the last look."""
        found = []
        while (answer := self._stream.get_records(ShardIterator=self._next))["Records"]:
            self._next = answer["NextShardIterator"]
            found += [json_image(as_delivered(record)) for record in answer["Records"]]
        return [record for record in found if matches(self.filter, record)]

    def react(self) -> dict[str, Any]:
        """Read on in the stream."""
        records = self.records()
        return reactions.react({"Records": records}, self.deployment) if records else {}

    def received(self, queue: str = "EVENTS_QUEUE_URL", visibility: int = 0) -> list[dict[str, Any]]:
        """Return messages of a queue as the event source has them."""
        answer = client("sqs").receive_message(
            QueueUrl=self.deployment.environment[queue], MaxNumberOfMessages=10, VisibilityTimeout=visibility
        )
        return [
            {"messageId": each["MessageId"], "body": each["Body"], "handle": each["ReceiptHandle"]}
            for each in answer.get("Messages", [])
        ]

    def deliver(self, handle: Callable[..., Any] = deliver.deliver, queue: str = "EVENTS_QUEUE_URL") -> int:
        """Do what the queue's reader does with one batch; return how many messages are done."""
        records = self.received(queue, visibility=120)
        if not records:
            return 0
        answer = handle({"Records": records}, self.deployment)
        named = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        done = [record for record in records if record["messageId"] not in named]
        for record in done:
            client("sqs").delete_message(
                QueueUrl=self.deployment.environment[queue], ReceiptHandle=record["handle"]
            )
        return len(done)

    def retry_reactions(self) -> int:
        return self.deliver(reactions.react, "REACTIONS_QUEUE_URL")

    def tell(self, flow: str = "trial/add", **body: Any) -> str:
        """End a job and make the first try of its event; return the job's id."""
        job_id = self.end_job(flow, **body)
        self.react()
        while self.deliver():
            pass
        return job_id

    def invoke(self, **request: Any) -> None:
        """Record the invocation of a look, as Lambda would do it later."""
        self.looks.append(request)

    def tick(self, after: int = 0) -> int:
        """Let time pass, then do what the tick and the looks that it begins do; return how many looks."""
        self.system.clock.time += after
        self.deployment.looks.begin(lambda: True)
        begun, self.looks = self.looks, []
        for request in begun:
            deliver.look(json.loads(request["Payload"]), self.deployment, lambda: True)
        return len(begun)

    def endpoint(self, name: str = "billing", org: str = "acme") -> Endpoint:
        endpoint = self.deployment.endpoints.read(org, name)
        assert endpoint is not None
        return endpoint

    def deliveries(self, name: str = "billing") -> list[Delivery]:
        """Return the deliveries to an endpoint, newest first."""
        found, _ = self.deployment.deliveries.newest(self.endpoint(name).deliveries, AFTER_ALL, 100)
        return found
