"""The body of a request for a place to upload an input to, and its answer."""

from typing import Annotated

from pydantic import ConfigDict, Field

from noukai_wire import limits
from noukai_wire.models import SubmitOptions, WireModel
from noukai_wire.references import Sha256, UploadedInput


class Upload(WireModel):
    """The body of a request for a place to upload an input to, which then takes just that.

    The input is the JSON of an object with `message` and `parameters`, of so many `bytes` in UTF-8. The
    `options` are those of the submission that will follow: the input is kept for as long as that job needs
    it.
    """

    model_config = ConfigDict(extra="forbid")

    bytes: Annotated[int, Field(ge=1, le=limits.MAX_PAYLOAD_BYTES)]
    sha256: Sha256
    options: SubmitOptions = SubmitOptions()


class UploadTarget(WireModel):
    """The target of an upload: its URL and headers, valid for fifteen minutes.

    A submission names it by `input`.
    """

    input: UploadedInput
    url: str
    headers: dict[str, str]
