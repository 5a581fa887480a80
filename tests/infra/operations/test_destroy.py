"""The stored inputs and results when the stack is deleted."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws

from noukai_infra.operations.account import Account
from noukai_infra.operations.deploy.deploy import destroy

if TYPE_CHECKING:
    from noukai_infra.operations.deploy.cdk import Cdk

STACK = "noukai"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Account(boto3.Session("test", "test", region_name="us-east-1"), "123456789012", "us-east-1")


class Deleting:
    """The CDK command's effect on a stack, here and now."""

    def __init__(self, account: Account) -> None:
        self.cloudformation = account.session.client("cloudformation")

    def run(self, *_: str, **__: object) -> int:
        self.cloudformation.delete_stack(StackName=STACK)
        return 0


@pytest.mark.parametrize(("policy", "is_kept"), [("Retain", True), ("Delete", False)])
def test_bucket_goes_with_what_is_in_it_or_stays(account: Account, policy: str, *, is_kept: bool) -> None:
    """CloudFormation itself deletes none that holds anything."""
    bucket: dict[str, Any] = {"Type": "AWS::S3::Bucket", "DeletionPolicy": policy}
    names = {name: {"Value": "none"} for name in ("JobsTable", "KeysTable", "UsageTable", "SchedulesTable")}
    template = {
        "Resources": {"Bucket": bucket},
        "Outputs": {**names, "PayloadsBucket": {"Value": {"Ref": "Bucket"}}},
    }
    account.session.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    name = account.deployed(STACK)["PayloadsBucket"]
    s3 = account.session.client("s3")
    for number in range(3):
        s3.put_object(Bucket=name, Key=f"keep-2d/acme/{number}", Body=b"{}")
    kept = destroy(account, cast("Cdk", Deleting(account)), STACK, [])
    assert kept == ([name] if is_kept else [])
    if is_kept:
        assert s3.list_objects_v2(Bucket=name)["KeyCount"] == 3


@pytest.mark.parametrize("is_kept", [True, False])
def test_master_secret_stays_as_long_as_the_endpoints(account: Account, *, is_kept: bool) -> None:
    """The functions have made it; the secrets of retained endpoints derive from it."""
    key = {"AttributeName": "o", "KeyType": "HASH"}
    table = {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain" if is_kept else "Delete",
        "Properties": {
            "KeySchema": [key],
            "AttributeDefinitions": [{"AttributeName": "o", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    outputs = {"WebhooksTable": {"Value": {"Ref": "Table"}}, "WebhooksSecret": {"Value": "/noukai/webhooks"}}
    template = {"Resources": {"Table": table}, "Outputs": outputs}
    account.session.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    ssm = account.session.client("ssm")
    ssm.put_parameter(Name="/noukai/webhooks", Value="x", Type="SecureString")
    destroy(account, cast("Cdk", Deleting(account)), STACK, [])
    assert len(ssm.describe_parameters()["Parameters"]) == int(is_kept)
