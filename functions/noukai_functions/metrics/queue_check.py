"""The check of the queues, each minute, for two alarms that need one metric each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from noukai_functions.metrics.waiting import note_waiting
from noukai_functions.names import UNSETTLED_WORK
from noukai_functions.telemetry.emf import Metrics

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

Count = Literal[
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]
WAITING: Count = "ApproximateNumberOfMessages"


def messages_in(client: "SQSClient", url: str, *counts: Count) -> list[int]:
    """Return how many messages of each count are in a queue, as SQS knows it."""
    answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=counts)
    return [int(answer["Attributes"][count]) for count in counts]


@dataclass(frozen=True, slots=True)
class QueueCheck:
    """A check of the queues of worker kinds, and of those that only the operator empties, by URL."""

    client: "SQSClient"
    kinds: Mapping[str, str | Sequence[str]]
    unprocessed: Sequence[str]
    metrics: Metrics

    @classmethod
    def of(cls, client: "SQSClient", environment: Mapping[str, str], metrics: Metrics) -> "QueueCheck":
        """Read the queues from a function's environment."""
        unprocessed = environment["UNPROCESSED_QUEUE_URLS"].split(",")
        return cls(client, json.loads(environment["KIND_QUEUES"]), unprocessed, metrics)

    def take(self, now: int) -> None:
        """Write for each worker kind whether its jobs wait, and the number of unprocessed messages.

        Hidden messages do not count, since most belong to running jobs; a worker that has hidden one whose
        job it could not start writes that itself.
        """
        for kind, urls in self.kinds.items():
            if any(map(self._waiting, [urls] if isinstance(urls, str) else urls)):
                note_waiting(self.metrics, kind, now)
        if left := sum(map(self._waiting, self.unprocessed)):
            self.metrics.write({UNSETTLED_WORK: left}, now)

    def _waiting(self, url: str) -> int:
        return messages_in(self.client, url, WAITING)[0]
