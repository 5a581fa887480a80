"""Installations after the set-up, behind an untrusted authority and a proxy that does not exist."""

import os
from pathlib import Path

import pytest
import trustme

from noukai_infra.bundle.error import BundleError
from noukai_infra.bundle.libraries.dependencies import Dependencies
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.cdk import Cdk

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _plain_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return an installer without the settings and the cache of this machine."""
    for name in [
        name for name in os.environ if name.startswith(("UV_", "SSL_")) or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


def installed(folder: Path) -> str:
    """Install the libraries of an asset, in vain; return what is said."""
    with pytest.raises(BundleError) as raised:
        Dependencies("host", folder / "dependencies").of_group("aws")
    return str(raised.value)


def test_libraries_behind_an_unknown_authority(
    index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installer tells of the certificate, and the build of the variables for its authority."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index)
    said = installed(tmp_path)
    assert "invalid peer certificate: UnknownIssuer" in said
    assert "SSL_CERT_FILE to its certificates, or UV_NATIVE_TLS=1" in said


def test_libraries_behind_an_authority_that_is_told(
    index: str, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missed then are packages: this index has none."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    assert "UnknownIssuer" not in installed(tmp_path)


def test_libraries_behind_a_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build tells of its variable."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://index.test/simple")
    monkeypatch.setenv("HTTPS_PROXY", NOWHERE)
    said = installed(tmp_path)
    assert "set HTTPS_PROXY" in said
    assert "Connection refused" in said


@pytest.mark.parametrize("is_proxy", [False, True], ids=["authority", "proxy"])
def test_cdk_command(
    index: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], *, is_proxy: bool
) -> None:
    """Node tells of the certificate or the proxy, and the command of the variables."""
    way = {"HTTPS_PROXY": NOWHERE} if is_proxy else {}
    registry = {
        "NPM_CONFIG_REGISTRY": "https://registry.test" if is_proxy else index,
        "NPM_CONFIG_FETCH_RETRIES": "0",
    }
    with pytest.raises(OperatorError, match=r"set HTTPS_PROXY; .* SSL_CERT_FILE to its certificates"):
        Cdk({"HOME": str(tmp_path), **registry, **way}, tmp_path / "cdk").run("--version")
    said = capfd.readouterr().err
    assert ("ECONNREFUSED" if is_proxy else "certificate") in said
