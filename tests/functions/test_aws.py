"""The clients of AWS: whom they trust."""

from pathlib import Path

import pytest

from functions import aws


@pytest.fixture
def amazons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An asset's file of authorities."""
    path = tmp_path / "authorities.pem"
    path.touch()
    monkeypatch.setattr(aws, "AUTHORITIES", path)
    for name in ("AWS_CA_BUNDLE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "ap-southeast-7"])
def test_amazon_alone_is_trusted_in_public_regions(amazons: Path, region: str) -> None:
    """Its authorities certify every service there."""
    assert aws.trusted(region, stated=None) == str(amazons)


@pytest.mark.usefixtures("amazons")
@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", None])
def test_everybody_is_trusted_elsewhere(region: str | None) -> None:
    """Clouds of their own may have authorities of their own."""
    assert aws.trusted(region, stated=None) is None


@pytest.mark.usefixtures("amazons")
def test_stated_authorities_are_trusted() -> None:
    """A proxy that looks into connections has an authority of its own."""
    assert aws.trusted("us-east-1", stated="/etc/proxy.pem") == "/etc/proxy.pem"


def test_everybody_is_trusted_without_an_asset(amazons: Path) -> None:
    """As in the repository, whose tests have no such file."""
    amazons.unlink()
    assert aws.trusted("us-east-1", stated=None) is None
