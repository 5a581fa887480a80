"""The health of a deployment: the messages of its queues, and what CloudWatch knows of the last hour."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.metrics.queue_check import WAITING, Count, messages_in
from noukai_functions.names import ENDED, FAILED, KIND_DIMENSION
from noukai_functions.telemetry.logger import logger
from noukai_functions.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from noukai_functions.aws import CloudWatch

_COUNTS: Mapping[str, Count] = {
    "waiting": WAITING,
    "running": "ApproximateNumberOfMessagesNotVisible",
    "delayed": "ApproximateNumberOfMessagesDelayed",
}
_AGE = "ApproximateAgeOfOldestMessage"
_MINUTE = 60
_WINDOW_SECONDS = 60 * _MINUTE


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a metric within the last hour, by the minute."""

    kind: str
    metric: str
    namespace: str
    dimension: tuple[str, str]
    statistic: str = "Sum"

    def query(self, number: int) -> dict[str, Any]:
        """Return the query that asks for it."""
        name, value = self.dimension
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": [{"Name": name, "Value": value}],
        }
        stat = {"Metric": metric, "Period": _MINUTE, "Stat": self.statistic}
        return {"Id": f"m{number}", "MetricStat": stat}


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A check of the queues of worker kinds, and of dead letters, by URL.

    Without a `namespace` the deployment writes no metrics of its own.
    """

    sqs: "SQSClient"
    cloudwatch_client: "CloudWatch"
    kinds: Mapping[str, Sequence[str]]
    dead_letters: Sequence[str]
    unprocessed: Sequence[str]
    namespace: str | None

    @classmethod
    def of(cls, sqs: "SQSClient", cloudwatch: "CloudWatch", environment: Mapping[str, str]) -> "HealthCheck":
        """Read the queues from a function's environment."""
        return cls(
            sqs,
            cloudwatch,
            **json.loads(environment["HEALTH_QUEUES"]),
            namespace=environment.get("METRICS_NAMESPACE"),
        )

    def report(self, now: int) -> dict[str, Any]:
        """Return the report; `now` is in milliseconds since the epoch."""
        figures = self._figures(now // 1000)
        workers = [
            {"workerKind": kind, **self._counts(urls), **figures.get(kind, {})}
            for kind, urls in self.kinds.items()
        ]
        return {
            "checkedAt": timestamp(now),
            "workers": workers,
            "deadLetters": sum(self._counts(self.dead_letters).values()),
            "unprocessed": sum(self._counts(self.unprocessed).values()),
        }

    def _counts(self, urls: Sequence[str]) -> dict[str, int]:
        found = [messages_in(self.sqs, url, *_COUNTS.values()) for url in urls]
        return dict(zip(_COUNTS, map(sum, zip(*found, strict=True)), strict=True))

    def _figures(self, now: int) -> dict[str, dict[str, int]]:
        """Return what CloudWatch knows of each worker kind; the queues are reported without it, too."""
        asked = list(self._series())
        try:
            values = self._values([each.query(number) for number, each in enumerate(asked)], now)
        except AwsError as error:
            logger().warning("the health report lacks what CloudWatch knows", extra={"reason": str(error)})
            return {}
        found: dict[str, dict[str, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
        for number, each in enumerate(asked):
            if each_values := values.get(f"m{number}"):
                found[each.kind][each.metric].append(each_values)
        return {kind: _figures_of(of_kind) for kind, of_kind in found.items()}

    def _series(self) -> Iterator[Series]:
        for kind, urls in self.kinds.items():
            for url in urls:
                queue = ("QueueName", url.rpartition("/")[2])
                yield Series(kind, _AGE, "AWS/SQS", queue, "Maximum")
            if self.namespace is not None:
                for metric in ENDED.values():
                    yield Series(kind, metric, self.namespace, (KIND_DIMENSION, kind))

    def _values(self, queries: Sequence[Mapping[str, Any]], now: int) -> dict[str, list[float]]:
        """Return the values of each query, the latest first."""
        asked = {
            "MetricDataQueries": queries,
            "StartTime": now - _WINDOW_SECONDS,
            "EndTime": now,
            "ScanBy": "TimestampDescending",
        }
        values: dict[str, list[float]] = defaultdict(list)
        more: dict[str, str] = {}
        while True:
            page = self.cloudwatch_client.get_metric_data(**asked, **more)
            for each in page["MetricDataResults"]:
                values[each["Id"]] += each["Values"]
            if not page.get("NextToken"):
                return values
            more = {"NextToken": page["NextToken"]}


def _figures_of(values: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, int]:
    """Return the figures of a worker kind, from the values of its metrics.

    Jobs are counted only where some have ended: CloudWatch does not tell none from no metrics.
    """
    ages = [int(of_queue[0]) for of_queue in values.get(_AGE, ())]
    ended = {name: int(sum(map(sum, values[name]))) for name in ENDED.values() if name in values}
    oldest = {"oldestSeconds": max(ages)} if ages else {}
    jobs = {"jobs": sum(ended.values()), "failures": ended.get(ENDED[FAILED], 0)} if ended else {}
    return {**oldest, **jobs}
