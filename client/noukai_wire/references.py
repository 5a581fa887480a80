"""The references in bodies to content that is too large for them."""

from typing import Annotated

from pydantic import Field

UploadedInput = Annotated[str, Field(pattern=r"^keep-[1-9][0-9]{0,2}d/[0-9a-f]{64}$")]
"""The reference of a submission to an uploaded input, from the answer to the upload request."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
