"""The certificate of foreign DNS, and the stack of CloudFront with its secret."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudformation.models import cloudformation_backends

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.addresses.certificate import certificate_of
from noukai_infra.operations.addresses.edge import EdgeDeploy, delete_edge
from noukai_infra.operations.addresses.origin_secret import OriginSecret
from noukai_infra.settings.addresses.edge import DISTRIBUTION_HOST, ORIGIN_HOST, ORIGIN_SECRET, edge_stack

STACK, REGION = "noukai", "eu-central-1"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Account(boto3.Session("test", "test", region_name=REGION), "123456789012", REGION)


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """Return an assembly whose edge stack has the parameters, and shows in a parameter what it was given."""
    shown = {"Name": "sent", "Type": "String", "Value": {"Ref": ORIGIN_SECRET}}
    template = {
        "Parameters": {ORIGIN_HOST: {"Type": "String"}, ORIGIN_SECRET: {"Type": "String", "NoEcho": True}},
        "Resources": {"Sent": {"Type": "AWS::SSM::Parameter", "Properties": shown}},
        "Outputs": {DISTRIBUTION_HOST: {"Value": "d1.cloudfront.net"}},
    }
    (tmp_path / f"{edge_stack(STACK)}.template.json").write_text(json.dumps(template))
    return tmp_path


def deploy_api(account: Account) -> None:
    template: dict[str, Any] = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {ORIGIN_HOST: {"Value": "abc.execute-api.eu-central-1.amazonaws.com"}},
    }
    account.session.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))


def sent(account: Account) -> str:
    """Return the secret that CloudFront sends: the stack is in its own region."""
    ssm = account.session.client("ssm", region_name="us-east-1")
    return str(ssm.get_parameter(Name="sent")["Parameter"]["Value"])


def kept(account: Account) -> str:
    ssm = account.session.client("ssm")
    return str(ssm.get_parameter(Name="/noukai/noukai/origin", WithDecryption=True)["Parameter"]["Value"])


def digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def test_new_api_is_closed_at_once(account: Account, assembly: Path) -> None:
    """Nobody calls it yet; nothing is kept before CloudFront sends it."""
    edge = EdgeDeploy.of(account, STACK)
    assert edge.context == ("--context", f"origin_digests={digest(edge.secret.current)}")
    assert account.session.client("ssm").describe_parameters()["Parameters"] == []
    deploy_api(account)
    assert "d1.cloudfront.net" in edge.run(assembly)
    assert sent(account) == kept(account) == edge.secret.current


def test_api_in_use_is_closed_by_the_second_deploy(account: Account, assembly: Path) -> None:
    """Its clients move to the name in between."""
    deploy_api(account)
    first = EdgeDeploy.of(account, STACK)
    assert first.context == ()
    assert "Deploy again" in first.run(assembly)
    second = EdgeDeploy.of(account, STACK)
    assert second.context == ("--context", f"origin_digests={digest(sent(account))}")
    assert "Deploy again" not in second.run(assembly)


def test_api_in_use_stays_open_if_cloudfront_was_not_made(account: Account, assembly: Path) -> None:
    """For instance as another distribution has the name: the next deploy must not shut everybody out."""
    deploy_api(account)
    path = assembly / f"{edge_stack(STACK)}.template.json"
    right = path.read_text()
    failing = json.loads(right)
    failing["Resources"]["Wrong"] = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "sent"}}
    path.write_text(json.dumps(failing))
    cloudformation = account.session.client("cloudformation", region_name="us-east-1")
    with pytest.raises(ClientError):
        EdgeDeploy.of(account, STACK).run(assembly)
    (left,) = cloudformation.list_stacks()["StackSummaries"]
    # The stand-in names the status otherwise than AWS.
    cloudformation_backends[account.number]["us-east-1"].get_stack(
        left["StackId"]
    ).status = "ROLLBACK_COMPLETE"
    again = EdgeDeploy.of(account, STACK)
    assert again.context == ()
    path.write_text(right)
    assert "Deploy again" in again.run(assembly)
    assert sent(account) == kept(account) == again.secret.current
    assert EdgeDeploy.of(account, STACK).context != ()


def test_rotation_has_an_overlap(account: Account, assembly: Path) -> None:
    """The functions accept both before CloudFront sends the new one; the next deploy ends that."""
    deploy_api(account)
    EdgeDeploy.of(account, STACK).run(assembly)
    old = sent(account)
    rotating = EdgeDeploy.of(account, STACK, renew=True)
    new = rotating.secret.current
    assert rotating.context == ("--context", f"origin_digests={digest(new)},{digest(old)}")
    assert sent(account) == kept(account) == old != new
    rotating.run(assembly)
    assert sent(account) == kept(account) == new
    assert EdgeDeploy.of(account, STACK).secret == OriginSecret(new)


def test_edge_goes_with_its_secret(account: Account, assembly: Path) -> None:
    """Deleting it twice is no error."""
    deploy_api(account)
    EdgeDeploy.of(account, STACK).run(assembly)
    for _ in range(2):
        delete_edge(account, STACK)
    assert account.session.client("ssm").describe_parameters()["Parameters"] == []
    found = account.session.client("cloudformation", region_name="us-east-1").list_stacks()["StackSummaries"]
    assert {each["StackStatus"] for each in found} == {"DELETE_COMPLETE"}


class Acm:
    """ACM as far as one certificate: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}

    def client(self, _name: str) -> "Acm":
        return self

    def get_paginator(self, _name: str) -> "Acm":
        return self

    def paginate(self, **_: Any) -> list[Any]:
        return [
            {"CertificateSummaryList": [{"CertificateArn": arn, "DomainName": arn} for arn in self.status]}
        ]

    def request_certificate(self, *, DomainName: str, ValidationMethod: str) -> Any:  # noqa: N803 - AWS's own
        assert ValidationMethod == "DNS"
        assert DomainName not in self.status
        self.status[DomainName] = "PENDING_VALIDATION"
        return {"CertificateArn": DomainName}

    def describe_certificate(self, *, CertificateArn: str) -> Any:  # noqa: N803 - AWS's own
        record = {"Name": f"_a.{CertificateArn}.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
        options = [{"ResourceRecord": record}]
        return {"Certificate": {"Status": self.status[CertificateArn], "DomainValidationOptions": options}}


def test_certificate_of_foreign_dns_is_requested_once() -> None:
    """The deploy ends with the record to set, until the certificate is issued."""
    acm: Any = Acm()
    for _ in range(2):
        with pytest.raises(OperatorError) as waiting:
            certificate_of(acm, "jobs.acme.com", "make deploy")
        assert "_a.jobs.acme.com. CNAME _b.acm-validations.aws." in str(waiting.value)
        assert "run `make deploy` again" in str(waiting.value)
    acm.status["jobs.acme.com"] = "ISSUED"
    assert certificate_of(acm, "jobs.acme.com", "make deploy") == "jobs.acme.com"
