"""The command lines that messages name are those that work where they are read."""

import pytest

from noukai_infra import invocation
from noukai_infra.places import SOURCES
from noukai_infra.settings import STAGE


def test_repository_names_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invocation, "PROJECT", SOURCES)
    assert invocation.command("rollback") == "make rollback"
    assert invocation.command("keys", "list") == "make keys ARGS=list"
    assert invocation.command("keys", "create --org acme first") == 'make keys ARGS="create --org acme first"'


def test_project_names_the_command_and_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invocation, "PROJECT", SOURCES / "elsewhere")
    monkeypatch.delenv(STAGE, raising=False)
    assert invocation.command("rollback") == "noukai rollback"
    monkeypatch.setenv(STAGE, "production")
    assert invocation.command("keys", "list") == "NOUKAI_STAGE=production noukai keys list"
