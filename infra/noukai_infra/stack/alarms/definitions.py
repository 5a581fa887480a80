"""The definitions of the alarms: what each watches, when it is raised, and its page of the runbook.

CloudWatch bills an alarm per metric that it reads, so each reads one. Metrics of AWS are free; those of the
stack's own namespace are written by its functions (`noukai_functions.telemetry.emf`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aws_cdk import aws_lambda as lambda_

from noukai_functions.names import (
    CANARY_KIND,
    DEFAULT_KIND,
    FAILED_SHARE,
    FLOW_DIMENSION,
    KIND_DIMENSION,
    STARTED,
    SWEEP_ROUNDS,
    TABLE_THROTTLES,
    UNSETTLED_WORK,
)
from noukai_infra.settings import Settings
from noukai_infra.stack.alarms.limits import MOST_IN_FLIGHT, SWEEP_WITHIN_SECONDS
from noukai_infra.stack.queues import JobQueues

Statistic = Literal["Sum", "Average", "Maximum"]
Comparison = Literal["GreaterThanThreshold", "LessThanThreshold"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True)
class Watched:
    """The watched parts of a stack: the job queues, the metering function and the gateway's API."""

    queues: JobQueues
    metering: lambda_.IFunction
    api_id: str


@dataclass(frozen=True)
class Definition:
    """One alarm. Times are in seconds; `page` is its page of the runbook."""

    name: str
    page: str
    says: str
    metric: str
    statistic: Statistic
    threshold: float
    period: int = 5 * _MINUTE
    periods: int = 1
    needed: int | None = None
    """The number of periods that must be beyond the threshold; None means all."""
    comparison: Comparison = "GreaterThanThreshold"
    namespace: str | None = None
    """AWS's namespace; None is the stack's own."""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tells_of_silence: bool = False
    """Whether missing data is told of, too. Otherwise it means that all is well."""


def definitions(settings: Settings, watched: Watched) -> Iterator[Definition]:
    """Return the alarms of a stack."""
    for kind, _ in watched.queues.first():
        of_kind = "" if kind == DEFAULT_KIND else f"-{kind}"
        if settings.has_metrics:
            yield _no_start(kind, of_kind)
        for number, each in enumerate(watched.queues.of(kind), start=1):
            name = of_kind if number == 1 else f"{of_kind}-{number}"
            yield from _of_queue(settings, kind, name, {"QueueName": each.queue_name})
    for kind, each in watched.queues.canaries.items():
        of_canary = f"{'' if kind == DEFAULT_KIND else f'-{kind}'}{CANARY_KIND}"
        yield _no_start(f"{kind}{CANARY_KIND}", of_canary)
        yield from _of_queue(settings, f"{kind}{CANARY_KIND}", of_canary, {"QueueName": each.queue_name})
    yield from _of_functions(watched)
    yield Definition(
        "gateway-errors",
        "gateway-errors",
        "More than one request in a hundred is answered with a 5xx.",
        "5xx",
        "Average",
        0.01,
        periods=2,
        namespace="AWS/ApiGateway",
        dimensions={"ApiId": watched.api_id},
    )
    if settings.has_metrics:
        yield from _of_own_metrics(settings.scale.sweep_segments)
        yield from _of_flows(settings)


def _no_start(kind: str, of_kind: str) -> Definition:
    return Definition(
        f"no-start{of_kind}",
        "no-start",
        f"Jobs of the worker kind {kind} wait, and none has started for five minutes.",
        STARTED,
        "Sum",
        1,
        period=_MINUTE,
        periods=5,
        comparison="LessThanThreshold",
        dimensions={KIND_DIMENSION: kind},
    )


def _of_queue(settings: Settings, kind: str, of_kind: str, queue: Mapping[str, str]) -> Iterator[Definition]:
    yield Definition(
        f"oldest-message{of_kind}",
        "oldest-message",
        f"A message of the worker kind {kind} is older than {settings.oldest_message_hours} hours.",
        "ApproximateAgeOfOldestMessage",
        "Maximum",
        settings.oldest_message_hours * _HOUR,
        namespace="AWS/SQS",
        dimensions=queue,
    )
    yield Definition(
        f"in-flight{of_kind}",
        "in-flight",
        f"More than {MOST_IN_FLIGHT:,} messages of the worker kind {kind} are in flight; 120,000 may be.",
        "ApproximateNumberOfMessagesNotVisible",
        "Maximum",
        MOST_IN_FLIGHT,
        namespace="AWS/SQS",
        dimensions=queue,
    )


def _of_functions(watched: Watched) -> Iterator[Definition]:
    # Without dimensions, these two are the sums of all functions of the account and region.
    for metric, name, says in (
        ("Errors", "function-errors", "Functions of this account have failed."),
        ("Throttles", "function-throttles", "Lambda throttles functions of this account."),
    ):
        yield Definition(name, name, says, metric, "Sum", 0, periods=3, needed=2, namespace="AWS/Lambda")
    yield Definition(
        "stream-age",
        "stream-age",
        "The stream of the jobs table is read more than an hour late: usage and metrics are late.",
        "IteratorAge",
        "Maximum",
        _HOUR * 1000,
        namespace="AWS/Lambda",
        dimensions={"FunctionName": watched.metering.function_name},
    )


def _of_own_metrics(segments: int) -> Iterator[Definition]:
    yield Definition(
        "unsettled",
        "unsettled",
        "A dead-letter message could not be settled, or usage could not be counted.",
        UNSETTLED_WORK,
        "Sum",
        0,
        # Uncounted usage is looked for each quarter of an hour: until then the alarm stays as it is.
        periods=4,
        needed=1,
    )
    yield Definition(
        "table-throttles",
        "table-throttles",
        "DynamoDB throttles the tables.",
        TABLE_THROTTLES,
        "Sum",
        10,
    )
    yield Definition(
        "sweep",
        "sweep",
        "No sweep has ended for two days.",
        SWEEP_ROUNDS,
        "Sum",
        segments,
        period=_DAY,
        periods=SWEEP_WITHIN_SECONDS // _DAY,
        comparison="LessThanThreshold",
        tells_of_silence=True,
    )


def _of_flows(settings: Settings) -> Iterator[Definition]:
    for flow, share in sorted(settings.failed_flows.items()):
        yield Definition(
            f"failed-{flow.replace('/', '-')}",
            "failed-flow",
            f"More than {share:.0%} of the jobs of {flow} fail.",
            FAILED_SHARE,
            "Average",
            share,
            periods=2,
            dimensions={FLOW_DIMENSION: flow},
        )
