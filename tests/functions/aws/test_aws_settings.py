"""Settings of AWS: the address of a service, the credentials, and the trusted certificates."""

import json
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.session import Session

from noukai_functions.aws import botocore_client, client, settings
from noukai_functions.aws.botocore_client import BotocoreClient
from noukai_functions.aws.direct_client import DirectClient
from noukai_functions.aws.settings import settings_of, trusted

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CA_BUNDLE": "/etc/proxy.pem",
}
PARTITIONS = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_bytes())[
    "partitions"
]
REGIONS = [name for each in PARTITIONS for name in each["regions"] if not name.endswith("-global")]


@pytest.fixture
def amazons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write an asset's file of authorities."""
    path = tmp_path / "authorities.pem"
    path.touch()
    monkeypatch.setattr(settings, "AUTHORITIES", path)
    return path


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "ap-southeast-7"])
def test_amazon_alone_is_trusted_in_public_regions(amazons: Path, region: str) -> None:
    """Amazon's own authorities certify every service there."""
    assert trusted(region, stated=None) == str(amazons)


@pytest.mark.usefixtures("amazons")
@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", None])
def test_public_authorities_are_trusted_elsewhere(region: str | None) -> None:
    """Separate clouds may have authorities of their own."""
    assert trusted(region, stated=None) is None


@pytest.mark.usefixtures("amazons")
def test_stated_authorities_are_trusted() -> None:
    """A proxy that inspects connections has its own authority."""
    assert trusted("us-east-1", stated="/etc/proxy.pem") == "/etc/proxy.pem"


def test_public_authorities_are_trusted_without_an_asset(amazons: Path) -> None:
    """The repository's tests have no such file: a direct client then trusts the authorities of botocore."""
    amazons.unlink()
    assert trusted("us-east-1", stated=None) is None
    found = settings_of(
        "sqs", {name: value for name, value in ENVIRONMENT.items() if name != "AWS_CA_BUNDLE"}
    )
    assert found is not None
    assert found.authorities == str(Path(botocore.__file__).parent / "cacert.pem")


@pytest.mark.parametrize("service", ["dynamodb", "sqs"])
def test_addresses_are_botocores(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds in every region of every partition."""
    for name in ("AWS_ENDPOINT_URL", f"AWS_ENDPOINT_URL_{service.upper()}"):
        monkeypatch.delenv(name, raising=False)
    session = Session()
    for region in REGIONS:
        theirs = session.create_client(service, region, aws_access_key_id="x", aws_secret_access_key="x")
        ours = settings_of(service, {**ENVIRONMENT, "AWS_DEFAULT_REGION": region})
        assert ours is not None
        assert ours.url == theirs.meta.endpoint_url


def test_stated_addresses_are_used() -> None:
    """The address for one service precedes that for all."""
    environment = {**ENVIRONMENT, "AWS_ENDPOINT_URL": "https://all", "AWS_ENDPOINT_URL_SQS": "https://queues"}
    found = [settings_of(service, environment) for service in ("dynamodb", "sqs")]
    assert [each.url for each in found if each] == ["https://all", "https://queues"]


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ACCESS_KEY_ID": ""},
        {"AWS_DEFAULT_REGION": ""},
        {"HTTPS_PROXY": "http://proxy:3128"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_unusual_settings_are_followed_by_botocore(environment: dict[str, str]) -> None:
    """botocore finds more settings than the environment has, and more ways to an address."""
    assert settings_of("dynamodb", ENVIRONMENT) is not None
    assert settings_of("dynamodb", {**ENVIRONMENT, **environment}) is None


def test_client_finds_credentials_as_botocore_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client is direct if the environment has all that it needs; otherwise it is botocore's."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(Path(botocore.__file__).parent / "cacert.pem"))
    assert isinstance(client("dynamodb"), DirectClient)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = x\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    botocore_client.botocore_session.cache_clear()  # it may have the credentials of another test
    made: Any = client("dynamodb")
    assert isinstance(made, BotocoreClient)
    assert made._request_signer._credentials.access_key == "AKIDFILE"
    botocore_client.botocore_session.cache_clear()
