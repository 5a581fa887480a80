"""The headers and query parameters of requests, as pydantic models with a field for each."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from noukai_wire import limits
from noukai_wire.models import WireModel

IdempotencyKey = Annotated[
    str, StringConstraints(min_length=1, max_length=limits.MAX_IDEMPOTENCY_KEY_LENGTH, pattern=r"^[\x20-\x7e]*$")
]


class IdempotencyHeader(WireModel):
    """The header that names a submission: the same key for the same flow gives the same job."""

    model_config = ConfigDict(alias_generator=lambda name: name.title().replace("_", "-"))

    idempotency_key: IdempotencyKey | None = None


class WaitQuery(WireModel):
    """The query of a request that is held back; with `progress` every change of it is answered too."""

    seconds: Annotated[int, Field(ge=0, le=limits.MAX_WAIT_SECONDS)] = limits.MAX_WAIT_SECONDS
    progress: bool = False


class UsageQuery(WireModel):
    """The query of a usage report: its first and last day, in UTC, by default this month until today."""

    from_: Annotated[date | None, Field(alias="from", description=f"Of {limits.MAX_USAGE_DAYS} days at most.")] = None
    to: date | None = None
