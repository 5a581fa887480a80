"""The life of a benchmark's job."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noukai._core.sending.submission import JobOptions

MAP_SIZE = 100
"""The number of jobs that are mapped together."""

_BRIEF_MS = 4000


class Event(StrEnum):
    """Events of a job beside its run."""

    NOTHING = "nothing"
    ATTEMPT_FAILS = "an attempt fails"
    CANCELLED = "cancelled half-way"
    CANCELLED_IN_TIME = "cancelled before it runs"
    LOOKED_AT = "its status is asked for, too"
    LISTED = "a page of twenty of its like is listed"
    RETRIED = "fails, and is retried by its caller"
    SCHEDULED = "is to run in an hour"
    MAPPED = "is one of a hundred that are submitted and waited for together"
    EXECUTED = "is executed, as the published SDKs do"


OPTIONS: "dict[Event, JobOptions]" = {
    Event.RETRIED: {"max_attempts": 1},
    Event.CANCELLED_IN_TIME: {"delay_seconds": 5},
}


@dataclass(frozen=True)
class Life:
    """A job: its flow's duration, the bytes of its input and its result as JSON, and what happens to it."""

    milliseconds: int = 200
    input_bytes: int = 300
    result_bytes: int = 500
    event: Event = Event.NOTHING
    is_awaited: bool = True

    @property
    def flow(self) -> str:
        """Return the flow that is allowed to take so long."""
        return "brief" if self.milliseconds <= _BRIEF_MS else "lasting"

    @property
    def input(self) -> tuple[str, dict[str, Any]]:
        """Return message and parameters whose request body has exactly this many bytes."""
        failures = {Event.ATTEMPT_FAILS: 1, Event.RETRIED: 2}.get(self.event, 0)
        parameters = {"size": self.result_bytes - 2, "milliseconds": self.milliseconds, "failures": failures}
        empty = json.dumps({"message": "", "parameters": parameters}, separators=(",", ":"))
        return "m" * (self.input_bytes - len(empty)), parameters
