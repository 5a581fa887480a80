"""The network of a worker kind: existing subnets and security groups of a VPC."""

import json
import re
from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from noukai_infra.settings.checks import STRICT, SettingsError

_TAG = r"tag:[^=]{1,128}=.{0,256}"
_SUBNET = re.compile(rf"subnet-[0-9a-f]{{8,17}}|{_TAG}")
_SECURITY_GROUP = re.compile(rf"sg-[0-9a-f]{{8,17}}|{_TAG}|name:.{{1,255}}")

MOST_SUBNETS, MOST_SECURITY_GROUPS = 16, 5
"""https://docs.aws.amazon.com/lambda/latest/api/API_VpcConfig.html"""


def _listed(value: object) -> object:
    """Take a text for a list of one."""
    return [value] if isinstance(value, str) else value


def _subnet(text: str) -> str:
    if not _SUBNET.fullmatch(text):
        raise ValueError("be the id of a subnet, such as subnet-0a1b2c3d4e5f67890, or tag:NAME=VALUE")
    return text


def _security_group(text: str) -> str:
    if not _SECURITY_GROUP.fullmatch(text):
        raise ValueError(
            "be the id of a security group, such as sg-0a1b2c3d4e5f67890, or name:NAME, or tag:NAME=VALUE"
        )
    return text


def is_look_up(text: str) -> bool:
    """Return whether a text names what is looked up, rather than an id."""
    return text.startswith(("tag:", "name:"))


@dataclass(frozen=True, config=STRICT)
class Network:
    """The subnets and security groups that a worker kind runs in, all of one VPC.

    Each is an id or a look-up: `tag:Tier=private`, and for security groups also `name:workers`. `vpc` limits
    the look-up. `endpoints` says what happens with endpoints that workers need and that are missing: a deploy
    names them with their price, or creates them.
    """

    subnets: Annotated[
        tuple[Annotated[str, AfterValidator(_subnet)], ...],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=MOST_SUBNETS),
    ]
    security_groups: Annotated[
        tuple[Annotated[str, AfterValidator(_security_group)], ...],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=MOST_SECURITY_GROUPS),
    ]
    vpc: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")] | None = None
    endpoints: Literal["named", "create"] = "named"

    @property
    def has_look_up(self) -> bool:
        """Return whether only AWS knows all ids."""
        return any(map(is_look_up, (*self.subnets, *self.security_groups)))

    @property
    def key(self) -> str:
        """Return a text by which a deploy passes on what it has found."""
        return " ".join([self.vpc or "-", *self.subnets, *self.security_groups])


@dataclass(frozen=True, config=STRICT)
class Placement:
    """The ids of subnets and security groups."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True, config=STRICT)
class NewEndpoint:
    """An endpoint that the stack creates: a gateway for route tables, or an interface in subnets.

    The members of `security_groups` may connect to the interface.
    """

    vpc: str
    service: str
    route_tables: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


@dataclass(frozen=True, config=STRICT)
class FoundNetworks:
    """Findings of a deploy: placements by the key of their network, and the endpoints to create."""

    placements: dict[str, Placement] = field(default_factory=dict)
    endpoints: tuple[NewEndpoint, ...] = ()

    def placement(self, network: Network) -> Placement | None:
        """Return the ids of a network; None if it has a look-up that no deploy has made."""
        if network.has_look_up:
            return self.placements.get(network.key)
        return Placement(network.subnets, network.security_groups)


def parsed(value: object) -> object:
    """Parse the JSON of the command line."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise SettingsError("found_networks: only `deploy` sets it, to JSON") from error
