"""The operator's commands by way of `noukai`."""

import os
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.core import TyperGroup

import noukai_infra.__main__ as operations
from noukai.cli.main import app
from noukai_infra.repository import commands
from noukai_infra.repository.beginning import examples
from noukai_infra.repository.commands import operate
from noukai_infra.repository.distribution import MODULES
from noukai_infra.repository.doctor import checks
from noukai_infra.repository.doctor.finding import Finding
from noukai_infra.settings import ROOT, STAGE
from tests.client.cli.running_command import run

URL = "https://example.com/noukai.whl"


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Undo what commands set for the processes that they start."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def summaries(of: typer.Typer) -> dict[str, str]:
    """Return the first sentence of the help of each command."""
    group = typer.main.get_command(of)
    assert isinstance(group, TyperGroup)
    lines = {name: (each.help or "").splitlines()[0] for name, each in group.commands.items()}
    return {name: line.partition(";")[0].rstrip(".") for name, line in lines.items()}


def test_noukai_has_every_command_of_operators() -> None:
    """With the same summary, which is there without what the command loads."""
    of_operators = {**summaries(commands.commands), **summaries(operations.commands)}
    assert {name: summaries(app)[name] for name in of_operators} == of_operators


def test_modules_of_the_extra_are_looked_for() -> None:
    """All of them, so that none is missed in the midst of a command."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "deploy"
    ]
    names = {Requirement(each).name for each in declared}
    of_modules = packages_distributions()
    found = {module: names & {canonicalize_name(each) for each in of_modules[module]} for module in MODULES}
    assert all(len(each) == 1 for each in found.values())
    assert set().union(*found.values()) == names


@pytest.mark.parametrize("name", ["local", "deploy", "keys"])
def test_command_without_the_extra_says_what_to_install(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(commands, "missing", lambda: ["aws_cdk", "boto3"])
    assert operate(name, []) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"`noukai {name}` needs aws_cdk, boto3: pip install 'noukai[deploy] @ file://")
    assert said.endswith("'\n")


def test_repository_begins_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its requirements name what the other commands need."""
    monkeypatch.setattr(commands, "missing", lambda: ["aws_cdk"])
    code, output, _ = run("init", str(tmp_path / "new"), "--package", "https://example.com/noukai.whl")
    assert code == 0
    assert str(tmp_path / "new" / "flows" / "hello.py") in output.splitlines()


def test_repository_begins_in_one_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a `.git`, a licence and more; what is left to do by hand is told."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text(".venv/\n.build/\ncdk.out/\n__pycache__/\n")
    (tmp_path / "noukai.toml").write_text('stack = "mine"')
    monkeypatch.chdir(tmp_path)
    code, output, _ = run("init", ".", "--package", URL)
    assert (code, output.splitlines()[-1]) == (0, "Next: read NOUKAI.md.")
    assert ".gitignore stays as it is: add by hand\n    .pytest_cache/\n" in output
    assert "README.md stays as it is: add by hand\n    Background jobs: see [NOUKAI.md]" in output
    assert "noukai.toml stays as it is: `noukai init` in an empty folder shows what ours says.\n" in output
    (tmp_path / "noukai.toml").unlink()
    code, output, said = run("init", str(tmp_path), "--package", URL)
    assert (code, output) == (1, "")
    assert f"{tmp_path} has flows/hello.py, which would be overwritten" in said
    assert not (tmp_path / "noukai.toml").exists()


def test_examples_are_listed_and_made(tmp_path: Path) -> None:
    """Help names them, and so does the error about one that there is not."""
    shown = " ".join(run("init", "--help")[1].split())
    assert all(f"{name} ({title})" in shown for name, title in examples().items())
    code, output, said = run("init", str(tmp_path / "new"), "--package", URL, "--example", "nothing")
    assert (code, output) == (1, "")
    assert said == f"There is no example nothing: use one of {', '.join(examples())}.\n"
    assert not (tmp_path / "new").exists()
    code, output, _ = run("init", str(tmp_path / "new"), "--package", URL, "--example", "web-application")
    assert code == 0
    assert str(tmp_path / "new" / "web.py") in output.splitlines()


def test_folder_of_this_machine_is_told(tmp_path: Path) -> None:
    """Others cannot install the repository's requirements."""
    folder = (tmp_path / "noukai").as_uri()
    code, output, _ = run("init", str(tmp_path / "new"), "--package", folder)
    assert code == 0
    assert (
        f"Note: requirements.txt installs noukai from {tmp_path / 'noukai'}, which only this machine"
        in output
    )
    assert "Note" not in run("init", str(tmp_path / "other"), "--package", URL)[1]


@pytest.mark.parametrize(
    "name",
    [
        "deploy",
        "destroy",
        "diff",
        "drift",
        "rollback",
        "redrive",
        "recount",
        "restore",
        "export",
        "verify",
    ],
)
@pytest.mark.parametrize("stage", [["production"], ["--stage", "production"], ["--stage=production"]])
def test_stage_is_the_first_argument_or_an_option(name: str, stage: list[str]) -> None:
    """It is looked for in the settings before any credentials are, also instead of the environment's."""
    os.environ[STAGE] = "staging"
    code, _, said = run(name, *stage, "-c", "memory=512")
    assert (code, said) == (1, "cdk.json has no stages, such as production: noukai.toml may have some.\n")
    assert os.environ[STAGE] == "production"


@pytest.mark.parametrize(
    "command",
    [
        ("keys", "list"),
        ("keys", "create", "--org", "acme", "a-key"),
        ("keys", "revoke", "1f0c"),
        ("keys", "rotate-tokens"),
        ("budget", "list"),
        ("budget", "set", "--org", "acme", "--jobs", "1"),
        ("budget", "clear", "--org", "acme"),
    ],
)
def test_commands_of_orgs_take_a_stage(command: tuple[str, ...]) -> None:
    code, _, said = run(*command, "--stage", "production")
    assert (code, said) == (1, "cdk.json has no stages, such as production: noukai.toml may have some.\n")


def test_mistyped_stage_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or another deployment would be meant."""
    monkeypatch.setenv("NOUKAI_STAG", "production")
    code, output, said = run("keys", "list")
    assert (code, output) == (2, "")
    assert "NOUKAI_STAG is unknown" in said
    assert "did you mean NOUKAI_STAGE?" in said


def test_error_of_an_operator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With an exit code that no script takes for success."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    code, _, said = run("keys", "list")
    assert (code, said) == (1, "No AWS region is configured: set AWS_REGION, for instance to us-east-1.\n")


def test_help_of_a_command_is_its_own() -> None:
    """Under the name that it was called by."""
    code, output, _ = run("deploy", "--help")
    assert code == 0
    assert "noukai deploy [STAGE] [OPTIONS]" in output
    assert "--any-memory" in output


def test_doctor_tells_of_the_machine_and_the_project() -> None:
    """Nothing that `noukai local` needs is missing here."""
    code, output, _ = run("doctor")
    assert code == 0
    found = {line.split()[1].rstrip(":"): line.split()[0] for line in output.splitlines()}
    assert {name: found[name] for name in ("Python", "settings", "Node", "emulator")} == dict.fromkeys(
        ("Python", "settings", "Node", "emulator"), "ok"
    )


def test_doctor_finds_wrong_settings() -> None:
    """The exit code says so."""
    code, output, _ = run("doctor", "--stage", "production")
    assert code == 1
    assert "wrong  settings: cdk.json has no stages" in output


@pytest.mark.parametrize("arguments", [["live"], ["--stage", "live"]])
def test_doctor_takes_a_stage_like_a_deploy(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    """As its first word or as an option."""
    seen: list[str] = []

    def findings() -> list[Finding]:
        seen.append(os.environ[STAGE])
        return []

    monkeypatch.setattr(checks, "findings", findings)
    assert operate("doctor", arguments) == 0
    assert seen == ["live"]
