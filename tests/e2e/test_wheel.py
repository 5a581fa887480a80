"""The distribution alone in its own environment: a team begins a repository, tests it, and runs it."""

import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from noukai_infra.local.running import READY, running
from noukai_infra.settings import ROOT
from tests.documents import BLOCKS

START_SECONDS = 180
"""The first start installs the functions' libraries."""

UV = (sys.executable, "-m", "uv")
OTHERS = ("AWS_", "NOUKAI_", "PYTHON", "PYTEST_", "VIRTUAL_ENV")
READER = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}


def ran(*command: str | Path, cwd: Path, **environ: str) -> str:
    """Run a command in a reader's environment, and return its output."""
    done = subprocess.run(
        command, cwd=cwd, env={**READER, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Repository:
    """A new repository, and the programs of the environment with its requirements."""

    folder: Path
    programs: Path

    def run(self, program: str, *arguments: str, **environ: str) -> str:
        return ran(self.programs / program, *arguments, cwd=self.folder, **environ)

    @contextmanager
    def local(self) -> Iterator[str]:
        """Run `noukai local`, and yield the URL that it names."""
        command = [str(self.programs / "noukai"), "local", "--port", "0"]
        with running(command, self.folder, READER) as system:
            yield system.wait_for(lambda line: line.endswith(READY), START_SECONDS).removesuffix(READY)
        assert system.process.returncode == 0, system.output


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the locked tools."""
    folder = tmp_path_factory.mktemp("dist")
    options = (
        "--wheel",
        "--offline",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        str(folder),
    )
    ran(*UV, "build", "--quiet", *options, ".", cwd=ROOT)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def repository(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Begin a repository as the documents say."""
    folder = tmp_path_factory.mktemp("team")
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / "bin"
    locked = ("--python", str(programs / "python"), "--constraints", str(ROOT / "requirements.lock"))
    ran(*UV, "pip", "install", "--quiet", *locked, f"{wheel}[deploy]", cwd=folder)
    ran(programs / "noukai", "init", "my-jobs", cwd=folder)
    assert f"\n./vendor/{wheel.name}[deploy]\n" in (folder / "my-jobs" / "requirements.txt").read_text()
    ran(
        *UV,
        "pip",
        "install",
        "--quiet",
        *locked,
        "--requirements",
        "requirements.txt",
        cwd=folder / "my-jobs",
    )
    return Repository(folder / "my-jobs", programs)


def test_documented_steps_are_tested() -> None:
    """They are those of the fixture and of the tests below."""
    [block] = [each for each in BLOCKS if each.info == "repository"]
    assert block.code.splitlines() == ["noukai init my-jobs", "cd my-jobs", "pytest", "noukai local"]


def test_wheel_puts_nothing_of_another_name_beside_other_libraries(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        roots = {name.partition("/")[0] for name in archive.namelist()}
    assert {"noukai", "noukai_wire", "noukai_functions", "noukai_infra"} < roots
    assert [root for root in roots if not root.startswith("noukai")] == []


def test_environment_is_complete(repository: Repository) -> None:
    """pip and the repository's own check find nothing missing."""
    assert "No broken requirements found" in repository.run("python", "-m", "pip", "check")
    assert "wrong" not in repository.run("noukai", "doctor")


def test_wheel_has_the_examples_and_the_checks(repository: Repository, tmp_path: Path) -> None:
    """Files that are no modules of a package are easily left out."""
    repository.run("noukai", "init", str(tmp_path / "new"), "--example", "web-application")
    assert (tmp_path / "new" / "web.py").is_file()
    assert "-k" in repository.run("noukai", "verify", "--help")


def test_tests_of_the_repository_pass(repository: Repository) -> None:
    assert "2 passed" in repository.run("pytest", "-q")


def test_local_system_runs_a_job(repository: Repository) -> None:
    """The command submits one, and the program of the repository's README another."""
    readme = (repository.folder / "README.md").read_text()
    [program] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    with repository.local() as url:
        submitted = ("submit", "acme/hello/hello", "-m", "Ada Grace", "--wait")
        assert repository.run("noukai", *submitted, NOUKAI_BASE_URL=url, NOUKAI_API_KEY="nk_local_acme") == (
            "Hello, Ada and Grace!\n"
        )
        assert repository.run("python", "-c", program, NOUKAI_BASE_URL=url) == "Hello, Ada and Grace!\n"
