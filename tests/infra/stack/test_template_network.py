"""The networks of workers in the template: placements, rights and endpoints."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from noukai_infra.settings import Network, Settings, SettingsError
from tests.infra.stack.template import Template

Make = Callable[..., Template]
SUBNETS, GROUPS = ["subnet-0a1b2c3d", "subnet-1a1b2c3d"], ["sg-0a1b2c3d"]
IDS = {"subnets": SUBNETS, "security_groups": GROUPS}
LOOK_UP = {"subnets": "tag:Tier=private", "security_groups": "name:workers", "vpc": "vpc-0a1b2c3d"}
INTERFACE_ACTIONS = {
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def found(network: dict[str, Any], *endpoints: dict[str, Any]) -> str:
    """Return what a deploy passes on about a network."""
    placement = {"subnets": SUBNETS, "security_groups": GROUPS}
    return json.dumps({"placements": {Network(**network).key: placement}, "endpoints": endpoints})


def statements(template: Template) -> list[dict[str, Any]]:
    """Return every statement about network interfaces."""
    return [
        statement
        for each in template.resources("IAM::Policy").values()
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if "ec2:" in json.dumps(statement["Action"])
    ]


def test_no_function_is_in_a_network_by_default(template: Template, template_for: Make) -> None:
    """Without the setting the template is the same to the byte."""
    assert "VpcConfig" not in template.text
    assert "ec2" not in template.text.lower()
    assert template_for(worker={"network": None}, found_networks='{"placements": {}}').text == template.text


def test_only_the_worker_is_in_its_network(template: Template, template_for: Make) -> None:
    """No resource is added."""
    made = template_for(worker={"network": IDS})
    (name,) = (
        name for name, each in made.resources("Lambda::Function").items() if "VpcConfig" in each["Properties"]
    )
    assert name == made.named("worker")
    assert made.body["Resources"][name]["Properties"]["VpcConfig"] == {
        "SubnetIds": SUBNETS,
        "SecurityGroupIds": GROUPS,
    }
    types = [
        sorted(each["Type"] for each in body["Resources"].values()) for body in (made.body, template.body)
    ]
    assert types[0] == types[1]


def test_role_makes_network_interfaces_and_the_code_may_not(template_for: Make) -> None:
    """Lambda refuses a function whose role lacks one; the function depends on the policy that has them."""
    made = template_for(worker={"network": IDS})
    allowed, denied = statements(made)
    assert (allowed["Effect"], set(allowed["Action"])) == ("Allow", INTERFACE_ACTIONS)
    assert (denied["Effect"], set(denied["Action"])) == ("Deny", INTERFACE_ACTIONS)
    assert "Condition" not in allowed
    assert ":function:*" in json.dumps(denied["Condition"]["ArnLike"]["lambda:SourceFunctionArn"])
    worker = made.body["Resources"][made.named("worker")]
    policies = [name for name in worker["DependsOn"] if name in made.resources("IAM::Policy")]
    assert any(
        allowed in made.body["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]
        for name in policies
    )


def test_ids_of_a_look_up_come_from_the_deploy(template_for: Make) -> None:
    made = template_for(worker={"network": LOOK_UP}, found_networks=found(LOOK_UP))
    placed = made.body["Resources"][made.named("worker")]["Properties"]["VpcConfig"]
    assert placed == {"SubnetIds": SUBNETS, "SecurityGroupIds": GROUPS}


def test_emulator_has_no_network(template_for: Make) -> None:
    made = template_for(worker={"network": LOOK_UP}, platform="host")
    assert "VpcConfig" not in made.text


def test_endpoints_that_the_deploy_found_missing(template: Template, template_for: Make) -> None:
    """Gateways in route tables; interfaces behind one security group that lets the workers' groups in."""
    network = {**IDS, "endpoints": "create"}
    vpc = "vpc-0a1b2c3d"
    gateway = {"vpc": vpc, "service": "dynamodb", "route_tables": ["rtb-1"]}
    interfaces = [
        {"vpc": vpc, "service": service, "subnets": SUBNETS, "security_groups": GROUPS}
        for service in ("sqs", "ssm")
    ]
    made = template_for(worker={"network": network}, found_networks=found(network, gateway, *interfaces))
    of_gateway, *of_interfaces = (each["Properties"] for each in made.resources("EC2::VPCEndpoint").values())
    assert (of_gateway["VpcEndpointType"], of_gateway["RouteTableIds"]) == ("Gateway", ["rtb-1"])
    ((group, door),) = made.resources("EC2::SecurityGroup").items()
    assert [each["SourceSecurityGroupId"] for each in door["Properties"]["SecurityGroupIngress"]] == GROUPS
    for each in of_interfaces:
        assert (each["VpcEndpointType"], each["PrivateDnsEnabled"]) == ("Interface", True)
        assert each["SubnetIds"] == SUBNETS
        assert each["SecurityGroupIds"] == [{"Fn::GetAtt": [group, "GroupId"]}]
    assert len(made.body["Resources"]) == len(template.body["Resources"]) + 4


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ({"subnets": ["subnet-1"], "security_groups": GROUPS}, r"subnets\.0: .* be the id of a subnet"),
        ({"subnets": SUBNETS, "security_groups": "workers"}, r"security_groups\.0: .* or name:NAME"),
        ({"subnets": [], "security_groups": GROUPS}, r"subnets: "),
        ({"subnets": SUBNETS}, r"security_groups: "),
        ({**IDS, "security_groups": GROUPS * 6}, r"security_groups: "),
        ({**IDS, "endpoint": "create"}, r"endpoint: .* did you mean endpoints"),
        ({**IDS, "endpoints": "yes"}, r"endpoints: "),
        ({**IDS, "vpc": "shop"}, r"vpc: "),
    ],
)
def test_invalid_network_is_refused(network: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=rf"^worker\.network\.{said}"):
        Settings.from_context({"worker": {"network": network}})


def test_worker_kinds_inherit_the_network() -> None:
    settings = Settings.from_context({"worker": {"network": IDS}, "workers": {"ml": {"memory": 2048}}})
    assert settings.workers["ml"].network == settings.worker.network
