"""Short-lived tokens for browsers."""

from typing import Annotated

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.models import Timestamp, WireModel


class NewToken(WireModel):
    """The body that makes a token: its scopes (`submit`, `read`, `cancel`), and either one flow or one job.

    `flow` is `project/flow`, `origin` that of the pages that may use the token, such as
    `https://app.example.com`.
    """

    model_config = ConfigDict(extra="forbid")

    scopes: Annotated[list[str], Field(min_length=1)]
    flow: str | None = None
    job: str | None = None
    origin: str | None = None
    seconds: Annotated[int, Field(ge=limits.MIN_TOKEN_SECONDS, le=limits.MAX_TOKEN_SECONDS)] = (
        limits.DEFAULT_TOKEN_SECONDS
    )


class Token(WireModel):
    """A token, used like a key; it works until `expiresAt`, also if its key is revoked before."""

    token: Annotated[str, Field(repr=False)]
    expires_at: Timestamp
