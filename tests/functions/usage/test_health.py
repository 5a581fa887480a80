"""GET /health: the queues, and what CloudWatch knows of the last hour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from noukai_functions.aws import AwsError
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System

MODEL = Session().get_service_model("cloudwatch").operation_model("GetMetricData")
Values = Mapping[tuple[str, str], list[float]]
"""The values of metrics, the latest first, by name and the value of their dimension."""


@dataclass
class CloudWatch:
    """A stand-in for CloudWatch that botocore's model validates; it answers one metric a page."""

    values: Values
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_metric_data(self, **asked: Any) -> Any:
        self.asked.append(asked)
        self._validate(asked, MODEL.input_shape)
        queries = asked["MetricDataQueries"]
        place = int(asked.get("NextToken", 0))
        query = queries[place]
        metric = query["MetricStat"]["Metric"]
        found = self.values.get((metric["MetricName"], metric["Dimensions"][0]["Value"]), [])
        answer: dict[str, Any] = {"MetricDataResults": [{"Id": query["Id"], "Values": found}]}
        answer |= {"NextToken": str(place + 1)} if place + 1 < len(queries) else {}
        self._validate(answer, MODEL.output_shape)
        return answer

    def _validate(self, given: Any, shape: Any) -> None:
        assert not (report := ParamValidator().validate(given, shape)).has_errors(), report.generate_report()


Knowing = Callable[[Values], CloudWatch]


@pytest.fixture
def knowing(system: System) -> Knowing:
    """Return a function that makes CloudWatch know values."""
    system.add_key("nk_ops", "acme", scopes=("ops",))
    system.key = "nk_ops"
    system.deployment.environment = {**system.deployment.environment, "METRICS_NAMESPACE": "noukai"}

    def know(values: Values) -> CloudWatch:
        made = CloudWatch(values)
        vars(system.deployment)["_cloudwatch"] = made
        return made

    return know


def health(system: System) -> Answer:
    return system.send(Route.SYSTEM_HEALTH)


def fill(system: System) -> None:
    """Put two waiting messages, one that is in flight and one that is delayed into the queue of jobs."""
    queue = system.deployment.queue
    for delay in (0, 0, 0, 60):
        queue.client.send_message(QueueUrl=queue.url, MessageBody="{}", DelaySeconds=delay)
    queue.client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=1)
    for message in (1, 2):
        dead = system.deployment.dead_letters
        dead.client.send_message(QueueUrl=dead.url, MessageBody=str(message))


def test_queues_ages_and_failures_are_shown_by_worker_kind(system: System, knowing: Knowing) -> None:
    """The age is the latest; the jobs are those that ended in any way, over all pages."""
    fill(system)
    knowing(
        {
            ("ApproximateAgeOfOldestMessage", "QUEUE_URL"): [42.0, 4000.0],
            ("Completed", "default"): [3.0, 4.0],
            ("Failed", "default"): [2.0],
            ("Cancelled", "default"): [1.0],
        }
    )
    worker = {"workerKind": "default", "waiting": 2, "running": 1, "delayed": 1}
    assert health(system).body == {
        "checkedAt": "2023-11-14T22:13:20.000Z",
        "workers": [{**worker, "oldestSeconds": 42, "jobs": 10, "failures": 2}],
        "deadLetters": 2,
        "unprocessed": 0,
    }


def test_what_cloudwatch_does_not_know_is_absent(system: System, knowing: Knowing) -> None:
    """Jobs without failures have none; a kind without a value says nothing of its jobs."""
    knowing({("Completed", "default"): [3.0]})
    (worker,) = health(system).body["workers"]
    assert (worker["jobs"], worker["failures"], "oldestSeconds" in worker) == (3, 0, False)
    knowing({})
    (worker,) = health(system).body["workers"]
    assert worker == {"workerKind": "default", "waiting": 0, "running": 0, "delayed": 0}


def test_the_last_hour_is_asked_for_at_once(system: System, knowing: Knowing) -> None:
    """Metrics of the stack only where it writes some."""
    asked = knowing({}).asked
    health(system)
    assert (asked[0]["EndTime"], asked[0]["EndTime"] - asked[0]["StartTime"]) == (1_700_000_000, 3600)
    assert all(each["MetricDataQueries"] == asked[0]["MetricDataQueries"] for each in asked)
    named = {
        (stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], stat["Stat"])
        for stat in (query["MetricStat"] for query in asked[0]["MetricDataQueries"])
    }
    own = {("noukai", name, "Sum") for name in ("Completed", "Failed", "Cancelled")}
    assert named == {("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"), *own}
    environment = system.deployment.environment
    system.deployment.environment = {
        name: environment[name] for name in environment if name != "METRICS_NAMESPACE"
    }
    asked = knowing({}).asked
    health(system)
    assert len(asked[0]["MetricDataQueries"]) == 1


def test_queues_are_shown_without_cloudwatch(
    system: System, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator looks when something is wrong: the line in the log says what is missing."""
    made = knowing({})

    def fail(**_asked: Any) -> Any:
        raise AwsError("GetMetricData", "Throttling", "Rate exceeded")

    monkeypatch.setattr(made, "get_metric_data", fail)
    fill(system)
    (worker,) = health(system).body["workers"]
    assert worker == {"workerKind": "default", "waiting": 2, "running": 1, "delayed": 1}


def test_metrics_are_read_by_the_services_own_protocol(system: System, knowing: Knowing) -> None:
    """Moto finds the operation by the target and the host of the request."""
    knowing({})
    del vars(system.deployment)["_cloudwatch"]
    at = datetime.fromtimestamp(system.clock.time // 1000 - 120, UTC)
    dimensions = [{"Name": "WorkerKind", "Value": "default"}]
    data: Any = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value}
        for name, value in (("Completed", 5), ("Failed", 2))
    ]
    boto3.client("cloudwatch").put_metric_data(Namespace="noukai", MetricData=data)
    (worker,) = health(system).body["workers"]
    assert (worker["jobs"], worker["failures"]) == (7, 2)


def test_health_needs_its_scope(system: System) -> None:
    """Neither a key of today's scopes nor one that an operator makes without a word has it."""
    system.add_key("nk_without", "acme", scopes=("submit", "read", "cancel", "usage", "keys"))
    system.key = "nk_without"
    assert (health(system).status, health(system).code) == (403, ErrorCode.FORBIDDEN)


def test_key_for_some_flows_sees_no_health(system: System) -> None:
    """It is about the whole deployment."""
    system.add_key("nk_flow", "acme", scopes=("ops",), flows=["trial/add"])
    system.key = "nk_flow"
    assert health(system).status == 403
