"""Credentials of a function with SnapStart, from Lambda's server of credentials."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from noukai_functions.aws import client, container_credentials
from noukai_functions.aws.container_credentials import ContainerCredentials, forget_credentials
from noukai_functions.aws.direct_client import DirectClient
from noukai_functions.aws.settings import settings_of
from noukai_functions.aws.signing import Signer
from tests.bench.machine.loopback import Handler, Server, serving


class Credentials(Server):
    """A server of credentials, each of which is valid for an hour."""

    def __init__(self) -> None:
        super().__init__(_Answering)
        self.given = 0
        self.valid = timedelta(hours=1)
        self.status = 200


class _Answering(Handler):
    server: Credentials

    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        server = self.server
        server.given += 1
        expires = (datetime.now(UTC) + server.valid).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = {
            "AccessKeyId": f"AKID{server.given}",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": expires,
        }
        is_known = self.headers["Authorization"] == "let-me" and self.path == "/2021/credentials?a=1"
        self.answer(server.status if is_known else 403, json.dumps(key).encode())


@pytest.fixture
def server() -> Iterator[Credentials]:
    made = Credentials()
    with serving(made):
        yield made


@pytest.fixture
def reader(server: Credentials) -> ContainerCredentials:
    return ContainerCredentials(f"http://{server.address}/2021/credentials?a=1", "let-me")


def test_credentials_are_read_once(server: Credentials, reader: ContainerCredentials) -> None:
    """All calls of an hour sign with them."""
    assert [reader.current().key_id for _ in range(3)] == ["AKID1"] * 3
    assert server.given == 1


def test_credentials_are_renewed_before_they_expire(
    server: Credentials, reader: ContainerCredentials
) -> None:
    """Five minutes before; until then a failed read does no harm."""
    server.valid = timedelta(minutes=4)
    assert [reader.current().key_id for _ in range(2)] == ["AKID1", "AKID2"]
    server.status = 500
    assert reader.current().key_id == "AKID2"


def test_expired_credentials_are_not_used(server: Credentials, reader: ContainerCredentials) -> None:
    """AWS would refuse them; the call is tried again."""
    server.valid = timedelta(seconds=-1)
    reader.current()
    server.status = 500
    with pytest.raises(OSError, match="answered 500"):
        reader.current()


def test_wrong_token_is_an_error(server: Credentials) -> None:
    """There is nothing to sign with."""
    with pytest.raises(OSError, match="answered 403"):
        ContainerCredentials(f"http://{server.address}/2021/credentials?a=1", "no").current()


def test_clients_share_credentials_until_a_restore(
    server: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without keys in the environment a client is direct too, and signs with the key of the time."""
    monkeypatch.setattr(container_credentials, "_readers", {})
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{server.address}/2021/credentials?a=1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let-me",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert isinstance(client("dynamodb"), DirectClient)
    signers = []
    for service in ("dynamodb", "sqs"):
        found = settings_of(service, environment)
        assert found is not None
        signers.append(Signer(found))
    said = [signer.signed("/", {"host": "a"}, b"")["authorization"] for signer in signers]
    assert all("Credential=AKID1/" in each for each in said)
    forget_credentials()
    said = [signer.signed("/", {"host": "a"}, b"")["authorization"] for signer in signers]
    assert all("Credential=AKID2/" in each for each in said)


def test_new_secret_signs() -> None:
    """The signing key is kept for a day, but not longer than the credentials."""
    settings = settings_of(
        "sqs", {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "us-east-1"}
    )
    assert settings is not None
    signer = Signer(settings)
    assert signer._key_of("20260101/x", "one") != signer._key_of("20260101/x", "two")
    assert signer._key_of("20260101/x", "one") == signer._key_of("20260101/x", "one")
