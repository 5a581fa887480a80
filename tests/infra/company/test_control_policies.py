"""The template passes the control policies and the checkers of a company, with every setting."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from noukai_infra.app import composed
from noukai_infra.settings import file_context
from tests.infra.company.control_policies import (
    Rule,
    open_to_everybody,
    other_regions,
    public_buckets,
    unbounded_roles,
    untagged,
    users,
    without_key,
)
from tests.infra.company.variants import EDGE, EVERYTHING, KEY, PARTS, TAGS
from tests.infra.stack.template import NO_BUNDLING, Template

RULES: dict[str, Rule] = {
    "no public buckets": public_buckets,
    "no users": users,
    "bounded roles": unbounded_roles,
    "tags": untagged(TAGS),
    "allowed regions": other_regions({"us-east-1"}),
    "a key of the company": without_key(KEY),
    "no open security group": open_to_everybody,
}
_ALLOWING = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
_BUCKET = "AWS::S3::Bucket"
BREAKS: list[tuple[str, str, dict[str, Any]]] = [
    ("no public buckets", _BUCKET, {"PublicAccessBlockConfiguration": None}),
    ("no public buckets", _BUCKET, {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
    ("no public buckets", _BUCKET, {"AccessControl": "PublicRead"}),
    ("no public buckets", "AWS::S3::BucketPolicy", {"PolicyDocument": {"Statement": [_ALLOWING]}}),
    ("no users", "AWS::IAM::User", {}),
    ("no users", "AWS::IAM::AccessKey", {}),
    ("bounded roles", "AWS::IAM::Role", {"PermissionsBoundary": None}),
    ("tags", "AWS::SQS::Queue", {"Tags": None}),
    ("tags", "AWS::DynamoDB::Table", {"Tags": [{"Key": "owner", "Value": "data"}]}),
    ("tags", "AWS::ApiGatewayV2::Api", {"Tags": {"owner": "data"}}),
    ("allowed regions", "AWS::SQS::Queue", {"Tags": ["arn:aws:sqs:eu-central-1:1:a"]}),
    ("a key of the company", "AWS::DynamoDB::Table", {"SSESpecification": {"SSEEnabled": True}}),
    ("a key of the company", "AWS::SQS::Queue", {"KmsMasterKeyId": None}),
    ("a key of the company", _BUCKET, {"BucketEncryption": None}),
    ("a key of the company", "AWS::Logs::LogGroup", {"KmsKeyId": f"{KEY}0"}),
    ("a key of the company", "AWS::SNS::Topic", {"KmsMasterKeyId": "alias/aws/sns"}),
    ("no open security group", "AWS::EC2::SecurityGroup", {"SecurityGroupEgress": None}),
    (
        "no open security group",
        "AWS::EC2::SecurityGroup",
        {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0"}]},
    ),
    ("no open security group", "AWS::EC2::SecurityGroupIngress", {"CidrIpv6": "::/0"}),
]
"""A rule, a type of resource, and properties with which one of that type breaks the rule."""


def broken(template: Template, kind: str, properties: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the resources with one of a type that has other properties (None removes one), and its name."""
    resources = template.body["Resources"]
    name = next((name for name, each in resources.items() if each["Type"] == kind), "Added")
    changed = {**resources.get(name, {}).get("Properties", {}), **properties}
    kept = {place: value for place, value in changed.items() if value is not None}
    return name, {**resources, name: {"Type": kind, "Properties": kept}}


@pytest.mark.parametrize("rule", RULES)
def test_template_passes(everything: Template, rule: str) -> None:
    assert list(RULES[rule](everything.body["Resources"])) == []


@pytest.mark.parametrize(("rule", "kind", "properties"), BREAKS)
def test_rule_finds_what_breaks_it(
    everything: Template, rule: str, kind: str, properties: dict[str, Any]
) -> None:
    """That resource, and no other."""
    name, resources = broken(everything, kind, properties)
    assert [*RULES[rule](resources)] == [name]


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _, _ in BREAKS} == RULES.keys()


@pytest.fixture(scope="module")
def edge_assembly(assembly_for: Callable[..., Path]) -> Path:
    return assembly_for(**PARTS["kms_key"], **EDGE)


@pytest.mark.parametrize("rule", RULES)
def test_edge_stack_passes(edge_assembly: Path, rule: str) -> None:
    """CloudFront and the firewall are tagged as the rest; their stack stores nothing."""
    resources = json.loads((edge_assembly / "noukai-edge.template.json").read_text())["Resources"]
    assert list(RULES[rule](resources)) == []


def test_cdk_nag_finds_nothing(tmp_path: Path) -> None:
    """All it finds with every setting is acknowledged where it stands; it does find a queue without TLS."""
    with composed(tmp_path, {**file_context(), **NO_BUNDLING, **EVERYTHING}) as app:
        sqs.Queue(Stack(app, "open"), "Queue")
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        with pytest.raises(RuntimeError) as found:
            app.synth()
    assert set(re.findall(r"^ +(\S+) aws-cdk-lib", str(found.value), re.MULTILINE)) == {"open/Queue/Resource"}


@pytest.mark.parametrize("kind", ["everything_assembly", "edge_assembly"])
def test_cfn_lint_finds_nothing(request: pytest.FixtureRequest, kind: str) -> None:
    assembly = request.getfixturevalue(kind)
    for template in assembly.glob("*.template.json"):
        done = subprocess.run(
            [Path(sys.executable).with_name("cfn-lint"), template],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "")
