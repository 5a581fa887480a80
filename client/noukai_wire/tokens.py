"""The bodies of requests for browser tokens, and of their answers."""

from typing import Annotated

from pydantic import Field, StringConstraints

from noukai_wire import limits
from noukai_wire.models import JobId, Timestamp, WireModel
from noukai_wire.scopes import TOKEN_SCOPES
from noukai_wire.webhooks import FlowAddress

TokenScope = Annotated[str, Field(json_schema_extra={"enum": [str(scope) for scope in TOKEN_SCOPES]})]


class NewToken(WireModel):
    """A request for a token: for one flow or one job, and for the pages of one origin."""

    flow: FlowAddress | None = None
    job: JobId | None = None
    scopes: Annotated[list[TokenScope], Field(min_length=1)] | None = None
    origin: Annotated[str, StringConstraints(min_length=1, max_length=limits.MAX_TOKEN_ORIGIN_LENGTH)]
    seconds: Annotated[int, Field(ge=limits.MIN_TOKEN_SECONDS, le=limits.MAX_TOKEN_SECONDS)] | None = None


class BrowserToken(WireModel):
    """A token for a browser, which no other answer shows."""

    token: Annotated[str, Field(repr=False)]
    expires_at: Timestamp
