"""The rights of the role that CloudFormation takes: `python -m tests.infra.company.execution_policy`.

They come from the schemas of the resource types, which AWS publishes with the permissions of each handler.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from noukai_infra.app import synthesize
from noukai_infra.settings import ROOT, file_context
from tests.infra.company.conftest import ALL, RULES
from tests.infra.stack.template import NO_BUNDLING, Template

FILE = ROOT / ".github" / "execution-policy.json"

OF_OTHER_PROPERTIES = ("codedeploy", "ec2", "elasticfilesystem", "firehose", "kinesis", "s3files", "s3tables")
"""Services of properties that the template does not set, such as a stream to Kinesis."""

UNUSED = frozenset(
    """
    dynamodb:AssociateTableReplica dynamodb:BatchWriteItem dynamodb:CreateTableReplica dynamodb:DeleteItem
    dynamodb:DescribeImport dynamodb:DisableKinesisStreamingDestination dynamodb:GetItem dynamodb:ImportTable
    dynamodb:EnableKinesisStreamingDestination dynamodb:PutItem dynamodb:Query dynamodb:Scan
    dynamodb:UpdateItem dynamodb:UpdateKinesisStreamingDestination dynamodb:PutResourcePolicy
    dynamodb:DeleteResourcePolicy
    iam:CreateServiceLinkedRole iam:DeleteGroupPolicy iam:DeleteUserPolicy iam:GetGroupPolicy
    iam:GetUserPolicy
    iam:PutGroupPolicy iam:PutUserPolicy lambda:PassCapacityProvider logs:CreateLogDelivery
    logs:CreateLogStream logs:DescribeLogStreams logs:PutBearerTokenAuthentication logs:PutLogEvents
    logs:PutResourcePolicy logs:DeleteResourcePolicy s3:DeleteObject s3:GetObjectMetadata s3:PutBucketAcl
    s3:PutObjectAcl s3:REST.PUT.OBJECT s3:getObject
    """.split()  # noqa: SIM905 - a list of forty strings would fill the screen
)
"""Actions for replicas, imports, users, groups, deliveries of logs and access lists: the stack has none.
Nothing here reads or writes what callers store."""

_ALL = "*"
OF_SERVICES: dict[str, list[str]] = {
    "apigateway": [
        "arn:aws:apigateway:REGION::/apis",
        "arn:aws:apigateway:REGION::/apis/*",
        "arn:aws:apigateway:REGION::/tags/*",
    ],
    "cloudwatch": [
        "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:noukai-*",
        "arn:aws:cloudwatch::ACCOUNT:dashboard/noukai*",
    ],
    "dynamodb": ["arn:aws:dynamodb:REGION:ACCOUNT:table/noukai-*"],
    "events": ["arn:aws:events:REGION:ACCOUNT:rule/noukai-*"],
    "iam": ["arn:aws:iam::ACCOUNT:role/noukai-*"],
    "kms": ["KEY"],
    "lambda": [
        "arn:aws:lambda:REGION:ACCOUNT:event-source-mapping:*",
        "arn:aws:lambda:REGION:ACCOUNT:function:noukai-*",
    ],
    "logs": ["arn:aws:logs:REGION:ACCOUNT:log-group:noukai-*"],
    "s3": ["arn:aws:s3:::noukai-*"],
    "scheduler": [
        "arn:aws:scheduler:REGION:ACCOUNT:schedule-group/noukai-*",
        "arn:aws:scheduler:REGION:ACCOUNT:schedule/noukai-*/*",
    ],
    "sns": ["arn:aws:sns:REGION:ACCOUNT:noukai-*"],
    "sqs": ["arn:aws:sqs:REGION:ACCOUNT:noukai-*"],
}

OF_ACTIONS: dict[str, list[str]] = {
    "cloudwatch:DescribeAlarms": [_ALL],
    "kms:ListAliases": [_ALL],
    "lambda:CreateEventSourceMapping": [_ALL],
    "lambda:GetCodeSigningConfig": [_ALL],
    "lambda:GetLayerVersion": [_ALL],
    "logs:DescribeLogGroups": [_ALL],
    "logs:DescribeResourcePolicies": [_ALL],
    "s3:GetObject": ["arn:aws:s3:::cdk-*-assets-ACCOUNT-REGION/*"],
    "s3:GetObjectVersion": ["arn:aws:s3:::cdk-*-assets-ACCOUNT-REGION/*"],
    "sns:ListSubscriptions": [_ALL],
    "sns:ListSubscriptionsByTopic": ["arn:aws:sns:REGION:ACCOUNT:noukai-*"],
}
"""Actions that are not for the resources of their service; for `*`, IAM knows no resource of the stack."""


def needed(kinds: Iterable[str]) -> set[str]:
    """Return the actions that CloudFormation takes for these types of resources."""
    return {
        action
        for kind in kinds
        for name, handler in handlers(kind).items()
        if name != "list"
        for action in handler["permissions"]
        if action not in UNUSED and action.partition(":")[0] not in OF_OTHER_PROPERTIES
    }


def handlers(kind: str) -> dict[str, Any]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    found: dict[str, Any] = schema.get("handlers", {})
    return found


def policy(kinds: Iterable[str]) -> dict[str, Any]:
    """Return the policy; a service that is new here raises a `KeyError`."""
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action in sorted(needed(kinds)):
        resources = OF_ACTIONS.get(action) or OF_SERVICES[action.partition(":")[0]]
        by_resources.setdefault(tuple(resources), []).append(action)
    return {"Version": "2012-10-17", "Statement": list(_statements(by_resources))}


def _statements(by_resources: dict[tuple[str, ...], list[str]]) -> Iterator[dict[str, Any]]:
    for resources, actions in sorted(by_resources.items()):
        passed = [action for action in actions if action == "iam:PassRole"]
        others = [action for action in actions if action != "iam:PassRole"]
        if others:
            yield {"Effect": "Allow", "Action": others, "Resource": [*resources]}
        if passed:
            services = ["lambda.amazonaws.com", "scheduler.amazonaws.com"]
            condition = {"StringEquals": {"iam:PassedToService": services}}
            yield {"Effect": "Allow", "Action": passed, "Resource": [*resources], "Condition": condition}


def text(template: Template) -> str:
    kinds = {each["Type"] for each in template.body["Resources"].values()}
    return json.dumps(policy(kinds), indent=2) + "\n"


def main() -> None:
    with TemporaryDirectory() as folder:
        synthesize(Path(folder), {**file_context(), **ALL, "company": RULES, **NO_BUNDLING})
        FILE.write_text(text(Template.of(Path(folder))))
    sys.stdout.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
