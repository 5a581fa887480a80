"""The command lines that messages name are those that work where they are read."""

import pytest

from noukai_infra import command_line
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
