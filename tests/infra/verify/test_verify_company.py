"""The checks of a company's rules, with answers as AWS gives them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from noukai_infra.verify.check import Check
from noukai_infra.verify.checks import company
from noukai_infra.verify.deployed import Deployed
from noukai_infra.verify.report import Finding
from noukai_infra.verify.verification import Verification

REGION, ACCOUNT = "eu-central-1", "123456789012"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd"
ROLE = {"RoleName": "worker", "Arn": f"arn:aws:iam::{ACCOUNT}:role/worker"}
BOUNDED = {**ROLE, "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/a"}}
STATEMENT = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
SERVICES = (f"logs.{REGION}.amazonaws.com", "cloudwatch.amazonaws.com")
RESOURCES = {
    "AWS::DynamoDB::Table": ["jobs"],
    "AWS::IAM::Role": ["worker"],
    "AWS::Lambda::Function": ["worker"],
    "AWS::Logs::LogGroup": ["worker"],
    "AWS::SNS::Topic": ["alarms"],
}


class Client:
    """A client of any service, with an answer for each operation."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: self._answers[operation]


class Session:
    """A session whose clients give the same answers."""

    region_name = REGION

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def client(self, _: str) -> Client:
        return Client(self._answers)


class Stack(Deployed):
    """A stack on AWS with a resource of each type."""

    is_on_aws = True

    def resources(self, kind: str) -> list[str]:
        return RESOURCES[kind]


def found(make: Any, answers: Mapping[str, Any]) -> Finding:
    """Make a check on AWS with these answers."""
    session: Any = Session(answers)
    nothing: Any = None
    stack = Stack("noukai", {}, session, nothing, "verify", clock=float, sleep=lambda _: None)
    (finding,) = Verification(stack, [Check("It is so.", make, on_aws=True, needs_demo=False)]).findings()
    return finding


def of_roles(role: object, *, is_inside: bool = True) -> dict[str, Any]:
    judged = {
        "EvalActionName": "sqs:SendMessage",
        "EvalDecision": "allowed" if is_inside else "implicitDeny",
        "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": is_inside},
    }
    return {
        "get_role": {"Role": role},
        "list_role_policies": {"PolicyNames": ["own"]},
        "get_role_policy": {"PolicyDocument": {"Statement": [STATEMENT]}},
        "simulate_principal_policy": {"EvaluationResults": [judged]},
    }


@pytest.mark.parametrize(
    ("answers", "outcome", "said"),
    [
        (of_roles(BOUNDED), "passed", "1 roles are bounded"),
        (of_roles(BOUNDED, is_inside=False), "failed", "worker: sqs:SendMessage"),
        (of_roles(ROLE), "skipped", "no permissions boundary"),
    ],
)
def test_boundary(answers: Mapping[str, Any], outcome: str, said: str) -> None:
    """One that is too narrow fails, with the action that it takes."""
    finding = found(company.boundary_leaves_rights, answers)
    assert finding.outcome == outcome
    assert said in finding.seen


def of_key(
    table: str | None = KEY,
    log: str | None = KEY,
    services: tuple[str, ...] = SERVICES,
    state: str = "Enabled",
) -> dict[str, Any]:
    statements = [{"Effect": "Allow", "Principal": {"Service": each}} for each in services]
    return {
        "describe_table": {"Table": {"SSEDescription": {"KMSMasterKeyArn": table}} if table else {}},
        "describe_log_groups": {"logGroups": [{"kmsKeyId": log} if log else {}]},
        "describe_key": {"KeyMetadata": {"KeyState": state}},
        "get_key_policy": {"Policy": json.dumps({"Statement": statements})},
    }


@pytest.mark.parametrize(
    ("answers", "outcome", "said"),
    [
        (of_key(), "passed", "the key is Enabled"),
        (of_key(table=None, log=None), "skipped", "no key"),
        (of_key(log=None), "failed", "other keys"),
        (of_key(state="Disabled"), "failed", "Disabled instead of Enabled"),
        (of_key(services=SERVICES[1:]), "failed", "a statement for CloudWatch Logs"),
        (of_key(services=SERVICES[:1]), "failed", "a statement for CloudWatch, whose alarms"),
    ],
)
def test_key(answers: Mapping[str, Any], outcome: str, said: str) -> None:
    """The key that stores are under, and its policy for what uses it without a role."""
    finding = found(company.key_is_used, answers)
    assert finding.outcome == outcome
    assert said in finding.seen


def of_deploying(role: str | None, change: str, read: str) -> dict[str, Any]:
    decisions = {
        **dict.fromkeys(("dynamodb:UpdateTable", "lambda:UpdateFunctionConfiguration"), change),
        **dict.fromkeys(("dynamodb:GetItem", "lambda:InvokeFunction"), read),
    }
    judged = [{"EvalActionName": name, "EvalDecision": each} for name, each in decisions.items()]
    stack = {"RoleARN": role} if role else {}
    return {
        "describe_stacks": {"Stacks": [stack]},
        "simulate_principal_policy": {"EvaluationResults": judged},
    }


@pytest.mark.parametrize(
    ("answers", "outcome", "said"),
    [
        (of_deploying(ROLE["Arn"], "allowed", "implicitDeny"), "passed", "role/worker"),
        (of_deploying(ROLE["Arn"], "allowed", "allowed"), "skipped", "AdministratorAccess"),
        (of_deploying(ROLE["Arn"], "implicitDeny", "implicitDeny"), "failed", "instead of"),
        (of_deploying(None, "allowed", "allowed"), "skipped", "who deployed it"),
    ],
)
def test_deploying_role(answers: Mapping[str, Any], outcome: str, said: str) -> None:
    finding = found(company.deploying_role_is_narrow, answers)
    assert finding.outcome == outcome
    assert said in finding.seen
