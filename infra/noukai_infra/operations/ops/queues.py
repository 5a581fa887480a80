"""The queues of a deployed stack, with the numbers of their messages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from noukai_functions.names import CANARY_KIND, DEFAULT_KIND
from noukai_infra.stack.base.worker_kinds import canary_queues, deployed_queues, further_queues

if TYPE_CHECKING:
    import boto3

DEAD_LETTERS, UNPROCESSED = "dead letters", "unprocessed"

_COUNTS = {
    "waiting": "ApproximateNumberOfMessages",
    "in_flight": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}
_LOOK_BACK = timedelta(minutes=15)


@dataclass(frozen=True)
class QueueState:
    """The state of a queue: that of a worker kind, or one of dead-letter messages."""

    name: str
    url: str
    waiting: int
    in_flight: int
    delayed: int
    oldest_seconds: float | None = None
    """The age of the oldest message, as CloudWatch last knew it; None if it knows none."""

    @property
    def is_of_jobs(self) -> bool:
        """Return whether workers read it."""
        return self.name not in (DEAD_LETTERS, UNPROCESSED)

    @property
    def says(self) -> str:
        """Return its numbers in words."""
        return f"{self.waiting} waiting, {self.in_flight} in flight, {self.delayed} delayed"


def queue_states(
    session: "boto3.Session", outputs: Mapping[str, str], now: float, *, ages: bool = False
) -> Iterator[QueueState]:
    """Ask for the state of each queue; `ages` also asks CloudWatch for the age of its oldest message."""
    urls = {
        DEFAULT_KIND: outputs["QueueUrl"],
        **{name: queue.url for name, queue in deployed_queues(outputs).items()},
        **{
            f"{name}-{number}": url
            for name, more in further_queues(outputs).items()
            for number, url in enumerate(more, start=2)
        },
        **{f"{name}{CANARY_KIND}": url for name, url in canary_queues(outputs).items()},
        DEAD_LETTERS: outputs["DeadLetterQueueUrl"],
        UNPROCESSED: outputs["UnprocessedQueueUrl"],
    }
    sqs = session.client("sqs")
    for name, url in urls.items():
        answer: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        counts = {field: int(answer[attribute]) for field, attribute in _COUNTS.items()}
        yield QueueState(name, url, **counts, oldest_seconds=_oldest(session, url, now) if ages else None)


def _oldest(session: "boto3.Session", url: str, now: float) -> float | None:
    end = datetime.fromtimestamp(now, UTC)
    answer = session.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
        StartTime=end - _LOOK_BACK,
        EndTime=end,
        Period=60,
        Statistics=["Maximum"],
    )
    points = sorted(answer.get("Datapoints", ()), key=lambda each: each["Timestamp"])
    return float(points[-1]["Maximum"]) if points else None
