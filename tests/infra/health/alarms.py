"""The alarms of a template as CloudWatch evaluates them, and the metrics of AWS itself as AWS publishes them.

Rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html (the last periods,
M of N, missing data). Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
(`Errors` and `Throttles` also without a dimension; a throttled request is no invocation; `IteratorAge` per
batch),
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
(each minute, for six hours after a queue was last used) and
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html (one `5xx` of 0 or 1 per
request).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import gt, lt
from statistics import fmean
from typing import Any

from tests.functions.stand_ins.metric_lines import Point, points_of
from tests.infra.stack.template import Template

MINUTE_MS = 60_000
ALARM, OK, INSUFFICIENT = "ALARM", "OK", "INSUFFICIENT_DATA"

_STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max, "Average": fmean}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": gt,
    "LessThanThreshold": lt,
}


@dataclass(frozen=True)
class Alarm:
    """An alarm, by its properties in the template."""

    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.properties["AlarmName"]).removeprefix("noukai-")

    @property
    def dimensions(self) -> tuple[tuple[str, str], ...]:
        listed = self.properties.get("Dimensions", ())
        return tuple((each["Name"], _logical(each["Value"])) for each in listed)

    def state(self, points: Iterable[Point], now: int) -> str:
        """Return the state at a time, from all that was published until then."""
        mine = [each for each in points if self._reads(each)]
        found = [self._value(mine, now, back) for back in range(int(self.properties["EvaluationPeriods"]))]
        known = [each for each in found if each is not None]
        if not known and self.properties["TreatMissingData"] == "missing":
            return INSUFFICIENT
        is_beyond = _COMPARISONS[self.properties["ComparisonOperator"]]
        beyond = [each for each in known if is_beyond(each, self.properties["Threshold"])]
        return ALARM if len(beyond) >= self.properties["DatapointsToAlarm"] else OK

    def _reads(self, point: Point) -> bool:
        wanted = (self.properties["Namespace"], self.properties["MetricName"], self.dimensions)
        return (point.namespace, point.name, point.dimensions) == wanted

    def _value(self, points: list[Point], now: int, back: int) -> float | None:
        """Return the statistic of a period, the last whole one for 0; None if nothing was published in it."""
        period = int(self.properties["Period"]) * 1000
        start = now // period * period - (back + 1) * period
        values = [each.value for each in points if start <= each.at < start + period]
        return _STATISTICS[self.properties["Statistic"]](values) if values else None


def alarms_of(template: Template) -> dict[str, Alarm]:
    """Return the alarms of a template, by their names without the stack's."""
    made = [Alarm(each["Properties"]) for each in template.resources("CloudWatch::Alarm").values()]
    return {each.name: each for each in made}


def raised(alarms: Mapping[str, Alarm], points: list[Point], now: int) -> set[str]:
    """Return the alarms that tell somebody at a time; some tell of silence, too."""
    states = {name: alarm.state(points, now) for name, alarm in alarms.items()}
    return {
        name
        for name, state in states.items()
        if state == ALARM
        or (state == INSUFFICIENT and alarms[name].properties.get("InsufficientDataActions") is not None)
    }


@dataclass
class Published:
    """CloudWatch's points about a stack."""

    points: list[Point] = field(default_factory=list)

    def read(self, lines: Iterable[str]) -> None:
        """Take what functions have written."""
        self.points += points_of(lines)

    def invoked(self, function: str, at: int, *, failed: bool = False, throttled: bool = False) -> None:
        """Record that Lambda has invoked a function, or refused to."""
        names = {"Throttles": 1} if throttled else {"Invocations": 1, "Errors": int(failed)}
        for dimensions in ((), (("FunctionName", function),)):
            for name, value in names.items():
                self.points.append(Point("AWS/Lambda", name, dimensions, at, value))

    def read_stream(self, function: str, at: int, *, late_ms: int) -> None:
        """Record that the last record of a batch was so old when the function got it."""
        self.points.append(Point("AWS/Lambda", "IteratorAge", (("FunctionName", function),), at, late_ms))

    def has_queued(self, queue: str, at: int, *, oldest_seconds: int = 0, in_flight: int = 0) -> None:
        """Record a minute of a queue that is used."""
        values = {
            "ApproximateAgeOfOldestMessage": oldest_seconds,
            "ApproximateNumberOfMessagesNotVisible": in_flight,
        }
        for name, value in values.items():
            self.points.append(Point("AWS/SQS", name, (("QueueName", queue),), at, value))

    def answered(self, api: str, at: int, status: int) -> None:
        """Record that the gateway has answered a request."""
        self.points.append(Point("AWS/ApiGateway", "5xx", (("ApiId", api),), at, int(status >= 500)))


def _logical(value: Any) -> str:
    """Return the logical name behind a reference of the template."""
    if isinstance(value, str):
        return value
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])
