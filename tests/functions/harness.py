"""The gateway and the event source for functions that run on moto."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from moto import mock_aws

from noukai_functions.aws import client
from noukai_functions.aws.direct_client import DirectClient
from noukai_functions.deployment import Deployment
from noukai_functions.handlers import dead_letters
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.queues.queue import JobQueue, Message
from noukai_functions.usage.budgets import CACHE_MS
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.entries import ENTRIES
from tests.functions.stand_ins import scheduler
from tests.functions.stand_ins.calls import answered_by_moto
from tests.functions.stand_ins.queue_variables import queue_variables
from tests.functions.stand_ins.tables import create_tables, one_call_at_a_time
from tests.functions.time import LambdaContext, ManualClock

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ENVIRONMENT = {
    "JOBS_TABLE": "jobs",
    "KEYS_TABLE": "keys",
    "USAGE_TABLE": "usage",
    "SCHEDULES_TABLE": "schedules",
    "WORKER_MEMORY": "1024",
    # The most that Lambda allows: a flow's process is forked from the tests and shares their memory.
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240",
    "PRICE_JOB": "0.000007",
    "PRICE_GB_SECOND": "0.0000133334",
    "LEASE_SECONDS": "60",
    "GRACE_SECONDS": "1",
    "PAYLOADS_BUCKET": "payloads",
    "SCHEDULE_GROUP": "schedules",
    "SCHEDULE_ROLE": "arn:aws:iam::123456789012:role/schedules",
    "WEBHOOKS_TABLE": "webhooks",
    "WEBHOOKS_SECRET": "/noukai/test/webhooks",
    "TOKENS_SECRET": "/noukai/test/tokens",
    "WEBHOOKS_TO_LOCALHOST": "true",
    "DELIVER_FUNCTION": "deliver",
    "WEBHOOK_READERS": "",
    "QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:QUEUE_URL",
}


_LARGE: Any = {"MaximumMessageSize": "1048576"}
_VARIABLES = {name: name for route in Route for name in route.variables}
# A forked flow would have its own copy of moto's S3: tests of objects use an emulator, which both reach.
_BUT_EMULATED: Any = {
    "core": {"mock_credentials": False, "passthrough": {"urls": [r"https://127\.0\.0\.1:.*"]}}
}


@dataclass
class Answer:
    """An answer as a client sees it."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["detail"]["code"])


@dataclass
class System:
    """The functions with the tables and queues of moto between them."""

    deployment: Deployment
    clock: ManualClock
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    key: str | None = "nk_acme"
    at_gateway: int | None = None  # the time when the next requests reach the gateway; None means now
    authorizer: Mapping[str, Any] | None = None  # what the gateway's authorizer states, if there is one

    def send(
        self,
        route: Route | str,
        *,
        body: Any = None,
        raw: str | None = None,
        query: str = "",
        headers: Any = None,
        address: str = "192.0.2.1",
        **path: Any,
    ) -> Answer:
        """Call the entry of a route as the gateway would."""
        key = route if isinstance(route, str) else route.key
        text = raw if raw is not None else None if body is None else json.dumps(body)
        event = {
            "version": "2.0",
            "routeKey": key,
            "rawPath": key.partition(" ")[2].format_map({**_VARIABLES, **path}) or "/unknown",
            "headers": {"authorization": f"Bearer {self.key}"} | dict(headers or {})
            if self.key
            else dict(headers or {}),
            "requestContext": {
                "requestId": "request-1",
                "timeEpoch": self.at_gateway or self.clock.time,
                "http": {"sourceIp": address},
                **({} if self.authorizer is None else {"authorizer": {"lambda": self.authorizer}}),
            },
            "pathParameters": path,
            "queryStringParameters": dict(parse_qsl(query)),
            "isBase64Encoded": False,
            **({} if text is None else {"body": text}),
        }
        answered = ENTRIES[key](event, self.deployment)
        headers, content = answered["headers"], answered["body"]
        is_json = headers["Content-Type"] == "application/json"
        read = json.loads(content) if is_json and content else content
        return Answer(answered["statusCode"], headers, read)

    def submit(self, flow: str = "trial/add", *, headers: Any = None, **body: Any) -> Answer:
        project, name = flow.split("/")
        return self.send(Route.SUBMIT, body=body, headers=headers, org="acme", project=project, flow=name)

    def add_key(
        self,
        key: str,
        org: str,
        scopes: tuple[str, ...] = ("submit", "read", "cancel"),
        name: str = "a test",
        **more: int | list[str],
    ) -> None:
        """Put a row for the key into the keys table, as the operator's command does."""
        self.deployment.table.client.put_item(
            TableName=self.deployment.environment["KEYS_TABLE"],
            Item={
                "hash": {"S": hashlib.sha256(key.encode()).hexdigest()},
                "org": {"S": org},
                "name": {"S": name},
                "scopes": {"SS": list(scopes)},
                "created": {"N": "1700000000"},
                "used": {"N": str(self.clock.time // 1000)},
                **{each: {"SS": v} if isinstance(v, list) else {"N": str(v)} for each, v in more.items()},
            },
        )

    def status(self, job_id: str) -> Any:
        return self.send(Route.STATUS_BY_ID, id=job_id).body

    def deliver(self, *, remaining_ms: int = 900_000, queue: JobQueue | None = None) -> dict[str, Any]:
        """Do what the event source does: receive, invoke, and delete what the answer does not name."""
        source = queue or self.deployment.queue
        sqs: SQSClient = source.client
        received = sqs.receive_message(QueueUrl=source.url, MaxNumberOfMessages=10, AttributeNames=["All"])
        messages = received.get("Messages", [])
        event = {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": {
                        "ApproximateReceiveCount": message["Attributes"]["ApproximateReceiveCount"]
                    },
                }
                for message in messages
            ]
        }
        del self.calls[:]
        answer = (
            self.deployment.worker.work(event, LambdaContext(remaining_ms))
            if queue is None
            else dead_letters.settle(event, self.deployment)
        )
        named = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in named:
                sqs.delete_message(QueueUrl=source.url, ReceiptHandle=message["ReceiptHandle"])
        return answer

    def message_of(self, job_id: str, **changes: Any) -> Message:
        """Return a job's message as submit sent it, without its arguments and with the changes."""
        job = self.row(job_id)
        values: dict[str, Any] = {
            "id": job.id,
            "created_at": job.created_at,
            "org": job.org,
            "flow": job.flow,
        }
        return Message(**{**values, "arguments": {}, **changes})

    def row(self, job_id: str) -> Job:
        """Return the job in its row."""
        job = self.deployment.table.read(job_id, consistent=True)
        assert job is not None
        return job

    def run(self, flow: str, **body: Any) -> Any:
        """Submit a job of the project `trial`, deliver its message once, and return its status."""
        job_id = self.submit(f"trial/{flow}", **body).body["id"]
        self.deliver()
        return self.status(job_id)

    def jobs(self) -> list[str]:
        """Return the ids of all jobs."""
        items = self.deployment.table.client.scan(TableName="jobs")["Items"]
        return [item["id"]["S"] for item in items if "s" in item]

    def expire_budgets(self) -> None:
        """Let the functions' caches of budgets and limits expire."""
        self.clock.time += CACHE_MS

    def hidden_for(self) -> list[int]:
        """Return the seconds that the last delivery's messages were hidden for, in the order of the calls."""
        return [
            entry["VisibilityTimeout"]
            for operation, parameters in self.calls
            if operation == "ChangeMessageVisibilityBatch"
            for entry in parameters["Entries"]
        ]

    def messages(self, queue: JobQueue | None = None) -> int:
        """Return the number of messages in a queue, hidden or not."""
        source = queue or self.deployment.queue
        answer = source.client.get_queue_attributes(QueueUrl=source.url, AttributeNames=["All"])
        counts = answer["Attributes"].items()
        return sum(int(count) for name, count in counts if name.startswith("ApproximateNumberOfMessages"))


@contextmanager
def system_on_moto(asset: Path, kinds: Iterable[str] = ()) -> Iterator[System]:
    """Create the tables, queues and keys of a fresh deployment, and record its AWS calls."""
    with mock_aws(config=_BUT_EMULATED), answered_by_moto(), one_call_at_a_time():
        dynamodb, sqs = client("dynamodb"), client("sqs")
        create_tables(dynamodb)
        urls = {
            variable: sqs.create_queue(QueueName=variable, Attributes=_LARGE)["QueueUrl"]
            for variable in ("QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "EVENTS_QUEUE_URL", "REACTIONS_QUEUE_URL")
        }
        of_kinds = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in kinds}
        urls |= queue_variables(urls, of_kinds)
        clock = ManualClock()
        system = System(Deployment(ENVIRONMENT | urls, asset, clock), clock)  # type: ignore[arg-type]  # it has the same methods
        for called in (system.deployment.table, system.deployment.queue, system.deployment.delayed_messages):
            record_calls(called.client, system.calls)
        scheduler.enforce(system.deployment.delayed_messages.client)
        system.deployment.delayed_messages.client.create_schedule_group(Name=ENVIRONMENT["SCHEDULE_GROUP"])
        try:
            yield system
        finally:
            system.deployment.processes.close()


def record_calls(service: Any, calls: list[tuple[str, dict[str, Any]]]) -> None:
    """Append the name and the parameters of each call of a client."""
    if isinstance(service, DirectClient):
        inner = service.call

        def call(operation: str, parameters: dict[str, Any]) -> Any:
            calls.append((operation, dict(parameters)))
            return inner(operation, parameters)

        service.call = call  # type: ignore[method-assign]
        return

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append((model.name, dict(params)))

    service.meta.events.register("before-parameter-build.*.*", record)


def assert_refused(system: System, answer: Answer, code: ErrorCode) -> None:
    """Assert that the answer is the contract's error, and that nothing was stored or sent."""
    assert (answer.status, answer.code) == (code.status, code)
    assert answer.headers["X-Request-ID"]
    writes = {"PutItem", "UpdateItem", "SendMessage", "SendMessageBatch", "CreateSchedule"}
    assert writes.isdisjoint(operation for operation, _ in system.calls)


def output(status: Any) -> Any:
    """Return the output of a completed job."""
    assert status["state"] == "completed", status
    return status["result"]["output"]
