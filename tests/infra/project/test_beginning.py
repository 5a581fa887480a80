"""The beginning of a project."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from noukai_infra.project import package as own_package
from noukai_infra.project.beginning import FolderError, begin_project, stack_of
from noukai_infra.project.package import PackageError
from noukai_infra.settings import Settings, settings_in
from tests.documents import BLOCKS
from tests.infra.bundle.wheels import make_wheel

FILES = {
    ".github/deploy-policy.json",
    ".github/deploy-trust.json",
    ".github/workflows/deploy.yml",
    ".gitignore",
    "README.md",
    "flows/hello.py",
    "noukai.toml",
    "pytest.ini",
    "requirements.txt",
    "tests/test_hello.py",
}
URL = "https://example.com/noukai-0.2.0-py3-none-any.whl"
REPOSITORY = "git+https://example.com/noukai.git@v0.2.0"


def documented(file: str) -> Any:
    """The content of a file that the operator's README shows."""
    [code] = [block.code for block in BLOCKS if block.file == file]
    return yaml.load(code, yaml.BaseLoader)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project whose stack is named as in the documents."""
    folder = tmp_path / "noukai"
    begin_project(folder, URL)
    return folder


def test_project_has_all_that_a_team_needs(project: Path) -> None:
    """And nothing in it is left to be filled in."""
    files = {
        str(path.relative_to(project)): path.read_text() for path in project.rglob("*") if path.is_file()
    }
    assert set(files) == FILES
    assert [
        name for name, text in files.items() if "@STACK@" in text or "@PACKAGE@" in text or "@NAME@" in text
    ] == []


def test_tests_of_a_new_project_pass(project: Path) -> None:
    """With pytest's own settings of the project."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_settings_of_a_new_project_can_be_used(project: Path) -> None:
    """The stack is named after the folder."""
    settings = Settings.from_context(settings_in(project / "noukai.toml", None))
    assert (settings.stack, settings.flows) == ("noukai", Path("flows"))


@pytest.mark.parametrize("name", ["policy", "trust"])
def test_rights_of_the_workflow_are_the_documented_ones(project: Path, name: str) -> None:
    """They are as narrow as what deployments ask, which holds for the documented ones."""
    written = json.loads((project / ".github" / f"deploy-{name}.json").read_text())
    assert written == documented(f"{name}.json")


def test_rights_are_those_of_the_stack(tmp_path: Path) -> None:
    """A project deploys a stack of its own."""
    begin_project(tmp_path / "Some texts", URL)
    policy = (tmp_path / "Some texts" / ".github" / "deploy-policy.json").read_text()
    assert "stack/some-texts/*" in policy
    assert "noukai" not in policy


def test_workflow_tests_and_then_deploys_the_main_branch(project: Path) -> None:
    """As the documented one of this repository does, by a role that needs no secret."""
    written = yaml.load((project / ".github" / "workflows" / "deploy.yml").read_text(), yaml.BaseLoader)
    known = documented(".github/workflows/deploy.yml")
    ours, theirs = written["jobs"]["deploy"], known["jobs"]["deploy"]
    assert {**written, "jobs": None} == {**known, "jobs": None}
    assert {**ours, "steps": None} == {**theirs, "steps": None}
    assert [step for step in ours["steps"] if "uses" in step] == [
        step for step in theirs["steps"] if "uses" in step
    ]
    commands = [step["run"] for step in ours["steps"] if "run" in step]
    assert commands[0] == "pip install -r requirements.txt"
    assert commands[-2:] == ["pytest", "noukai deploy"]
    assert ours["steps"][-1]["if"] == "github.ref == 'refs/heads/main'"


@pytest.mark.parametrize(
    ("name", "stack"),
    [
        ("texts", "texts"),
        ("My Texts_2", "my-texts-2"),
        ("2nd", "noukai-2nd"),
        ("ñ", "noukai"),
        ("a" * 60, "a" * 40),
    ],
)
def test_stack_is_named_after_the_folder(name: str, stack: str) -> None:
    assert stack_of(Path("/somewhere", name)) == stack
    assert Settings.from_context({"stack": stack}).stack == stack


@pytest.mark.parametrize("package", [URL, REPOSITORY])
def test_package_of_a_url(tmp_path: Path, package: str) -> None:
    begin_project(tmp_path / "new", package)
    assert f"\nnoukai[deploy] @ {package}\n" in (tmp_path / "new" / "requirements.txt").read_text()


def test_package_of_a_wheel_comes_with_the_project(tmp_path: Path) -> None:
    """A clone, and its CI, lacks that file."""
    wheel = make_wheel(tmp_path, "noukai", "")
    for number, package in enumerate((str(wheel), wheel.as_uri())):
        folder = tmp_path / f"new{number}"
        begin_project(folder, package)
        assert f"\n./vendor/{wheel.name}[deploy]\n" in (folder / "requirements.txt").read_text()
        assert (folder / "vendor" / wheel.name).read_bytes() == wheel.read_bytes()


def test_package_is_what_is_installed_by_default(tmp_path: Path) -> None:
    """Here it is a repository, which is installed from its folder."""
    begin_project(tmp_path / "new")
    assert "\nnoukai[deploy] @ file://" in (tmp_path / "new" / "requirements.txt").read_text()


def test_package_that_is_none_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="nowhere is neither a wheel's file nor a URL"):
        begin_project(tmp_path / "new", "nowhere")
    assert not (tmp_path / "new").exists()


def test_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    """So is a file of that name."""
    (tmp_path / "own.txt").write_text("own")
    for folder in (tmp_path, tmp_path / "own.txt"):
        with pytest.raises(FolderError, match=r"is not empty: name a new folder"):
            begin_project(folder, URL)
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]


def test_empty_folder_will_do(tmp_path: Path) -> None:
    assert {str(path.relative_to(tmp_path)) for path in begin_project(tmp_path, URL)} == FILES


VCS = '{"url": "https://example.com/jobs", "vcs_info": {"vcs": "git", "commit_id": "1f0c"}}'


@pytest.mark.parametrize(
    ("origin", "installed"),
    [
        (None, "noukai[deploy]"),
        (VCS, "noukai[deploy] @ git+https://example.com/jobs@1f0c"),
        ('{"url": "file:///w/noukai.whl", "archive_info": {}}', "noukai[deploy] @ file:///w/noukai.whl"),
    ],
)
def test_extra_is_installed_from_where_the_distribution_came(
    monkeypatch: pytest.MonkeyPatch, origin: str | None, installed: str
) -> None:
    """An index may have another distribution of that name."""

    class Installed:
        def read_text(self, name: str) -> str | None:
            return origin if name == "direct_url.json" else None

    monkeypatch.setattr(own_package, "distribution", lambda _: Installed())
    assert own_package.with_extra() == installed
