"""Networks of workers: what a deploy reads of them, passes to the template, and says before it asks."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from noukai_infra.operations.account import Account, OperatorError, resources
from noukai_infra.operations.deploy.checks.network.endpoints import (
    GATEWAYS,
    USD_PER_NAT_GATEWAY,
    USD_PER_NAT_GB,
    Vpc,
    monthly_usd,
    new_endpoints,
    priced,
)
from noukai_infra.operations.deploy.checks.network.found import Found
from noukai_infra.settings import FoundNetworks, Network, NewEndpoint, Settings
from noukai_wire.secret_sources import Source

_RIGHTS = (
    "ec2:DescribeSubnets, ec2:DescribeSecurityGroups, ec2:DescribeRouteTables, ec2:DescribeVpcEndpoints and "
    "ec2:DescribeVpcAttribute"
)


@dataclass(frozen=True)
class NetworkPlan:
    """The options for the CDK command, and lines for the operator; both are empty without networks."""

    context: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def plan_networks(account: Account, stack: str, settings: Settings) -> NetworkPlan:
    """Read the networks of the settings, and what their workers cannot reach.

    Raises:
        OperatorError: AWS would refuse a network, or it cannot be read.
    """
    named = dict(_networks(settings))
    if not named:
        return NetworkPlan()
    ec2: Any = account.session.client("ec2")
    try:
        networks = [Found.of(ec2, name, network) for name, network in named.items()]
        _refuse(networks)
        vpcs = _planned(ec2, networks, settings, _own(account, stack))
    except ClientError as error:
        if error.response["Error"]["Code"] != "UnauthorizedOperation":
            raise
        raise OperatorError(
            f"These credentials may not look at the networks of the workers: allow {_RIGHTS}."
        ) from error
    found = FoundNetworks(
        {each.network.key: each.placement for each in networks},
        tuple(each for vpc in vpcs if vpc.creates for each in vpc.endpoints),
    )
    text = json.dumps(dataclasses.asdict(found), separators=(",", ":"))
    warnings = [f"Warning: {said}" for each in networks for said in each.warnings()]
    lines = [line for vpc in vpcs for line in vpc.lines()]
    return NetworkPlan(("--context", f"found_networks={text}"), (*lines, *warnings))


def needed_services(settings: Settings) -> list[str]:
    """Return the services of AWS that a worker calls itself; its logs do not pass through the VPC."""
    stores = {Source.parse(text).service for text in settings.secrets.values()}
    return [*GATEWAYS, "sqs", *sorted(stores)]


@dataclass(frozen=True)
class _PlannedVpc:
    """A VPC with the worker kinds in it, and the endpoints that they miss."""

    vpc: Vpc
    networks: Sequence[Found]
    services: Sequence[str]
    endpoints: Sequence[NewEndpoint]

    @classmethod
    def of(
        cls, ec2: Any, networks: Sequence[Found], settings: Settings, own: frozenset[str]
    ) -> "_PlannedVpc":
        """Describe the VPC of some networks.

        Raises:
            OperatorError: an endpoint cannot be created in it.
        """
        subnets = sorted({subnet for each in networks for subnet in each.placement.subnets})
        vpc = Vpc.of(ec2, networks[0].vpc, subnets, own)
        services = needed_services(settings)
        planned = cls(vpc, networks, services, list(new_endpoints(vpc, networks, services)))
        if planned.creates and not vpc.has_private_names and any(each.subnets for each in planned.endpoints):
            raise OperatorError(
                f"An interface endpoint in {vpc.name} needs its DNS: set its attributes enableDnsSupport and "
                "enableDnsHostnames."
            )
        return planned

    @property
    def creates(self) -> bool:
        """Return whether the stack creates what is missing, for all worker kinds of the VPC."""
        return any(each.network.endpoints == "create" for each in self.networks)

    def lines(self) -> Iterator[str]:
        """Yield what the workers reach, and what is created or missing with its monthly price."""
        names = ", ".join(each.name for each in self.networks)
        yield f"\nIn {self.vpc.name} run the workers of {names}."
        reached = [each for each in self.services if not self.vpc.missing(each)]
        if reached:
            yield f"They reach {', '.join(reached)} already."
        for subnet in self.vpc.tables:
            if self.vpc.is_public(subnet):
                yield (
                    f"{subnet} is public, and functions have no public address: they reach no internet from "
                    "there."
                )
        if not self.endpoints:
            return
        yield "This creates:" if self.creates else "They miss, and run no job without:"
        yield from (f"  {priced(each)}" for each in self.endpoints)
        total = f"Together: {monthly_usd(self.endpoints):.2f} USD a month, and the traffic"
        if self.creates:
            yield f"{total}."
        else:
            yield (
                f'{total}. `endpoints = "create"` creates them. A NAT gateway, {USD_PER_NAT_GATEWAY:.2f} USD '
                f"a month and {USD_PER_NAT_GB} per GB, reaches all of them and the internet."
            )


def _planned(
    ec2: Any, networks: Sequence[Found], settings: Settings, own: frozenset[str]
) -> list[_PlannedVpc]:
    of_vpcs: dict[str, list[Found]] = {}
    for each in networks:
        of_vpcs.setdefault(each.vpc, []).append(each)
    return [_PlannedVpc.of(ec2, together, settings, own) for together in of_vpcs.values()]


def _networks(settings: Settings) -> Iterator[tuple[str, Network]]:
    """Yield the networks of worker kinds by the name of the setting; an inherited one comes once."""
    default = settings.worker.network
    if default is not None:
        yield "worker.network", default
    for name, kind in settings.workers.items():
        if kind.network is not None and kind.network != default:
            yield f"workers.{name}.network", kind.network


def _refuse(networks: Sequence[Found]) -> None:
    problems = [f"- {each.name}: {said}" for each in networks for said in each.problems()]
    if problems:
        raise OperatorError("\n".join(["The workers cannot run in these networks:", *problems]))


def _own(account: Account, stack: str) -> frozenset[str]:
    """Return the endpoints of the stack itself, which must stay in its template."""
    if account.outputs(stack) is None:
        return frozenset()
    return frozenset(resources(account.session, stack, "AWS::EC2::VPCEndpoint"))
