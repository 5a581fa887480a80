"""The answers about the API itself: errors, health and description."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.models import WireModel


class InputError(WireModel):
    """An invalid place of a request: `path` is what the caller wrote there, joined by dots."""

    path: str
    message: str


class ErrorDetail(WireModel):
    """The code of an error, for programs, and a message that tells people what to do."""

    # Clients must accept the codes of later versions.
    code: Annotated[str, Field(json_schema_extra={"enum": [code.value for code in ErrorCode]})]
    message: Annotated[str, Field(max_length=limits.MAX_ERROR_BYTES)]
    errors: list[InputError] | None = None


class ErrorAnswer(WireModel):
    """The answer to a request that was refused or has failed."""

    detail: ErrorDetail


class Health(WireModel):
    """The answer to a health check."""

    status: str


class OpenApi(WireModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
