"""Metrics as CloudWatch makes them of the lines that functions write.

By https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html:
each declared metric of each set of dimensions gets each value of its member, at the line's time.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_MOST_VALUES = 100
_MOST_METRICS = 100


@dataclass(frozen=True)
class Point:
    """A value of a metric, with its time in milliseconds."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    at: int
    value: float


def is_metric_line(line: str) -> bool:
    return line.startswith("{") and "_aws" in json.loads(line)


def points_of(lines: Iterable[str]) -> Iterator[Point]:
    """Read the lines that are metrics."""
    for line in filter(is_metric_line, lines):
        entry = json.loads(line)
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            assert len(directive["Metrics"]) <= _MOST_METRICS
            for names in directive["Dimensions"]:
                dimensions = tuple((name, entry[name]) for name in names)
                for metric in directive["Metrics"]:
                    for value in _values(entry[metric["Name"]]):
                        at = entry["_aws"]["Timestamp"]
                        yield Point(directive["Namespace"], metric["Name"], dimensions, at, value)


def _values(value: Any) -> list[float]:
    values = value if isinstance(value, list) else [value]
    assert len(values) <= _MOST_VALUES
    return values
