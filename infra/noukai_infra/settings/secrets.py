"""The settings of secrets."""

from typing import Annotated

from pydantic import AfterValidator, Field

from noukai_infra.settings.checks import variable
from noukai_wire.secret_sources import Source


def _source(text: str) -> str:
    Source.parse(text)
    return text


Secrets = dict[Annotated[str, AfterValidator(variable)], Annotated[str, AfterValidator(_source)]]
"""The sources of secrets, by the names of the variables that have them: `ssm:/path`, `secretsmanager:name` or
`secretsmanager:name#key`."""

KmsKey = Annotated[str, Field(pattern=r"^arn:aws[\w-]*:kms:[\w-]+:[0-9]{12}:key/[\w-]+$")]
