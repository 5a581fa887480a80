"""The log lines and the timeline of a job."""

from typing import Annotated, Any

from pydantic import Field

from noukai_wire import limits
from noukai_wire.models import Timestamp, WireModel

# Only documented, not validated, because clients must accept the kinds of later versions.
Stream = Annotated[str, Field(json_schema_extra={"enum": ["stdout", "stderr", "log"]})]
Level = Annotated[str, Field(json_schema_extra={"enum": ["debug", "info", "warning", "error", "critical"]})]
EventType = Annotated[
    str,
    Field(
        json_schema_extra={
            "enum": [
                "submitted",
                "waiting",
                "started",
                "progress",
                "retried",
                "completed",
                "failed",
                "cancelled",
                "stopped",
            ]
        }
    ),
]


class LogLine(WireModel):
    """A line that a flow has printed or logged.

    `stream` is `log` for a record of Python's logging, whose `fields` are the structured ones. `at` is when
    the line was written.
    """

    at: Timestamp
    attempt: int
    stream: Stream
    level: Level
    message: str
    fields: dict[str, Any] | None = None


class LogPage(WireModel):
    """Lines of a job's log, in the order of attempts, and within an attempt in the order written.

    `after` is the place behind the last line, for the next request. With `done`, no further line will follow:
    the job has ended, its code has stopped, and this page has the last lines. `dropped` counts the lines
    beyond the bounds of an attempt that are missing before the end of this page, and after its beginning.
    """

    lines: list[LogLine]
    after: str
    done: bool
    dropped: int = 0


class LogQuery(WireModel):
    """The query of a log: `after` comes from the previous page; `attempt` selects one attempt.

    The answer is held up to `seconds` until there are lines after that place, or until the log is done.
    """

    after: (
        Annotated[str, Field(json_schema_extra={"pattern": "^([1-9]|1[0-9]|20)-[0-9]{1,9}(-[0-9]{1,13})?$"})]
        | None
    ) = None
    attempt: Annotated[int, Field(ge=1, le=limits.MAX_ATTEMPTS)] | None = None
    limit: Annotated[int, Field(ge=1, le=limits.MAX_LOG_LIMIT)] = limits.DEFAULT_LOG_LIMIT
    seconds: Annotated[int, Field(ge=0, le=limits.MAX_WAIT_SECONDS)] = 0


class Event(WireModel):
    """Something that happened to a job; `attempt` is absent where it belongs to none.

    `message` says more, such as the name of the key that has submitted or cancelled the job.
    """

    at: Timestamp
    type: EventType
    attempt: int | None = None
    message: str | None = None


class EventList(WireModel):
    """The timeline of a job, oldest first; of many attempts only the last eight."""

    events: list[Event]
