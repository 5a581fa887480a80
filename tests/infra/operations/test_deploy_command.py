"""The command `deploy`: what it plans, and what it says afterwards. Nothing is deployed."""

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

import noukai_infra.__main__ as module
from noukai_infra.operations.account import Account
from noukai_infra.operations.deployment.cdk import Cdk
from noukai_infra.operations.deployment.deploy import Plan

Run = Callable[..., tuple[Plan, bool | None, str]]
WARNING = "the readers of queues take all"


@pytest.fixture
def run(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command; gives its plan, what the operator has answered, if asked, and what the command has said."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    monkeypatch.delenv("CI", raising=False)

    def command(*options: str, answer: str = "", **environ: str) -> tuple[Plan, bool | None, str]:
        seen: list[Any] = []

        def deploy(_account: Account, _cdk: Cdk, _stack: str, plan: Plan) -> list[str]:
            seen.extend((plan, plan.confirm() if plan.confirm else None))
            return [WARNING]

        monkeypatch.setattr(module, "deploy", deploy)
        done = CliRunner().invoke(module.commands, ["deploy", *options], input=answer, env=environ)
        assert done.exit_code == 0, done.output
        plan, answered = seen
        return plan, answered, done.output

    return command


@pytest.mark.parametrize(
    ("value", "is_unattended"), [("", False), ("false", False), ("0", False), ("true", True), ("1", True)]
)
def test_rights_are_widened_without_a_question_in_ci_alone(run: Run, value: str, is_unattended: bool) -> None:
    """Elsewhere the CDK command asks."""
    assert run()[0].is_unattended is False
    assert run(CI=value)[0].is_unattended is is_unattended


@pytest.mark.parametrize(("answer", "answered"), [("y\n", True), ("n\n", False)])
def test_differences_are_asked_about_when_they_are_shown(run: Run, answer: str, answered: bool) -> None:
    """Only with the option, also in CI."""
    assert run()[1] is None
    assert run("--diff", answer=answer)[1] is answered
    assert run("--diff", answer=answer, CI="true")[1] is answered


def test_memory_of_a_new_account_is_a_limit_unless_the_operator_knows_better(run: Run) -> None:
    """AWS does not say what it allows."""
    assert [run(*options)[0].any_memory for options in ([], ["--any-memory"])] == [False, True]


def test_warnings_are_shown(run: Run) -> None:
    """Of what AWS takes and throttles."""
    assert f"\nWarning: {WARNING}\n" in run()[2]
