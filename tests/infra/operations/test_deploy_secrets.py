"""The check of secrets before a deploy."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from noukai_infra.local.emulator.endpoint import ROOT_USER
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.checks.secrets import (
    check_secrets,
    price_line,
    read_secrets,
    sources_in,
)
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_wire.secret_sources import Source, parsed_sources
from tests.infra.operations.recording_cdk import RecordingCdk

SECRETS = {
    "DB_URL": "ssm:/shop/db",
    "TOKEN": "secretsmanager:shop#token",
    "CERTIFICATE": "secretsmanager:certificate",
}
SOURCES = {name: Source.parse(text) for name, text in SECRETS.items()}
VALUE = "a-long-value"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Yield a session of an account with the secrets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, ROOT_USER[name])
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("ssm").put_parameter(Name="/shop/db", Value=VALUE, Type="SecureString")
        manager = session.client("secretsmanager")
        manager.create_secret(Name="shop", SecretString=f'{{"token": "{VALUE}"}}')
        manager.create_secret(Name="certificate", SecretString=VALUE)
        yield session


def test_secrets_that_are_there_pass(session: boto3.Session) -> None:
    check_secrets(session, SOURCES)
    client: Any = session.client
    found = read_secrets(client, SOURCES)
    assert found.values == dict.fromkeys(SECRETS, VALUE)
    assert VALUE not in repr(found)


def test_full_arns_are_read(session: boto3.Session) -> None:
    arn = session.client("secretsmanager").describe_secret(SecretId="shop")["ARN"]
    parameter = session.client("ssm").get_parameter(Name="/shop/db")["Parameter"]["ARN"]
    check_secrets(session, parsed_sources(f'{{"A": "secretsmanager:{arn}#token", "B": "ssm:{parameter}"}}'))


def test_thirty_parameters_are_read_by_ten(session: boto3.Session) -> None:
    """AWS refuses more names in a request, and moto does too."""
    ssm = session.client("ssm")
    for number in range(30):
        ssm.put_parameter(Name=f"/p/{number}", Value=f"{VALUE}{number}", Type="String")
    sources = {f"P{number}": Source.parse(f"ssm:/p/{number}") for number in range(30)}
    client: Any = session.client
    found = read_secrets(client, sources)
    assert found.values == {f"P{number}": f"{VALUE}{number}" for number in range(30)}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("ssm:/shop/other", r"DB_URL \(ssm:/shop/other\): there is no such parameter in this account"),
        ("secretsmanager:other", r"DB_URL \(secretsmanager:other\): ResourceNotFoundException"),
        ("secretsmanager:shop#other", r"DB_URL \(secretsmanager:shop#other\): it has no key other"),
        ("secretsmanager:certificate#key", "has no key key, since its value is not a JSON object"),
        ("ssm:/short", "its value has 5 characters: masking fewer than 8"),
    ],
)
def test_every_secret_that_cannot_be_used_is_named(session: boto3.Session, source: str, said: str) -> None:
    """With what to do, and without a value."""
    session.client("ssm").put_parameter(Name="/short", Value="horse", Type="String")
    with pytest.raises(OperatorError, match=said) as refused:
        check_secrets(session, {**SOURCES, "DB_URL": Source.parse(source), "X": Source.parse("ssm:/gone")})
    assert "- X (ssm:/gone): there is no such parameter" in str(refused.value)
    assert "aws ssm put-parameter" in str(refused.value)
    assert VALUE not in str(refused.value)
    assert "horse" not in str(refused.value)


def test_refused_read_names_the_right() -> None:
    ssm = boto3.client("ssm", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(ssm) as stub:
        stub.add_client_error("get_parameters", "AccessDeniedException")
        found = read_secrets(lambda _: ssm, {"DB_URL": SOURCES["DB_URL"]})
    assert found.problems == {"DB_URL": "DB_URL (ssm:/shop/db): AccessDeniedException"}


def test_missing_secret_fails_before_anything_changes(account_with_kinds: Account) -> None:
    """The operator is not even asked, unless the secrets are not to be read."""
    variables = {"SECRETS": '{"DB_URL":"ssm:/nowhere"}'}
    worker = {"MemorySize": 128, "Environment": {"Variables": variables}}
    cdk = RecordingCdk({}, resources={"Worker": {"Type": "AWS::Lambda::Function", "Properties": worker}})
    with pytest.raises(OperatorError, match=r"DB_URL \(ssm:/nowhere\): there is no such parameter"):
        deploy(account_with_kinds, cdk, "noukai", Plan(confirm=lambda: True))
    assert {asked[0] for asked in cdk.asked} == {"synth"}
    with pytest.raises(OperatorError, match="Nothing was deployed"):
        deploy(account_with_kinds, cdk, "noukai", Plan(confirm=lambda: False, reads_secrets=False))


def test_price_of_secrets_is_said(assembly_for: Callable[..., Path], assembly: Path) -> None:
    sources = sources_in(assembly_for(secrets=SECRETS), "noukai")
    assert sources == SOURCES
    line = price_line(sources)
    assert line is not None
    assert line.startswith(
        "The flows use 1 parameter of SSM (free of charge) and 2 secrets of Secrets Manager, "
    )
    assert "0.80 USD a month" in line
    assert price_line(sources_in(assembly, "noukai")) is None
