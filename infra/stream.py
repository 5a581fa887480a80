"""The stream of the jobs table, and the destination of failed batches."""

from collections.abc import Mapping
from typing import Any


def _change(before: list[str], after: list[str]) -> dict[str, Any]:
    return {"dynamodb": {"OldImage": {"s": {"S": before}}, "NewImage": {"s": {"S": after}}}}


_TERMINAL = ["completed", "failed", "cancelled"]

COUNTED: tuple[Mapping[str, Any], ...] = (
    _change(["pending", "running"], _TERMINAL),
    _change(["cancelled"], ["cancelled"]),
    {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"s": {"S": ["pending"]}}}},
    _change(_TERMINAL, ["pending"]),
)
"""Patterns of Lambda's event filtering: a job has ended; the code of a cancelled job has stopped; a job is
new, perhaps in place of one that has expired."""

GATHERED_SECONDS = 30
"""How long a batch may gather. It is part of the minute within which an org with a used-up budget is refused.
"""

UNCOUNTED_PREFIX = "aws/lambda/"
"""With what Lambda begins the name of each object that holds a discarded batch."""

KEPT_UNCOUNTED_DAYS = 90
"""How long a batch that could not be counted is kept."""
