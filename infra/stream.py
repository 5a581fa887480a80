"""How the stream of the jobs table is read: which records are counted, as patterns of Lambda's event filtering."""

from typing import Any


def _change(before: list[str], after: list[str]) -> dict[str, Any]:
    return {"dynamodb": {"OldImage": {"s": {"S": before}}, "NewImage": {"s": {"S": after}}}}


COUNTED = (
    _change(["pending", "running"], ["completed", "failed", "cancelled"]),
    _change(["cancelled"], ["cancelled"]),
)
"""A job has ended; the code of a cancelled job has stopped."""

GATHERED_SECONDS = 10
"""How long a batch may gather. It is part of the minute within which an org with a used-up budget is refused."""
