"""A model of who asks KMS for a company's key, and of who may: by AWS's rules for each service.

A need is a principal (a role's logical name, or a service that uses the key as itself), the service through
which it uses the key, and an action. https://docs.aws.amazon.com/kms/latest/developerguide/service-integration.html
"""

import fnmatch
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.infra.stack.template import Template


class Need(NamedTuple):
    """A use of the key."""

    principal: str
    through: str
    action: str


OF_ACTIONS: Mapping[str, tuple[str, ...]] = {
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    "dynamodb:*": ("kms:Decrypt",),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    "sqs:SendMessage": ("kms:Decrypt", "kms:GenerateDataKey"),
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey",),
    # https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    "ssm:GetParameter": ("kms:Decrypt",),
    "ssm:PutParameter": ("kms:Encrypt",),
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    "sns:Publish": ("kms:Decrypt", "kms:GenerateDataKey"),
}
"""The key's actions that a role needs for its own actions on something encrypted."""

OWN_SECRETS = "parameter/noukai/"
"""The parameters that the functions make, with the key. Those of the settings have keys of their own."""

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey")
# https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
PUBLISHING = ("kms:Decrypt", "kms:GenerateDataKey")


def needs(template: Template) -> set[Need]:
    """Return every use of the key that the resources of a template make."""
    return {*_of_roles(template), *_of_environments(template), *_of_services(template)}


def _of_roles(template: Template) -> Iterator[Need]:
    encrypted = encrypted_resources(template)
    for role, statement in role_statements(template):
        resources = json.dumps(statement["Resource"])
        is_on_secret = OWN_SECRETS in resources
        if statement["Effect"] != "Allow" or not (
            is_on_secret or any(name in resources for name in encrypted)
        ):
            continue
        for action in listed(statement["Action"]):
            service = action.partition(":")[0]
            for pattern, uses in OF_ACTIONS.items():
                if fnmatch.fnmatchcase(action, pattern):
                    yield from (Need(role, service, use) for use in uses)


def _of_environments(template: Template) -> Iterator[Need]:
    """Yield the decryption of a function's environment, which its role needs at each start.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
    """
    for function in template.resources("Lambda::Function").values():
        if "KmsKeyArn" in function["Properties"]:
            yield Need(function["Properties"]["Role"]["Fn::GetAtt"][0], "lambda", "kms:Decrypt")


def _of_services(template: Template) -> Iterator[Need]:
    """Yield what services do as themselves, with the rights of the key's own policy."""
    encrypted = encrypted_resources(template)
    if template.resources("Logs::LogGroup"):
        yield from (Need("logs.REGION.amazonaws.com", "", action) for action in LOGS)
    for kind, part, service in [
        ("CloudWatch::Alarm", "AlarmActions", "cloudwatch.amazonaws.com"),
        ("Events::Rule", "Targets", "events.amazonaws.com"),
        ("S3::Bucket", "NotificationConfiguration", "s3.amazonaws.com"),
    ]:
        told = json.dumps([each["Properties"].get(part) for each in template.resources(kind).values()])
        if any(f'"{name}"' in told for name in encrypted):
            yield from (Need(service, "", action) for action in PUBLISHING)


def encrypted_resources(template: Template) -> set[str]:
    """Return the logical names of tables, queues, buckets and topics that are under a key."""
    kinds = ("DynamoDB::Table", "SQS::Queue", "S3::Bucket", "SNS::Topic")
    return {
        name
        for kind in kinds
        for name, each in template.resources(kind).items()
        if ":kms:" in json.dumps(each["Properties"])
    }


def role_statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each statement of each role."""
    for policy in template.resources("IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            for role in policy["Properties"]["Roles"]:
                yield role["Ref"], statement


def grants(template: Template, key: str, key_policy: list[dict[str, Any]]) -> set[Need]:
    """Return what the roles' policies allow with the key, and what the key's policy allows services.

    The patterns of the key's policy stay as they are.
    """
    found = {
        Need(role, service, action)
        for role, statement in role_statements(template)
        if statement["Effect"] == "Allow" and key in listed(statement["Resource"])
        for action in listed(statement["Action"])
        for service in _services_of(statement)
    }
    for statement in key_policy:
        service = statement["Principal"]["Service"]
        found |= {Need(service, "", action) for action in listed(statement["Action"])}
    return found


def _services_of(statement: Mapping[str, Any]) -> list[str]:
    """Return the services through which a role may use the key; all (`*`) without a condition."""
    condition = statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
    if condition is None:
        return ["*"]
    return [each["Fn::Join"][1][0].rstrip(".") for each in listed(condition)]


def lacking(needed: set[Need], granted: set[Need]) -> set[Need]:
    """Return the needs that no grant covers."""
    return {each for each in needed if not any(_covers(grant, each) for grant in granted)}


def _covers(grant: Need, need: Need) -> bool:
    return grant[:2] == need[:2] and fnmatch.fnmatchcase(need.action, grant.action)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
