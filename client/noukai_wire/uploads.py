"""The body and the answer of an upload request."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.models import SubmitOptions, WireModel
from noukai_wire.references import Sha256, UploadedInput


class Upload(WireModel):
    """The body of an upload request, which returns a URL for exactly this input.

    The input is the JSON of an object with `message` and `parameters`, of `bytes` bytes in UTF-8. `options`
    are those of the submission to follow, since they determine how long the input is kept.
    """

    model_config = ConfigDict(extra="forbid")

    bytes: Annotated[int, Field(ge=1, le=limits.MAX_PAYLOAD_BYTES)]
    sha256: Sha256
    options: SubmitOptions = SubmitOptions()


class JobInput(WireModel):
    """The input with which a job was submitted: its message and its parameters.

    An uploaded input is at `input_url` instead, for fifteen minutes: `input_bytes` of JSON, whose SHA-256 is
    `input_sha256`.
    """

    message: Any = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    input_url: str | None = None
    input_bytes: int | None = None
    input_sha256: Sha256 | None = None


class UploadTarget(WireModel):
    """The target of an upload: its URL and headers, valid for fifteen minutes.

    A submission refers to it by `input`.
    """

    input: UploadedInput
    url: str
    headers: dict[str, str]
