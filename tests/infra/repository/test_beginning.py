"""The beginning of a repository."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from noukai_infra.repository.beginning import EXAMPLES, FolderError, begin_repository, examples, stack_of
from noukai_infra.repository.distribution import Requirement
from noukai_infra.settings import ROOT, Settings, settings_in
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


def documented(file: str) -> Any:
    """Return the content of a file that the operator's README shows."""
    [code] = [block.code for block in BLOCKS if block.file == file]
    return yaml.load(code, yaml.BaseLoader)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a new repository whose stack is named as in the documents."""
    folder = tmp_path / "noukai"
    begin_repository(folder, Requirement.of(URL))
    return folder


def test_repository_has_all_that_a_team_needs(repository: Path) -> None:
    """And nothing in it is left to be filled in."""
    files = {
        str(path.relative_to(repository)): path.read_text()
        for path in repository.rglob("*")
        if path.is_file()
    }
    assert set(files) == FILES
    assert [
        name for name, text in files.items() if "@STACK@" in text or "@PACKAGE@" in text or "@NAME@" in text
    ] == []


def test_tests_of_a_new_repository_pass(repository: Path) -> None:
    """With pytest's own settings of the repository."""
    assert result_of_tests(repository) == "2 passed"


def result_of_tests(repository: Path) -> str:
    """Run the tests of a repository, and return the number of those that passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return " ".join(done.stdout.splitlines()[-1].split()[:2])


def test_settings_of_a_new_repository_can_be_used(repository: Path) -> None:
    """The stack is named after the folder."""
    settings = Settings.from_context(settings_in(repository / "noukai.toml", None))
    assert (settings.stack, settings.flows) == ("noukai", Path("flows"))


@pytest.mark.parametrize("name", ["policy", "trust"])
def test_rights_of_the_workflow_are_the_documented_ones(repository: Path, name: str) -> None:
    """They are as narrow as what deploys ask, which holds for the documented ones."""
    written = json.loads((repository / ".github" / f"deploy-{name}.json").read_text())
    assert written == documented(f"{name}.json")


def test_rights_are_those_of_the_stack(tmp_path: Path) -> None:
    """A repository deploys a stack of its own."""
    begin_repository(tmp_path / "Some texts", Requirement.of(URL))
    policy = (tmp_path / "Some texts" / ".github" / "deploy-policy.json").read_text()
    assert "stack/some-texts/*" in policy
    assert "noukai" not in policy


def test_workflow_tests_and_then_deploys_the_main_branch(repository: Path) -> None:
    """As the documented one of this repository does, by a role that needs no secret."""
    written = yaml.load((repository / ".github" / "workflows" / "deploy.yml").read_text(), yaml.BaseLoader)
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


@pytest.fixture(params=sorted(examples()))
def with_example(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a new repository with an example."""
    begin_repository(tmp_path / "new", Requirement.of(URL), request.param)
    return tmp_path / "new"


def test_repository_with_an_example_has_all_of_it(with_example: Path) -> None:
    """Its README says how to run it, beside what every repository has."""
    files = {str(path.relative_to(with_example)): path for path in with_example.rglob("*") if path.is_file()}
    assert set(files) > FILES
    readme = files["README.md"].read_text()
    assert "@" not in readme.replace("@STACK@", "")
    programs = [name for name in files if "/" not in name and name.endswith(".py")]
    assert programs
    assert all(Path(name).stem in readme for name in programs)
    assert re.search(r"```\n\n## Example: .*\n\n## Deploy\n", readme, re.DOTALL)


def test_tests_of_a_repository_with_an_example_pass(with_example: Path) -> None:
    assert result_of_tests(with_example) in ("3 passed", "4 passed")


def test_examples_are_the_recipes_of_the_documents() -> None:
    """They are the same to the letter: the documents' are run by `tests/e2e/test_documents.py`."""
    recipes = {block.code for block in BLOCKS} | {(ROOT / "functions" / "flows" / "demo.py").read_text()}
    files = [path for path in EXAMPLES.rglob("*.py") if path.parent.name != "tests"]
    assert len(files) == 2 * len(examples())
    assert [str(path) for path in files if path.read_text() not in recipes] == []


def test_package_of_a_wheel_comes_with_the_repository(tmp_path: Path) -> None:
    """A clone, and its CI, lacks that file."""
    wheel = make_wheel(tmp_path, "noukai", "")
    for number, package in enumerate((str(wheel), wheel.as_uri())):
        folder = tmp_path / f"new{number}"
        made = begin_repository(folder, Requirement.of(package)).made
        assert f"\n./vendor/{wheel.name}[deploy]\n" in (folder / "requirements.txt").read_text()
        assert (folder / "vendor" / wheel.name).read_bytes() == wheel.read_bytes()
        assert folder / "vendor" / wheel.name in made
        (folder / "flows" / "hello.py").unlink()
        assert begin_repository(folder, Requirement.of(package)).kept[folder / "vendor" / wheel.name] == []


def test_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("own")
    with pytest.raises(FolderError, match=r"own.txt is a file: name a folder"):
        begin_repository(tmp_path / "own.txt", Requirement.of(URL))
    assert (tmp_path / "own.txt").read_text() == "own"


def test_empty_folder_will_do(tmp_path: Path) -> None:
    begun = begin_repository(tmp_path, Requirement.of(URL))
    assert {str(path.relative_to(tmp_path)) for path in begun.made} == FILES
    assert (begun.page, begun.kept) == (tmp_path / "README.md", {})


def test_files_of_a_repository_stay_as_they_are(tmp_path: Path) -> None:
    """The page is beside their README; each file is told with what it lacks."""
    theirs = {
        "README.md": "# Shop\n",
        ".gitignore": ".venv/\n*.log\n",
        "requirements.txt": "django\npytest\n",
        "pytest.ini": "[pytest]\npythonpath = flows\ntestpaths = tests\n",
        "noukai.toml": 'stack = "shop"\n',
    }
    for name, text in theirs.items():
        (tmp_path / name).write_text(text)
    begun = begin_repository(tmp_path, Requirement.of(URL))
    assert {name: (tmp_path / name).read_text() for name in theirs} == theirs
    assert {str(path.relative_to(tmp_path)) for path in begun.made} == {*FILES, "NOUKAI.md"} - {*theirs}
    assert begun.page == tmp_path / "NOUKAI.md"
    assert "noukai local" in begun.page.read_text()
    assert {path.name: lines for path, lines in begun.kept.items()} == {
        "README.md": ["Background jobs: see [NOUKAI.md](NOUKAI.md)."],
        ".gitignore": [".build/", "cdk.out/", "__pycache__/", ".pytest_cache/", ".secrets"],
        "requirements.txt": [f"noukai[deploy] @ {URL}"],
        "pytest.ini": [],
        "noukai.toml": None,
    }


@pytest.mark.parametrize(
    ("name", "section"),
    [
        ("pyproject.toml", "[tool.pytest.ini_options]"),
        ("tox.ini", "[pytest]"),
        ("setup.cfg", "[tool:pytest]"),
    ],
)
def test_settings_of_pytest_are_not_replaced(tmp_path: Path, name: str, section: str) -> None:
    """A `pytest.ini` would hide them."""
    (tmp_path / name).write_text(f"{section}\n")
    begun = begin_repository(tmp_path, Requirement.of(URL))
    assert begun.kept == {tmp_path / name: ["pythonpath = flows", "testpaths = tests"]}
    assert not (tmp_path / "pytest.ini").exists()


def test_flow_is_never_overwritten(tmp_path: Path) -> None:
    """Nothing at all is made then."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "hello.py").write_text("mine")
    with pytest.raises(FolderError, match=r"has flows/hello.py, which would be overwritten"):
        begin_repository(tmp_path, Requirement.of(URL))
    assert [path.name for path in tmp_path.rglob("*")] == ["flows", "hello.py"]
    assert (tmp_path / "flows" / "hello.py").read_text() == "mine"


def test_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "tests").write_text("own")
    with pytest.raises(FolderError, match=r"tests is a file, where a folder is to be"):
        begin_repository(tmp_path, Requirement.of(URL))
    assert [path.name for path in tmp_path.iterdir()] == ["tests"]
