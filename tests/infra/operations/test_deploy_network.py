"""The networks of workers before a deploy: look-ups, refusals, and missing endpoints with their prices."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION, ROOT_USER
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.checks.network.plan import NetworkPlan, plan_networks
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.settings import Settings
from tests.infra.operations.recording_cdk import RecordingCdk

STACK = "noukai"


class Vpc:
    """A VPC with private subnets in two zones and a security group, and the commands to change it."""

    def __init__(self, block: str = "10.0") -> None:
        self.ec2: Any = boto3.client("ec2", region_name=REGION)
        self.id = self.ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        self.subnets = [self.subnet(f"{block}.{n}.0/24", zone) for n, zone in enumerate("ab")]
        made = self.ec2.create_security_group(GroupName="workers", Description="x", VpcId=self.id)
        self.group = made["GroupId"]
        (table,) = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.id]}])[
            "RouteTables"
        ]
        self.table = table["RouteTableId"]

    def subnet(self, block: str, zone: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.id, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")
        name: str = made["Subnet"]["SubnetId"]
        self.ec2.create_tags(Resources=[name], Tags=[{"Key": "Tier", "Value": "private"}])
        return name

    def network(self, **others: Any) -> dict[str, Any]:
        return {"subnets": self.subnets, "security_groups": [self.group], **others}

    def add_nat(self, table: str) -> None:
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=address)["NatGateway"]
        self.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"]
        )

    def add_endpoint(self, service: str, **options: Any) -> str:
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.id, ServiceName=f"com.amazonaws.{REGION}.{service}", **options
        )
        name: str = made["VpcEndpoint"]["VpcEndpointId"]
        return name


@pytest.fixture
def vpc(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vpc]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, ROOT_USER[name])
    with mock_aws():
        yield Vpc()


def planned(network: dict[str, Any], **settings: Any) -> NetworkPlan:
    account = Account(boto3.Session(region_name=REGION), ACCOUNT, REGION)
    made = Settings.from_context({"worker": {"network": network}, **settings})
    return plan_networks(account, STACK, made)


def found(plan: NetworkPlan) -> dict[str, Any]:
    """Return what the plan passes to the template."""
    name, _, text = plan.context[1].partition("=")
    assert (plan.context[0], name) == ("--context", "found_networks")
    assert Settings.from_context({name: text}).found_networks is not None
    read: dict[str, Any] = json.loads(text)
    return read


def test_nothing_is_asked_without_a_network() -> None:
    """There are no credentials here: a request would fail."""
    account = Account(boto3.Session(region_name=REGION), ACCOUNT, REGION)
    assert plan_networks(account, STACK, Settings()) == NetworkPlan()


def test_missing_endpoints_are_named_with_their_prices(vpc: Vpc) -> None:
    plan = planned(vpc.network())
    assert found(plan)["endpoints"] == []
    text = "\n".join(plan.lines)
    assert f"In {vpc.id} run the workers of worker.network." in text
    assert "They miss, and run no job without:" in text
    assert f"a gateway endpoint for dynamodb in {vpc.table}: free" in text
    assert f"a gateway endpoint for s3 in {vpc.table}: free" in text
    assert "an interface endpoint for sqs in 2 zones: 14.60 USD a month, and 0.01 per GB" in text
    assert "Together: 14.60 USD a month, and the traffic." in text
    assert "A NAT gateway, 32.85 USD a month and 0.045 per GB" in text


def test_missing_endpoints_are_created(vpc: Vpc) -> None:
    """Those for the secrets too; an interface in one subnet of each zone."""
    vpc.subnets.append(vpc.subnet("10.0.9.0/24", "b"))
    secrets = {"AA": "ssm:/a", "BB": "secretsmanager:b"}
    plan = planned(vpc.network(endpoints="create"), secrets=secrets)
    made = {each["service"]: each for each in found(plan)["endpoints"]}
    assert list(made) == ["dynamodb", "s3", "sqs", "secretsmanager", "ssm"]
    assert made["s3"]["route_tables"] == [vpc.table]
    assert len(made["sqs"]["subnets"]) == 2
    assert made["sqs"]["security_groups"] == [vpc.group]
    assert "This creates:" in plan.lines
    assert "Together: 43.80 USD a month, and the traffic." in plan.lines


def test_endpoints_that_are_there_are_not_made_again(vpc: Vpc) -> None:
    """A gateway counts in its route tables alone, an interface with private names."""
    vpc.add_endpoint("dynamodb", VpcEndpointType="Gateway", RouteTableIds=[vpc.table])
    vpc.add_endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=[])
    vpc.add_endpoint("sqs", VpcEndpointType="Interface", SubnetIds=vpc.subnets, PrivateDnsEnabled=True)
    plan = planned(vpc.network(endpoints="create"))
    assert [each["service"] for each in found(plan)["endpoints"]] == ["s3"]
    assert "They reach dynamodb, sqs already." in plan.lines


def test_interface_without_private_names_does_not_count(vpc: Vpc) -> None:
    """Workers use the service's usual name."""
    vpc.add_endpoint("sqs", VpcEndpointType="Interface", SubnetIds=vpc.subnets, PrivateDnsEnabled=False)
    assert "sqs" in [each["service"] for each in found(planned(vpc.network(endpoints="create")))["endpoints"]]


def test_endpoints_of_the_stack_stay_in_its_template(vpc: Vpc) -> None:
    """Otherwise every second deploy would delete them."""
    template = {
        "Resources": {
            "Own": {
                "Type": "AWS::EC2::VPCEndpoint",
                "Properties": {
                    "VpcId": vpc.id,
                    "ServiceName": f"com.amazonaws.{REGION}.s3",
                    "VpcEndpointType": "Gateway",
                    "RouteTableIds": [vpc.table],
                },
            }
        }
    }
    boto3.client("cloudformation", region_name=REGION).create_stack(
        StackName=STACK, TemplateBody=json.dumps(template)
    )
    plan = planned(vpc.network(endpoints="create"))
    assert [each["service"] for each in found(plan)["endpoints"]] == ["dynamodb", "s3", "sqs"]


def test_route_to_a_nat_gateway_reaches_all(vpc: Vpc) -> None:
    vpc.add_nat(vpc.table)
    plan = planned(vpc.network(endpoints="create"))
    assert found(plan)["endpoints"] == []
    assert "They reach dynamodb, s3, sqs already." in plan.lines


def test_only_route_tables_without_a_way_out_get_gateways(vpc: Vpc) -> None:
    table = vpc.ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    vpc.ec2.associate_route_table(RouteTableId=table, SubnetId=vpc.subnets[1])
    vpc.add_nat(vpc.table)
    made = {each["service"]: each for each in found(planned(vpc.network(endpoints="create")))["endpoints"]}
    assert made["dynamodb"]["route_tables"] == [table]
    assert len(made["sqs"]["subnets"]) == 2


def test_internet_gateway_is_no_way_out(vpc: Vpc) -> None:
    """Functions have no public address."""
    gateway = vpc.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    vpc.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc.id)
    vpc.ec2.create_route(RouteTableId=vpc.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    text = "\n".join(planned(vpc.network()).lines)
    assert f"{vpc.subnets[0]} is public, and functions have no public address" in text
    assert "an interface endpoint for sqs" in text


def test_look_ups_find_ids_for_the_template(vpc: Vpc) -> None:
    """In the order of the ids, so that the template stays the same; a second VPC is left out by `vpc`."""
    Vpc("10.1")
    look_up = {"subnets": "tag:Tier=private", "security_groups": "name:workers", "vpc": vpc.id}
    (placement,) = found(planned(look_up))["placements"].values()
    assert placement == {"subnets": sorted(vpc.subnets), "security_groups": [vpc.group]}


def test_worker_kinds_of_a_vpc_share_its_endpoints(vpc: Vpc) -> None:
    """One asks to create them; an inherited network is looked up once."""
    other = vpc.ec2.create_security_group(GroupName="ml", Description="x", VpcId=vpc.id)["GroupId"]
    ml = {"network": {**vpc.network(), "security_groups": [other], "endpoints": "create"}}
    plan = planned(vpc.network(), workers={"ml": ml, "plain": {}})
    assert f"In {vpc.id} run the workers of worker.network, workers.ml.network." in "\n".join(plan.lines)
    (interface,) = (each for each in found(plan)["endpoints"] if each["service"] == "sqs")
    assert interface["security_groups"] == sorted([vpc.group, other])
    assert len(found(plan)["placements"]) == 2


def test_invalid_networks_are_refused(vpc: Vpc) -> None:
    """Each problem is named; nothing has changed then."""
    other = Vpc("10.1")
    cases: dict[str, dict[str, Any]] = {
        "its subnets are in several VPCs": {"subnets": [vpc.subnets[0], other.subnets[0]]},
        f"security group {other.group} is in {other.id}": {"security_groups": [other.group]},
        "there is no subnet subnet-0a1b2c3d in this account": {"subnets": "subnet-0a1b2c3d"},
        f"there is no security group {other.group} in {vpc.id}": {
            "security_groups": [other.group],
            "vpc": vpc.id,
        },
        "tag:Tier=public finds no subnet in this account": {"subnets": "tag:Tier=public"},
        "tag:Tier=priv* finds no subnet": {"subnets": "tag:Tier=priv*"},
        "name:nobody finds no security group": {"security_groups": "name:nobody"},
    }
    for said, changed in cases.items():
        with pytest.raises(OperatorError) as refused:
            planned(vpc.network(**changed))
        assert said in str(refused.value)
        assert "- worker.network: " in str(refused.value)


def test_unwise_networks_are_warned_of(vpc: Vpc) -> None:
    """One zone, few addresses, no rule that lets workers out."""
    small = vpc.subnet("10.0.7.0/28", "a")
    group = vpc.ec2.describe_security_groups(GroupIds=[vpc.group])["SecurityGroups"][0]
    vpc.ec2.revoke_security_group_egress(GroupId=vpc.group, IpPermissions=group["IpPermissionsEgress"])
    text = "\n".join(planned(vpc.network(subnets=[small])).lines)
    assert f"Warning: worker.network: its subnets are in one availability zone, {REGION}a" in text
    assert f"{small} has only 11 free addresses" in text
    assert "no rule of its security groups lets TCP out to port 443" in text


def test_interface_needs_the_dns_of_the_vpc(vpc: Vpc) -> None:
    vpc.ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    with pytest.raises(OperatorError, match="enableDnsSupport and enableDnsHostnames"):
        planned(vpc.network(endpoints="create"))
    planned(vpc.network())


def test_missing_right_is_named(vpc: Vpc, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "DescribeSubnets")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    with pytest.raises(OperatorError, match=r"allow ec2:DescribeSubnets, .* and ec2:DescribeVpcAttribute"):
        planned(vpc.network())


def test_lines_are_shown_before_the_question(account_with_kinds: Account) -> None:
    shown: list[str] = []
    plan = Plan(confirm=lambda: bool(shown) and "the network" not in shown, notes=["the network"])
    with pytest.raises(OperatorError, match="Nothing was deployed"):
        deploy(account_with_kinds, RecordingCdk({}), STACK, _showing(plan, shown))


def _showing(plan: Plan, shown: list[str]) -> Plan:
    return Plan(confirm=plan.confirm, notes=plan.notes, show=shown.append)


def test_inventory_has_the_price_of_endpoints() -> None:
    """By zone; a gateway is free."""
    interface = {"VpcEndpointType": "Interface", "SubnetIds": ["subnet-1", "subnet-2"]}
    endpoints = {"A": interface, "B": {"VpcEndpointType": "Gateway"}}
    template = {
        "Resources": {
            name: {"Type": "AWS::EC2::VPCEndpoint", "Properties": each} for name, each in endpoints.items()
        }
    }
    made = Inventory(template)
    assert made.unpriced == []
    assert made.usd == pytest.approx(14.60)
