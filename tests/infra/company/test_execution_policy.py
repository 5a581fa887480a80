"""The rights of the role that CloudFormation takes."""

import json

import pytest

from tests.infra.company.execution_policy import FILE, OF_ACTIONS, OF_SERVICES, UNUSED, needed, policy, text
from tests.infra.stack.template import Template

ANYWHERE = {action for action, resources in OF_ACTIONS.items() if resources == ["*"]}


def test_policy_is_what_the_template_needs(ruled: Template) -> None:
    """No more and no less than the handlers of its types; a new type changes the file."""
    assert FILE.read_text() == text(ruled)


def test_new_type_fails_without_its_rights() -> None:
    with pytest.raises(KeyError, match="cognito-idp"):
        policy(["AWS::Cognito::UserPool"])
    assert needed(["AWS::SQS::Queue"]) < needed(["AWS::SQS::Queue", "AWS::SNS::Topic"])


def test_policy_is_narrow() -> None:
    """A star stands only where IAM knows no resource; no right reads or writes what is stored."""
    statements = json.loads(FILE.read_text())["Statement"]
    allowed = set()
    for each in statements:
        allowed |= {*each["Action"]}
        assert not [action for action in each["Action"] if "*" in action]
        if each["Resource"] == ["*"]:
            assert {*each["Action"]} <= ANYWHERE
        if "iam:PassRole" in each["Action"]:
            assert each["Condition"]["StringEquals"].keys() == {"iam:PassedToService"}
    assert not allowed & UNUSED
    services = {action.partition(":")[0] for action in allowed}
    assert services <= OF_SERVICES.keys()
    assert not {action for action in allowed if action.startswith(("iam:CreateUser", "iam:CreateAccessKey"))}
