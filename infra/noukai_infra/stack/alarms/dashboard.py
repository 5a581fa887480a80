"""The dashboard: the alarms of a stack, what each of them watches, and what jobs do."""

from collections.abc import Iterator, Sequence
from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from noukai_functions.names import (
    DEFAULT_KIND,
    ENDED,
    KIND_DIMENSION,
    LATENESS,
    RAN,
    RETRIED,
    STARTED,
    SUBMITTED,
    WAITED,
)
from noukai_infra.settings import Settings
from noukai_infra.stack.alarms.definitions import Definition, Watched, definitions

_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 3


class Dashboard(Construct):
    """A dashboard of CloudWatch, made from the definitions of the alarms and the metrics of jobs."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, watched: Watched) -> None:
        super().__init__(scope, name)
        alarms = (_of_alarm(each, settings.stack) for each in definitions(settings, watched))
        placed = [
            {
                "type": "metric",
                "x": place % _COLUMNS * _WIDTH,
                "y": place // _COLUMNS * _HEIGHT,
                "width": _WIDTH,
                "height": _HEIGHT,
                "properties": {"region": Aws.REGION, **properties},
            }
            for place, properties in enumerate([*_of_jobs(settings, watched), *alarms])
        ]
        body = Stack.of(self).to_json_string({"widgets": placed})
        cloudwatch.CfnDashboard(self, "Resource", dashboard_name=settings.stack, dashboard_body=body)


def _of_jobs(settings: Settings, watched: Watched) -> Iterator[dict[str, Any]]:
    """Return the graphs of each worker kind's jobs: their numbers, and their times."""
    if not settings.has_metrics:
        return
    for kind in (DEFAULT_KIND, *watched.queues.of_kinds):
        counts = (SUBMITTED, STARTED, *ENDED.values(), RETRIED)
        yield _graph(f"jobs of {kind}", "Sum", [_metric(settings.stack, name, kind) for name in counts])
        times = [_metric(settings.stack, name, kind) for name in (WAITED, LATENESS, RAN)]
        yield _graph(f"milliseconds of {kind}, 95 in 100", "p95", times)


def _of_alarm(each: Definition, stack: str) -> dict[str, Any]:
    """Return the graph of what an alarm watches, with its threshold."""
    dimensions = [part for pair in each.dimensions.items() for part in pair]
    graph = _graph(each.name, each.statistic, [[each.namespace or stack, each.metric, *dimensions]])
    line = {"value": each.threshold, "label": "alarm"}
    return {**graph, "period": each.period, "annotations": {"horizontal": [line]}}


def _metric(stack: str, name: str, kind: str) -> list[str]:
    return [stack, name, KIND_DIMENSION, kind]


def _graph(title: str, statistic: str, metrics: Sequence[Sequence[str]]) -> dict[str, Any]:
    return {"title": title, "stat": statistic, "metrics": metrics, "period": 300, "view": "timeSeries"}
