"""The command lines that messages name are those that work where they are read."""

import subprocess
import sys

import pytest

from noukai_infra import command_line
from noukai_infra.__main__ import main
from noukai_infra.folders import SOURCES
from noukai_infra.settings import STAGE


def test_repository_names_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "REPOSITORY", SOURCES)
    assert command_line.command("rollback") == "make rollback"
    assert command_line.command("keys", "list") == "make keys ARGS=list"
    assert (
        command_line.command("keys", "create --org acme first") == 'make keys ARGS="create --org acme first"'
    )
    assert command_line.local_command("port", "8081") == "make local PORT=8081"
    assert command_line.local_command("fresh") == "make local FRESH=1"


def test_repository_names_the_command_and_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "REPOSITORY", SOURCES / "elsewhere")
    monkeypatch.delenv(STAGE, raising=False)
    assert command_line.command("rollback") == "noukai rollback"
    assert command_line.local_command("port", "8081") == "noukai local --port 8081"
    assert command_line.local_command("fresh") == "noukai local --fresh"
    monkeypatch.setenv(STAGE, "production")
    assert command_line.command("keys", "list") == "NOUKAI_STAGE=production noukai keys list"


def test_commands_of_operators_start_without_the_cdk() -> None:
    """It takes a second to load, starts Node, and warns of the Node that is on the path."""
    code = "import sys, noukai_infra.__main__; print({'aws_cdk', 'jsii', 'constructs'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_dead_network_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do, in place of the library's own words alone."""
    own = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}
    for name, value in {**own, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    with pytest.raises(SystemExit) as raised:
        main(["rollback"])
    said = " ".join(str(raised.value.code).split())
    assert said.startswith("AWS does not answer (Could not connect to the endpoint URL")
    assert "check the network" in said
