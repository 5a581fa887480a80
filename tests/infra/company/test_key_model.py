"""The company's key: every principal that needs it may use it, by AWS's rules, and no other."""

import json
from typing import Any

import pytest

from tests.documents import BLOCKS
from tests.infra.company.execution_policy import FOLDER
from tests.infra.company.key_model import Need, grants, lacking, needs
from tests.infra.company.variants import KEY
from tests.infra.stack.template import Template


@pytest.fixture(scope="module")
def key_policy() -> list[dict[str, Any]]:
    """Return the statements that COMPANY.md adds to the key's policy."""
    [block] = [each for each in BLOCKS if each.file == "key-policy.json"]
    statements: list[dict[str, Any]] = json.loads(block.code)
    return statements


@pytest.fixture(scope="module")
def needed(everything: Template) -> set[Need]:
    return needs(everything)


@pytest.fixture(scope="module")
def granted(everything: Template, key_policy: list[dict[str, Any]]) -> set[Need]:
    return grants(everything, KEY, key_policy)


def test_every_need_is_granted(needed: set[Need], granted: set[Need]) -> None:
    assert lacking(needed, granted) == set()
    services = {each.through or each.principal for each in needed}
    assert services == {
        *("dynamodb", "lambda", "s3", "sqs", "ssm"),
        *("cloudwatch.amazonaws.com", "logs.REGION.amazonaws.com"),
    }


def test_each_grant_is_needed(needed: set[Need], granted: set[Need]) -> None:
    """Without any one of them, of a role or in the key's policy, something fails; so none is left over."""
    assert len(granted) > 60
    for grant in granted:
        assert lacking(needed, granted - {grant}), grant


def test_no_role_uses_the_key_directly(granted: set[Need]) -> None:
    assert [each for each in granted if each.through == "*"] == []


def changed(template: Template, kind: str, **properties: object) -> Template:
    """Return a template in which the first resource of a kind has other properties."""
    body = template.body
    name = next(iter(template.resources(kind)))
    body["Resources"][name]["Properties"] |= properties
    return Template(json.dumps(body))


@pytest.mark.parametrize(
    ("kind", "part", "principal"),
    [
        ("Events::Rule", "Targets", "events.amazonaws.com"),
        ("S3::Bucket", "NotificationConfiguration", "s3.amazonaws.com"),
    ],
)
def test_service_that_would_use_the_key_is_found(
    everything: Template, granted: set[Need], kind: str, part: str, principal: str
) -> None:
    """A rule or a bucket that sends to an encrypted queue would need the key itself: today none does."""
    queue = next(iter(everything.resources("SQS::Queue")))
    told = changed(everything, kind, **{part: [{"Arn": {"Fn::GetAtt": [queue, "Arn"]}}]})
    assert lacking(needs(told), granted) == {
        Need(principal, "", "kms:Decrypt"),
        Need(principal, "", "kms:GenerateDataKey"),
    }


def test_alarms_of_the_companys_own_topic_use_its_key(everything: Template) -> None:
    """Without a topic of the stack, the key's policy needs no statement for alarms."""
    body = everything.body
    body["Resources"] = {
        name: each for name, each in body["Resources"].items() if not each["Type"].startswith("AWS::SNS::")
    }
    assert not [each for each in needs(Template(json.dumps(body))) if each.principal.startswith("cloudwatch")]


def test_deploy_may_give_the_key_to_services() -> None:
    """DynamoDB and Lambda use it by grants, which CloudFormation's role makes for them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    statements = json.loads((FOLDER / "kms_key.json").read_text())["Statement"]
    allowed = {action for each in statements for action in each["Action"]}
    assert {"kms:CreateGrant", "kms:DescribeKey", "kms:Encrypt", "kms:Decrypt"} <= allowed
