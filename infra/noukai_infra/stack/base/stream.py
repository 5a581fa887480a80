"""The stream of the jobs table, and the destination of failed batches.

The operator's commands need some of it: it does without the CDK, which takes seconds to load.
"""

from collections.abc import Mapping
from typing import Any

from noukai_functions.names import CANCELLED, PENDING, RUNNING, STATE, TERMINAL, UNSETTLED, WEBHOOK


def _image(*states: str) -> dict[str, Any]:
    return {STATE: {"S": list(states)}}


def _change(before: tuple[str, ...], after: tuple[str, ...]) -> dict[str, Any]:
    return {"dynamodb": {"OldImage": _image(*before), "NewImage": _image(*after)}}


COUNTED: tuple[Mapping[str, Any], ...] = (
    _change(UNSETTLED, TERMINAL),
    _change((CANCELLED,), (CANCELLED,)),
    {"eventName": ["INSERT"], "dynamodb": {"NewImage": _image(PENDING)}},
    _change(TERMINAL, (PENDING,)),
)
"""Lambda event filters: a job has ended; the code of a cancelled job has stopped; a job is new, perhaps
replacing an expired one."""

STARTED: tuple[Mapping[str, Any], ...] = (_change((PENDING,), (RUNNING,)),)
"""Lambda event filters for metrics alone: an attempt has started."""

ENDED: Mapping[str, Any] = _change(UNSETTLED, TERMINAL)
"""A Lambda event filter: a job has ended."""

MARKED: Mapping[str, Any] = {
    "dynamodb": {
        "OldImage": _image(*UNSETTLED),
        "NewImage": {**_image(*TERMINAL), WEBHOOK: {"S": [{"exists": True}]}},
    }
}
"""The same for jobs that a webhook endpoint is told of: others invoke nothing."""

GATHERED_SECONDS = 30
"""The batching window. It is part of the minute within which an org with a used-up budget is refused."""

UNCOUNTED_PREFIX = "aws/lambda/"
"""The prefix of Lambda's names for objects with discarded batches."""

KEPT_UNCOUNTED_DAYS = 90
"""How long an uncounted batch is kept."""
