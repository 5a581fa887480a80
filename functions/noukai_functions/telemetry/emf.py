"""Metrics as log lines in CloudWatch's embedded metric format, which costs no request.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

The writer of aws-lambda-powertools is not used: importing that package takes 70 ms of CPU at a cold start,
half of what a function needs for everything else, and it writes a line per combination of dimensions.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Self

from noukai_functions.clock import Clock
from noukai_functions.names import (
    FAILED_SHARE,
    FLOW_DIMENSION,
    KIND_DIMENSION,
    MILLISECONDS,
    TABLE_THROTTLES,
)

Value = int | Sequence[int]
"""The value of a metric, or its values."""

ALL_FLOWS = "*"

_MOST_VALUES = 100
"""The most values of a metric in a line."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of a deployment; without a namespace nothing is written.

    `flows` are the flows that have metrics of their own, beside those of their worker kind.
    """

    namespace: str | None
    flows: frozenset[str] = frozenset()
    level: str = "INFO"
    """The level of the lines. Lambda drops lines below the level of the function's log."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings from a function's environment."""
        flows = frozenset(environment.get("METRICS_FLOWS", "").split(","))
        return cls(environment.get("METRICS_NAMESPACE"), flows, environment.get("LOG_LEVEL", "INFO"))

    def has_flow(self, flow: str) -> bool:
        """Return whether a flow has metrics of its own."""
        return flow in self.flows or ALL_FLOWS in self.flows

    def write(
        self, values: Mapping[str, Value], at: int, *, kind: str | None = None, flow: str | None = None
    ) -> None:
        """Write metrics of the whole stack, or of a worker kind and perhaps a flow.

        `at` is in milliseconds since the epoch.
        """
        if self.namespace is None:
            return
        names = {KIND_DIMENSION: kind, FLOW_DIMENSION: flow}
        dimensions = {name: value for name, value in names.items() if value is not None}
        for part in _parts(values):
            print(json.dumps(self._line(part, at, dimensions), separators=(",", ":")), flush=True)  # noqa: T201

    def _line(self, values: Mapping[str, Value], at: int, dimensions: Mapping[str, str]) -> dict[str, object]:
        sets = [[name] for name in dimensions] or [[]]
        return {
            "_aws": {"Timestamp": at, "CloudWatchMetrics": [self._declared(values, each) for each in sets]},
            # Lambda takes a line without a level and a time for one of the level INFO.
            "level": self.level,
            "timestamp": datetime.fromtimestamp(at // 1000, UTC).isoformat().replace("+00:00", "Z"),
            **dimensions,
            **values,
        }

    def _declared(self, values: Mapping[str, Value], dimensions: list[str]) -> dict[str, object]:
        # Each name is billed once per dimension, so a share of failures is kept for flows.
        names = [name for name in values if name != FAILED_SHARE or FLOW_DIMENSION in dimensions]
        declared = [{"Name": name, **_unit(name)} for name in names]
        return {"Namespace": self.namespace, "Dimensions": [dimensions], "Metrics": declared}


def note_throttled() -> None:
    """Write that DynamoDB has throttled a call of this function."""
    Metrics.of(os.environ).write({TABLE_THROTTLES: 1}, Clock().now())


def _unit(name: str) -> dict[str, str]:
    return {"Unit": "Milliseconds"} if name in MILLISECONDS else {}


def _parts(values: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    """Split long lists of values over several lines."""
    split = {name: _split(value) for name, value in values.items()}
    for row in zip_longest(*split.values()):
        yield {name: part for name, part in zip(split, row, strict=True) if part is not None}


def _split(value: Value) -> list[Value]:
    if isinstance(value, int):
        return [value]
    return [value[start : start + _MOST_VALUES] for start in range(0, len(value), _MOST_VALUES)]
