"""The headers and query parameters of requests, as pydantic models with a field for each."""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from noukai_wire import limits
from noukai_wire.models import WireModel

IdempotencyKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=limits.MAX_IDEMPOTENCY_KEY_LENGTH, pattern=r"^[\x20-\x7e]*$"),
]


_Traceparent = Annotated[
    str | None,
    Field(description="The caller's span, as the W3C's Trace Context writes it; ignored if invalid."),
]
_Tracestate = Annotated[
    str | None,
    Field(description="What tracing systems have added to it; ignored if invalid or above 512 characters."),
]


class TraceHeaders(WireModel):
    """The headers that place a job in a trace of its caller."""

    traceparent: _Traceparent = None
    tracestate: _Tracestate = None


class SubmissionHeaders(WireModel):
    """The headers of a submission: the same idempotency key for the same flow returns the same job."""

    idempotency_key: Annotated[IdempotencyKey | None, Field(alias="Idempotency-Key")] = None
    traceparent: _Traceparent = None
    tracestate: _Tracestate = None


class WaitQuery(WireModel):
    """The query of a held request; with `progress`, each change of the progress is answered too."""

    seconds: Annotated[int, Field(ge=0, le=limits.MAX_WAIT_SECONDS)] = limits.MAX_WAIT_SECONDS
    progress: bool = False


class UsageQuery(WireModel):
    """The query of a usage report: its first and last UTC day, by default this month until today."""

    from_: Annotated[
        date | None, Field(alias="from", description=f"At most {limits.MAX_USAGE_DAYS} days.")
    ] = None
    to: date | None = None
