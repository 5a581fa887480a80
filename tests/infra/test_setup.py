"""The set-up: what it takes from where, and what it is good for."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import trustme

from noukai_infra.folders import PACKAGE
from noukai_infra.nodejs import node_environment
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.cdk import Cdk
from noukai_infra.operations.deploy.checks.runtimes import check_runtime
from noukai_infra.settings import ROOT


@pytest.fixture(scope="module")
def runtimes() -> dict[tuple[int, int], str]:
    """Return the end of each of Lambda's Pythons, as AWS's own linter of templates knows it."""
    file = files("cfnlint.data.AdditionalSpecs") / "LmbdRuntimeLifecycle.json"
    found = [
        (re.fullmatch(r"python(3)\.(\d+)", name), each) for name, each in json.loads(file.read_text()).items()
    ]
    return {(int(named[1]), int(named[2])): each["deprecated"] for named, each in found if named}


@pytest.mark.parametrize("minor", [12, 13, 14])
def test_runtimes_that_deploy(runtimes: dict[tuple[int, int], str], minor: int) -> None:
    """Without a word, since AWS ends them later; the newest is the last that there is."""
    assert check_runtime((3, minor)) is None
    assert runtimes[3, minor] > runtimes[3, 11]
    assert max(runtimes) == (3, 14)


def test_runtime_that_ends(runtimes: dict[tuple[int, int], str]) -> None:
    """Deploys, and says when and what then."""
    assert f"on {runtimes[3, 11]}: by then, remove .venv" in str(check_runtime((3, 11)))


@pytest.mark.parametrize("minor", [10, 15])
def test_runtime_that_lambda_has_not(minor: int) -> None:
    """Is refused before anything is made."""
    with pytest.raises(OperatorError, match=rf"no runtime for Python 3\.{minor}, .*make PYTHON="):
        check_runtime((3, minor))


def test_python_that_lambda_lacks_deploys_nothing() -> None:
    """It is refused before any credentials are looked for."""
    program = (
        "import sys, noukai_infra.__main__ as commands\n"
        "sys.argv, sys.version_info = ['infra', 'deploy'], (3, 10, 0, 'final', 0)\n"
        "commands.main()"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Lambda has no runtime for Python 3.10, with which this was set up: ")


def test_cdk_command_is_installed_by_hash() -> None:
    """In the version that the package names, from whatever registry."""
    package = json.loads((PACKAGE / "package.json").read_text())
    lock = json.loads((PACKAGE / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    installed = {name: each for name, each in lock["packages"].items() if name}
    assert all(each["integrity"].startswith("sha512-") for each in installed.values())
    assert not any("resolved" in each for each in installed.values())


def test_cdk_command_that_cannot_be_installed(tmp_path: Path) -> None:
    """Says which variables a proxy or another registry needs."""
    environ = {
        "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9/",
        "NPM_CONFIG_FETCH_RETRIES": "0",
        "HOME": str(tmp_path),
    }
    with pytest.raises(OperatorError, match=r"set HTTPS_PROXY; .* SSL_CERT_FILE .* NPM_CONFIG_REGISTRY"):
        Cdk(environ, tmp_path / "cdk").run("--version")


def test_node_trusts_whom_python_is_told_to_trust() -> None:
    """Unless it is told otherwise."""
    assert node_environment({"SSL_CERT_FILE": "a.pem"})["NODE_EXTRA_CA_CERTS"] == "a.pem"
    both = {"SSL_CERT_FILE": "a.pem", "NODE_EXTRA_CA_CERTS": "b.pem"}
    assert node_environment(both)["NODE_EXTRA_CA_CERTS"] == "b.pem"
    assert "NODE_EXTRA_CA_CERTS" not in node_environment({})


def test_everything_that_builds_is_locked() -> None:
    """The installer, and what builds the distribution itself."""
    lock = (ROOT / "requirements.lock").read_text()
    for name in ("uv", "hatchling"):
        assert re.search(rf"^{name}==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE)


def fails_to_set_up(folder: Path, environ: dict[str, str]) -> str:
    """Set up a copy with nothing else in the environment but a home and a path; return what is said."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    make = shutil.which("make")
    assert make is not None
    stripped = {"HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin", "PIP_CONFIG_FILE": "/dev/null"}
    python = f"PYTHON={ROOT / '.venv' / 'bin' / 'python'}"
    result = subprocess.run(
        [make, "setup", python],
        cwd=folder,
        env={**stripped, "PIP_RETRIES": "1", **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert {"HTTPS_PROXY", "SSL_CERT_FILE", "UV_NATIVE_TLS", "PIP_INDEX_URL"} <= set(
        re.findall(r"\w+", result.stderr)
    )
    return result.stderr


def test_setup_that_reaches_no_index_says_which_variables_are_missing(tmp_path: Path) -> None:
    """From the first line on it says how long it takes."""
    said = fails_to_set_up(tmp_path, {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"})
    assert said.startswith("setting up .venv, once: about ")


def test_setup_behind_an_unknown_authority_says_which_variables_are_missing(
    tmp_path: Path, index: str
) -> None:
    """The installer tells of the certificate, and the set-up of the variable for its authority."""
    assert "CERTIFICATE_VERIFY_FAILED" in fails_to_set_up(tmp_path, {"PIP_INDEX_URL": index})


def test_setup_trusts_the_authority_that_it_is_told_to_trust(
    tmp_path: Path, index: str, authority: trustme.CA
) -> None:
    """What it then misses are packages: this index has none."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    said = fails_to_set_up(tmp_path, {"PIP_INDEX_URL": index, "SSL_CERT_FILE": str(bundle)})
    assert "CERTIFICATE_VERIFY_FAILED" not in said
    assert "No matching distribution found for uv" in said


def test_setup_behind_a_proxy_that_is_not_there_says_which_variables_are_missing(tmp_path: Path) -> None:
    """The installer tells of the proxy, and the set-up of its variable."""
    said = fails_to_set_up(
        tmp_path, {"PIP_INDEX_URL": "https://index.test/simple", "HTTPS_PROXY": "http://127.0.0.1:9"}
    )
    assert "ProxyError" in said


@pytest.mark.parametrize(
    ("environment", "lock"),
    [("checkov", "tests/infra/checkov.lock"), ("generators", "tests/e2e/generated/requirements.lock")],
)
def test_environment_of_tests_that_reaches_no_index_says_so(
    tmp_path: Path, environment: str, lock: str
) -> None:
    """Each tool of the tests that wants an environment of its own is installed by hash, too."""
    (tmp_path / lock).parent.mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "pyproject.toml", lock):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "uv").symlink_to(ROOT / ".venv" / "bin" / "uv")
    (tmp_path / ".venv" / ".complete").touch()
    make = shutil.which("make")
    assert make is not None
    unreachable = {
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
        "UV_NO_CACHE": "1",
    }
    environ = {"HOME": str(tmp_path), "PATH": "/usr/local/bin:/usr/bin:/bin", **unreachable}
    target = f".build/{environment}/.complete"
    result = subprocess.run(
        [make, target, f"PYTHON={ROOT / '.venv' / 'bin' / 'python'}"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert {"HTTPS_PROXY", "SSL_CERT_FILE", "UV_NATIVE_TLS", "PIP_INDEX_URL"} <= set(
        re.findall(r"\w+", result.stderr)
    )
