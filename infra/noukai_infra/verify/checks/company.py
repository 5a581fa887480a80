"""The rules of a company, as the account applies them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from noukai_infra.verify.check import CheckSkippedError, Saw, check, expect, require
from noukai_infra.verify.deployed import Deployed

_CHANGES = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/", "dynamodb:UpdateTable", "dynamodb:GetItem"),
    "AWS::Lambda::Function": (
        "lambda",
        "function:",
        "lambda:UpdateFunctionConfiguration",
        "lambda:InvokeFunction",
    ),
}
"""By type: the service and the start of its ARNs, what CloudFormation's role does, and what it must not."""


@check("No permissions boundary takes a right from a role of the stack.", on_aws=True)
def boundary_leaves_rights(deployed: Deployed, saw: Saw) -> None:
    iam: Any = deployed.session.client("iam")
    roles = [iam.get_role(RoleName=name)["Role"] for name in deployed.resources("AWS::IAM::Role")]
    bounded = [each for each in roles if "PermissionsBoundary" in each]
    if not bounded:
        raise CheckSkippedError("the roles have no permissions boundary")
    expect(len(bounded), len(roles))
    taken = [f"{each['RoleName']}: {action}" for each in bounded for action in _taken(iam, each)]
    saw(f"{len(bounded)} roles are bounded; taken from them: {taken}")
    expect(taken, [])


def _taken(iam: Any, role: Mapping[str, Any]) -> Iterator[str]:
    """Yield the actions of a role's own policies that its boundary does not allow."""
    name = role["RoleName"]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                answer = iam.simulate_principal_policy(
                    PolicySourceArn=role["Arn"],
                    ActionNames=_listed(statement["Action"]),
                    ResourceArns=_listed(statement["Resource"]),
                )
                yield from _outside(answer["EvaluationResults"])


def _outside(results: list[dict[str, Any]]) -> Iterator[str]:
    for each in results:
        detail = each.get("PermissionsBoundaryDecisionDetail", {})
        if not detail.get("AllowedByPermissionsBoundary", True):
            yield each["EvalActionName"]


@check("Tables and logs are under the company's key, and logs and alarms may use it.", on_aws=True)
def key_is_used(deployed: Deployed, saw: Saw) -> None:
    tables, logs = deployed.session.client("dynamodb"), deployed.session.client("logs")
    described = [
        tables.describe_table(TableName=name)["Table"] for name in deployed.resources("AWS::DynamoDB::Table")
    ]
    keys = [each.get("SSEDescription", {}).get("KMSMasterKeyArn") for each in described]
    if not any(keys):
        raise CheckSkippedError("the settings name no key")
    for name in deployed.resources("AWS::Logs::LogGroup"):
        (group,) = logs.describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
        keys.append(group.get("kmsKeyId"))
    (key, *others) = {*keys}
    saw(f"{len(keys)} tables and logs, other keys: {others}")
    expect(others, [])
    _check_policy(deployed, str(key), saw)


def _check_policy(deployed: Deployed, key: str, saw: Saw) -> None:
    """Fail unless the key is enabled, and its policy names the services that use it as themselves."""
    kms: Any = deployed.session.client("kms")
    state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    named = json.dumps([each["Principal"] for each in document["Statement"] if each["Effect"] == "Allow"])
    saw(f"the key is {state}, for {named}")
    expect(state, "Enabled")
    require(f"logs.{deployed.session.region_name}." in named, "a statement for CloudWatch Logs")
    if deployed.resources("AWS::SNS::Topic"):
        require("cloudwatch." in named, "a statement for CloudWatch, whose alarms the topic tells")


@check("CloudFormation's role may change the resources, and read nothing of what they hold.", on_aws=True)
def deploying_role_is_narrow(deployed: Deployed, saw: Saw) -> None:
    described = deployed.session.client("cloudformation").describe_stacks(StackName=deployed.stack)
    role = described["Stacks"][0].get("RoleARN")
    if role is None:
        raise CheckSkippedError("the stack was made with the rights of who deployed it")
    _, partition, *_, account, _ = role.split(":", 5)
    iam: Any = deployed.session.client("iam")
    decisions: list[tuple[str, str]] = []
    for kind, (service, start, change, read) in _CHANGES.items():
        name = deployed.resources(kind)[0]
        arn = f"arn:{partition}:{service}:{deployed.session.region_name}:{account}:{start}{name}"
        answer = iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=[change, read], ResourceArns=[arn]
        )
        found = {each["EvalActionName"]: each["EvalDecision"] for each in answer["EvaluationResults"]}
        decisions.append((found[change], found[read]))
    saw(f"{role}: {decisions}")
    expect([change for change, _ in decisions], ["allowed"] * len(decisions))
    if all(read == "allowed" for _, read in decisions):
        raise CheckSkippedError("it has AdministratorAccess, or as much")
    require(all(read != "allowed" for _, read in decisions), "no right to read what is stored")


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
