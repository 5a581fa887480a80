"""The subnets and security groups of worker kinds as EC2 describes them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noukai_infra.settings import Network, Placement
from noukai_infra.settings.workers.network import MOST_SECURITY_GROUPS, MOST_SUBNETS, is_look_up

Described = Mapping[str, Any]

_FEW_ADDRESSES = 16
"""AWS asks for enough addresses for Lambda's network interfaces: one of a subnet for each combination of
security groups, and more from 65,000 connections on.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html"""

_HTTPS = 443


@dataclass(frozen=True)
class Found:
    """The network of a worker kind, its subnets and groups as EC2 describes them; `name` is the setting."""

    name: str
    network: Network
    subnets: Sequence[Described]
    groups: Sequence[Described]

    @classmethod
    def of(cls, ec2: Any, name: str, network: Network) -> "Found":
        """Read the subnets and security groups of a network."""
        subnets: dict[str, Described] = {}
        for filters in _filters(network.subnets, "subnet-id", network.vpc):
            pages = ec2.get_paginator("describe_subnets").paginate(Filters=filters)
            subnets |= {each["SubnetId"]: each for page in pages for each in page["Subnets"]}
        groups: dict[str, Described] = {}
        for filters in _filters(network.security_groups, "group-id", network.vpc):
            found = ec2.get_paginator("describe_security_groups").paginate(Filters=filters)
            groups |= {each["GroupId"]: each for page in found for each in page["SecurityGroups"]}
        return cls(name, network, _sorted(subnets), _sorted(groups))

    @property
    def vpc(self) -> str:
        """Return the VPC, once there are no problems."""
        vpc: str = self.subnets[0]["VpcId"]
        return vpc

    @property
    def zones(self) -> dict[str, str]:
        """Return the availability zones, each with its first subnet: an interface endpoint takes one."""
        return {each["AvailabilityZone"]: each["SubnetId"] for each in reversed(self.subnets)}

    @property
    def placement(self) -> Placement:
        """Return the ids."""
        return Placement(
            tuple(each["SubnetId"] for each in self.subnets), tuple(each["GroupId"] for each in self.groups)
        )

    def problems(self) -> Iterator[str]:
        """Yield why AWS would refuse the network, or jobs could not run in it."""
        yield from self._missing("subnet", self.network.subnets, self.placement.subnets)
        yield from self._missing(
            "security group", self.network.security_groups, self.placement.security_groups
        )
        for what, found, most in (
            ("subnets", self.subnets, MOST_SUBNETS),
            ("security groups", self.groups, MOST_SECURITY_GROUPS),
        ):
            if len(found) > most:
                yield f"the look-up finds {len(found)} {what}, and a function has at most {most}: narrow it"
        vpcs = sorted({each["VpcId"] for each in self.subnets})
        if len(vpcs) > 1:
            yield f"its subnets are in several VPCs, {' and '.join(vpcs)}: set `vpc`, or name those of one"
        for each in self.groups:
            if vpcs and each["VpcId"] not in vpcs:
                yield (
                    f"the security group {each['GroupId']} is in {each['VpcId']}, and the subnets are in "
                    f"{vpcs[0]}: name one of that VPC"
                )
        for each in self.subnets:
            if each.get("Ipv6Native"):
                yield f"{each['SubnetId']} has IPv6 alone, and Lambda needs IPv4: name another subnet"
            elif not each["AvailableIpAddressCount"]:
                yield f"{each['SubnetId']} has no free address: name another subnet, or free some"

    def warnings(self) -> Iterator[str]:
        """Yield what is allowed and unwise."""
        if len(self.zones) == 1:
            yield (
                f"{self.name}: its subnets are in one availability zone, {next(iter(self.zones))}: its jobs "
                "stop when that does. Name subnets of two."
            )
        for each in self.subnets:
            if (count := each["AvailableIpAddressCount"]) < _FEW_ADDRESSES:
                yield (
                    f"{self.name}: {each['SubnetId']} has only {count} free addresses: workers cannot start "
                    "when Lambda finds none for a network interface."
                )
        if not any(map(_lets_out, self.groups)):
            yield (
                f"{self.name}: no rule of its security groups lets TCP out to port {_HTTPS}: workers reach "
                "nothing of AWS without one."
            )

    def _missing(self, what: str, named: Sequence[str], found: Sequence[str]) -> Iterator[str]:
        where = f"in {self.network.vpc}" if self.network.vpc else "in this account and region"
        for each in named:
            if not is_look_up(each) and each not in found:
                yield f"there is no {what} {each} {where}: correct the setting, or use another account"
        look_ups = [each for each in named if is_look_up(each)]
        if look_ups and not found:
            yield f"{', '.join(look_ups)} finds no {what} {where}: set the tag or the name, or correct it"


def _filters(named: Sequence[str], ids_filter: str, vpc: str | None) -> Iterator[list[Any]]:
    """Yield the filters of each request: one for the ids, and one for each look-up."""
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}] if vpc else []
    if ids := [each for each in named if not is_look_up(each)]:
        yield [{"Name": ids_filter, "Values": ids}, *of_vpc]
    for each in filter(is_look_up, named):
        name, _, value = each.partition("=")
        if name.startswith("tag:"):
            yield [{"Name": name, "Values": [_literal(value)]}, *of_vpc]
        else:
            yield [{"Name": "group-name", "Values": [_literal(each.removeprefix("name:"))]}, *of_vpc]


def _literal(value: str) -> str:
    r"""Return a value without wildcards for a filter: EC2 takes `*` and `?` for any characters."""
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _sorted(described: Mapping[str, Described]) -> list[Described]:
    """Return the descriptions by id, so that the template does not change with the order of an answer."""
    return [described[name] for name in sorted(described)]


def _lets_out(group: Described) -> bool:
    return any(
        rule["IpProtocol"] == "-1"
        or (rule["IpProtocol"] == "tcp" and rule["FromPort"] <= _HTTPS <= rule["ToPort"])
        for rule in group["IpPermissionsEgress"]
    )
