"""The settings of the API's own name."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.checks import STRICT
from noukai_wire.routes import BASE_PATH

DomainName = Annotated[
    str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)
]
Zone = Annotated[str, Field(pattern=r"^Z[A-Z0-9]{1,31}$")]
"""The id of a hosted zone of Route 53."""

CERTIFICATE = r"^arn:aws[\w-]*:acm:[\w-]+:[0-9]{12}:certificate/[\w-]+$"


def _path(text: str) -> str:
    if f"{BASE_PATH}/" in f"/{text}/":
        raise ValueError(f"not contain {BASE_PATH}, which follows it")
    return text


@dataclass(frozen=True, config=STRICT)
class Domain:
    """The name of the API, instead of the one that the gateway makes up.

    `zone` is the Route 53 zone for its records. Without `certificate`, one is made: validated by the zone, or
    by a record that the deploy names. `path` is a prefix for several stacks behind one name; a stack with
    `existing` uses a name that another one has made. `default_endpoint` switches off the gateway's own name.
    """

    name: DomainName
    zone: Zone | None = None
    certificate: Annotated[str, Field(pattern=CERTIFICATE)] | None = None
    path: (
        Annotated[
            str,
            Field(pattern=r"^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$", max_length=300),
            AfterValidator(_path),
        ]
        | None
    ) = None
    existing: bool = False
    default_endpoint: bool = True

    def __post_init__(self) -> None:
        """Refuse parts of a name that another stack has made.

        Raises:
            ValueError: an existing name has a zone or a certificate here.
        """
        if self.existing and (self.zone or self.certificate):
            raise ValueError("leave `zone` and `certificate` to the stack that makes the existing name")

    @property
    def url(self) -> str:
        """Return the base URL of every route."""
        return f"https://{self.name}{f'/{self.path}' if self.path else ''}{BASE_PATH}"
