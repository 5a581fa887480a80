"""Secrets in a rehearsal: given by the test, or from the repository's file."""

import os
from pathlib import Path

import pytest

from noukai.flow import Context, flow
from noukai.testing import rehearse


@flow(max_attempts=1)
def reveal(*, context: Context) -> list[str]:
    return [context.secret("DB_URL"), context.secret("DB_URL", refresh=True), os.environ["DB_URL"]]


def test_given_secrets_are_the_contexts_and_the_environments() -> None:
    """They leave the environment at the end."""
    assert rehearse(reveal, secrets={"DB_URL": "postgres://test"}).output == ["postgres://test"] * 3
    assert "DB_URL" not in os.environ
    error = rehearse(reveal, secrets={"OTHER": "value"}).error or ""
    assert "there is no secret 'DB_URL': add it to the setting `secrets`; they are OTHER" in error


def test_secrets_of_the_repository_are_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the nearest file upwards, and not from above the settings."""
    (tmp_path / ".secrets").write_text("DB_URL=postgres://file\n")
    inner = tmp_path / "tests"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert rehearse(reveal).output == ["postgres://file"] * 3
    (inner / "noukai.toml").touch()
    assert rehearse(reveal).state == "failed"
