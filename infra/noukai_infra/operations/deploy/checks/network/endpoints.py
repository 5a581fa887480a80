"""The endpoints that workers in a VPC need, those that are missing, and their prices."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from noukai_infra.operations.deploy.checks.network.found import Found
from noukai_infra.operations.deploy.inventory import USD_PER_INTERFACE_ZONE
from noukai_infra.settings import NewEndpoint

GATEWAYS = ("dynamodb", "s3")
"""The services that have gateway endpoints, which are free."""

USD_PER_INTERFACE_GB = 0.01
"""https://aws.amazon.com/privatelink/pricing/, us-east-1."""

USD_PER_NAT_GATEWAY, USD_PER_NAT_GB = 32.85, 0.045
"""https://aws.amazon.com/vpc/pricing/, us-east-1: 0.045 USD an hour, in a month of 730 hours."""

_WAYS_OUT = ("NatGatewayId", "TransitGatewayId", "InstanceId", "NetworkInterfaceId", "CoreNetworkArn")
"""The targets of a default route through which a function without a public address reaches AWS."""


@dataclass(frozen=True)
class Vpc:
    """A VPC as EC2 describes it: the route table of each subnet, and endpoints by others than the stack."""

    name: str
    tables: Mapping[str, Mapping[str, Any]]
    endpoints: Sequence[Mapping[str, Any]]
    has_private_names: bool

    @classmethod
    def of(cls, ec2: Any, name: str, subnets: Sequence[str], own: frozenset[str]) -> "Vpc":
        """Describe a VPC; `own` are the ids of the stack's own endpoints."""
        of_vpc = [{"Name": "vpc-id", "Values": [name]}]
        tables = [
            each
            for page in ec2.get_paginator("describe_route_tables").paginate(Filters=of_vpc)
            for each in page["RouteTables"]
        ]
        endpoints = [
            each
            for page in ec2.get_paginator("describe_vpc_endpoints").paginate(Filters=of_vpc)
            for each in page["VpcEndpoints"]
            if each["State"].lower() == "available" and each["VpcEndpointId"] not in own
        ]
        support = ec2.describe_vpc_attribute(VpcId=name, Attribute="enableDnsSupport")["EnableDnsSupport"]
        hostnames = ec2.describe_vpc_attribute(VpcId=name, Attribute="enableDnsHostnames")[
            "EnableDnsHostnames"
        ]
        has_private_names = support["Value"] and hostnames["Value"]
        return cls(name, {each: _table_of(each, tables) for each in subnets}, endpoints, has_private_names)

    def missing(self, service: str) -> list[str]:
        """Return the subnets from which a service cannot be reached, neither by a route nor an endpoint."""
        shut = [subnet for subnet, table in self.tables.items() if not _has_way_out(table)]
        there = [each for each in self.endpoints if each["ServiceName"].endswith(f".{service}")]
        if service in GATEWAYS:
            covered = {table for each in there for table in each.get("RouteTableIds", ())}
            return [subnet for subnet in shut if self.tables[subnet]["RouteTableId"] not in covered]
        return [] if any(each.get("PrivateDnsEnabled") for each in there) else shut

    def is_public(self, subnet: str) -> bool:
        """Return whether the default route of a subnet is an internet gateway."""
        routes = _default_routes(self.tables[subnet])
        return any(route.get("GatewayId", "").startswith("igw-") for route in routes)


def new_endpoints(vpc: Vpc, networks: Sequence[Found], services: Sequence[str]) -> Iterator[NewEndpoint]:
    """Yield the endpoints that the worker kinds of a VPC need and that are missing."""
    zones: dict[str, str] = {}
    for each in networks:
        zones = {**each.zones, **zones}
    groups = sorted({group for each in networks for group in each.placement.security_groups})
    for service in services:
        if not (missing := vpc.missing(service)):
            continue
        if service in GATEWAYS:
            tables = sorted({vpc.tables[subnet]["RouteTableId"] for subnet in missing})
            yield NewEndpoint(vpc.name, service, route_tables=tuple(tables))
        else:
            subnets = tuple(sorted(zones.values()))
            yield NewEndpoint(vpc.name, service, subnets=subnets, security_groups=tuple(groups))


def monthly_usd(endpoints: Sequence[NewEndpoint]) -> float:
    """Return what endpoints cost in a month, without their traffic."""
    return sum(len(each.subnets) for each in endpoints) * USD_PER_INTERFACE_ZONE


def priced(endpoint: NewEndpoint) -> str:
    """Return an endpoint with its price, for a line."""
    if endpoint.route_tables:
        tables = ", ".join(endpoint.route_tables)
        return f"a gateway endpoint for {endpoint.service} in {tables}: free"
    count = len(endpoint.subnets)
    return (
        f"an interface endpoint for {endpoint.service} in {count} {'zone' if count == 1 else 'zones'}: "
        f"{monthly_usd([endpoint]):.2f} USD a month, and {USD_PER_INTERFACE_GB:.2f} per GB"
    )


def _table_of(subnet: str, tables: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the route table of a subnet: its own, or else the main one of the VPC."""
    main: Mapping[str, Any] = {"RouteTableId": "", "Routes": ()}
    for table in tables:
        for each in table["Associations"]:
            if each.get("SubnetId") == subnet:
                return table
            if each.get("Main"):
                main = table
    return main


def _default_routes(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        route
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State") != "blackhole"
    ]


def _has_way_out(table: Mapping[str, Any]) -> bool:
    """Return whether a default route leads to AWS; an internet gateway needs a public address."""
    return any(map(_leads_out, _default_routes(table)))


def _leads_out(route: Mapping[str, Any]) -> bool:
    is_gateway: bool = route.get("GatewayId", "").startswith(("vgw-", "vpce-"))
    return is_gateway or any(route.get(target) for target in _WAYS_OUT)
