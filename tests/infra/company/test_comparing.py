"""The commands `diff` and `drift`: what they print, their exit codes, and that they change nothing."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from noukai_infra.__main__ import commands
from noukai_infra.operations import operator
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.addresses.edge import EdgeDeploy
from noukai_infra.operations.addresses.origin_secret import OriginSecret
from noukai_infra.operations.deploy import command as deploy_command
from noukai_infra.operations.deploy import deploy as deploying
from noukai_infra.operations.deploy.cdk import Cdk
from noukai_infra.operations.deploy.checks.drift import Drift

STACK = "noukai"
DRIFTED = "AWS::SQS::Queue Jobs (jobs) has another /VisibilityTimeout: 30 instead of 900"


@pytest.fixture
def asked(
    account_with_kinds: Account, assembly_with_kinds: Path, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, ...]]:
    """Return what the CDK command is asked; what it synthesizes is what is deployed."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    asked: list[tuple[str, ...]] = []

    def run(_: Cdk, *arguments: str, assembly: Path | None = None) -> int:
        asked.append(arguments)
        if arguments[0] == "synth":
            folder = Path(arguments[arguments.index("--output") + 1])
            shutil.copytree(assembly_with_kinds, folder, dirs_exist_ok=True)
        else:
            assert assembly is not None
            assert (assembly / f"{STACK}.template.json").is_file()
        return 0

    monkeypatch.setattr(Cdk, "run", run)
    return asked


def test_diff_shows_parts_and_differences(account_with_kinds: Account, asked: list[tuple[str, ...]]) -> None:
    """It says which stack where would change and what that costs, and lets the CDK show the rest."""
    before = account_with_kinds.template(STACK)
    done = CliRunner().invoke(commands, ["diff"])
    assert (done.exit_code, done.stderr) == (0, "")
    place = f"{account_with_kinds.number}/{account_with_kinds.region}"
    assert f"This updates the stack {STACK} in {place}:" in done.stdout
    assert "At rest it costs " in done.stdout
    assert [each[:2] for each in asked] == [("synth", STACK), ("diff", STACK)]
    assert account_with_kinds.template(STACK) == before


def test_diff_of_a_stack_that_is_not_there(asked: list[tuple[str, ...]]) -> None:
    """It would be made; nothing is bootstrapped for that."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Account, "outputs", lambda *_: None)
        patched.setattr(Account, "template", lambda *_: {"Resources": {}})
        done = CliRunner().invoke(commands, ["diff"])
    assert (done.exit_code, f"This makes the stack {STACK} in " in done.stdout) == (0, True), done.exception
    assert {each[0] for each in asked} == {"synth", "diff"}


def test_diff_that_fails(asked: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch) -> None:
    run = Cdk.run
    failing = lambda *given, **more: run(*given, **more) or int(given[1] == "diff")  # noqa: E731
    monkeypatch.setattr(Cdk, "run", failing)
    done = CliRunner().invoke(commands, ["diff"])
    assert isinstance(done.exception, OperatorError)
    assert str(done.exception) == "`cdk diff` has failed: see above."
    assert asked[-1][0] == "diff"


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        ([], 0, f"The stack {STACK} is as its template says.\n"),
        ([DRIFTED], 1, f"{DRIFTED}\n"),
        ([DRIFTED, DRIFTED], 1, f"{DRIFTED}\n{DRIFTED}\n"),
    ],
)
def test_drift_has_an_exit_code(
    account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch, lines: list[str], code: int, said: str
) -> None:
    """A difference is a line, and the exit code is then 1, for a pipeline."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    monkeypatch.setattr(Drift, "lines", lambda _: lines)
    done = CliRunner().invoke(commands, ["drift"])
    assert (done.exit_code, done.stdout) == (code, said)


def test_diff_finds_out_what_a_deploy_does(
    account_with_kinds: Account, asked: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A canary, CloudFront and the certificate of foreign DNS would else be shown as removed."""
    monkeypatch.setattr(deploying, "live_versions", lambda *_: {"worker-1": "7"})
    monkeypatch.setattr(deploying, "worker_functions", lambda *_: {"default": "worker-1"})
    monkeypatch.setattr(deploy_command, "issued_certificate", lambda _, name: f"arn-of-{name}")
    domain = {"canary": 5, "domain": {"name": "jobs.acme.com"}}
    monkeypatch.setattr(operator, "file_context", lambda: domain)
    done = CliRunner().invoke(commands, ["diff"])
    assert done.exit_code == 0, done.exception
    assert {"stable=default=7", "domain_certificate=arn-of-jobs.acme.com"} <= set(asked[0])

    opened = EdgeDeploy(account_with_kinds, STACK, OriginSecret("s"), is_closing=True)
    certificate = f"arn:aws:acm:us-east-1:{'1' * 12}:certificate/a"
    edge = {"edge": {"name": "jobs.acme.com", "certificate": certificate}}
    monkeypatch.setattr(operator, "file_context", lambda: edge)
    monkeypatch.setattr(EdgeDeploy, "of", lambda *_, **__: opened)
    CliRunner().invoke(commands, ["diff"])
    assert f"origin_digests={opened.secret.digests[0]}" in asked[-1]
