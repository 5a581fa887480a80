"""The repository's folder is found by its settings, wherever in it a command runs."""

from pathlib import Path

import pytest

from noukai_infra.folders import SETTINGS_FILES, repository_of


@pytest.mark.parametrize("name", SETTINGS_FILES)
def test_repository_is_the_nearest_folder_with_settings(tmp_path: Path, name: str) -> None:
    """A command may run in a folder within."""
    within = tmp_path / "repository" / "flows" / "texts"
    within.mkdir(parents=True)
    (tmp_path / "repository" / name).touch()
    assert repository_of(within, Path("/elsewhere")) == tmp_path / "repository"
    (within.parent / name).touch()
    assert repository_of(within, Path("/elsewhere")) == within.parent


def test_folder_without_settings_has_the_default(tmp_path: Path) -> None:
    assert repository_of(tmp_path, Path("/elsewhere")) == Path("/elsewhere")
