"""The distribution as a repository installs it."""

import json
import subprocess
from pathlib import Path

import pytest

from noukai_infra.repository import distribution as own
from noukai_infra.repository.distribution import PackageError, Requirement

URL = "https://example.com/noukai-0.2.0-py3-none-any.whl"
REPOSITORY = "git+https://example.com/noukai.git@v0.2.0"


@pytest.mark.parametrize("package", [URL, REPOSITORY])
def test_package_of_a_url(package: str) -> None:
    assert Requirement.of(package) == Requirement(f"noukai[deploy] @ {package}")


def test_package_that_is_none() -> None:
    with pytest.raises(PackageError, match="nowhere is neither a wheel's file nor a URL"):
        Requirement.of("nowhere")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository that is installed from its folder, as `pip install -e` does."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "first")
    installed(monkeypatch, json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}}))
    return folder


def git(folder: Path, *arguments: str) -> str:
    own = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    done = subprocess.run(["git", *own, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    "remote",
    [None, "/somewhere/noukai", "git@example.com:noukai.git", "https://token@example.com/noukai.git"],
)
def test_clone_that_others_cannot_reach_is_named_as_a_folder(clone: Path, remote: str | None) -> None:
    """The command says so; a token does not get into the file."""
    if remote is not None:
        git(clone, "remote", "add", "origin", remote)
    assert Requirement.of() == Requirement(f"noukai[deploy] @ {clone.as_uri()}", local=clone)


def test_clone_of_a_public_repository_is_named_by_its_url(clone: Path) -> None:
    """At its commit, once that has been pushed."""
    git(clone, "remote", "add", "origin", "https://example.com/noukai.git")
    assert Requirement.of() == Requirement("noukai[deploy] @ git+https://example.com/noukai.git")
    commit = git(clone, "rev-parse", "HEAD")
    git(clone, "update-ref", "refs/remotes/origin/main", commit)
    assert Requirement.of() == Requirement(f"noukai[deploy] @ git+https://example.com/noukai.git@{commit}")


def test_named_folder_is_taken_as_it_is(clone: Path) -> None:
    git(clone, "remote", "add", "origin", "https://example.com/noukai.git")
    assert Requirement.of(clone.as_uri()).local == clone


VCS = '{"url": "https://example.com/jobs", "vcs_info": {"vcs": "git", "commit_id": "1f0c"}}'


def test_what_came_from_an_index_is_named_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, None)
    assert Requirement.of() == Requirement("noukai[deploy]==1.2.3")


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (None, "noukai[deploy]"),
        (VCS, "noukai[deploy] @ git+https://example.com/jobs@1f0c"),
        ('{"url": "file:///w/noukai.whl", "archive_info": {}}', "noukai[deploy] @ file:///w/noukai.whl"),
    ],
)
def test_extra_is_installed_from_where_the_distribution_came(
    monkeypatch: pytest.MonkeyPatch, origin: str | None, line: str
) -> None:
    """An index may have another distribution of that name."""
    installed(monkeypatch, origin)
    assert own.with_extra() == line


def installed(monkeypatch: pytest.MonkeyPatch, origin: str | None) -> None:
    """Let the distribution come from there."""

    class Installed:
        version = "1.2.3"

        def read_text(self, name: str) -> str | None:
            return origin if name == "direct_url.json" else None

    monkeypatch.setattr(own, "distribution", lambda _: Installed())
