"""The command `deploy`: what it plans, what it asks, and what it says afterwards. Nothing is deployed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner, Result

from noukai_infra.__main__ import commands
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy import command as module
from noukai_infra.operations.deploy.cdk import Cdk
from noukai_infra.operations.deploy.deploy import Outcome, Plan
from noukai_infra.operations.deploy.first_job import FirstJob
from noukai_infra.operations.orgs.keys import Keys

WARNING = "the readers of queues take all"


@dataclass
class Deploys:
    """The deploys that the command asks for, and what the operator has answered, if asked."""

    plans: list[Plan] = field(default_factory=list)
    answers: list[bool | None] = field(default_factory=list)
    first_job: FirstJob | None = None

    def deploy(self, _account: Account, _cdk: Cdk, _stack: str, plan: Plan) -> Outcome:
        self.plans.append(plan)
        self.answers.append(plan.confirm() if plan.confirm else None)
        return Outcome([WARNING], self.first_job)


Run = Callable[..., Result]


@pytest.fixture
def deploys(monkeypatch: pytest.MonkeyPatch) -> Deploys:
    deploys = Deploys()
    monkeypatch.setattr(module, "deploy", deploys.deploy)
    return deploys


@pytest.fixture
def run(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch, deploys: Deploys) -> Run:
    """Run the command, by default at a terminal."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    monkeypatch.delenv("CI", raising=False)

    assert deploys.plans == []

    def command(*options: str, answer: str = "y\n", at_terminal: bool = True, **environ: str) -> Result:
        monkeypatch.setattr(module, "is_terminal", lambda _: at_terminal)
        return CliRunner().invoke(commands, ["deploy", *options], input=answer, env=environ)

    return command


@pytest.mark.parametrize(("answer", "answered"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_operator_is_asked_at_a_terminal(run: Run, deploys: Deploys, answer: str, answered: bool) -> None:
    """Only a clear yes deploys."""
    assert "Deploy this? [y/N]" in run(answer=answer).output
    assert deploys.answers == [answered]


@pytest.mark.parametrize("options", [["--yes"], ["-y"], ["--yes", "--diff"]])
@pytest.mark.parametrize("at_terminal", [True, False])
def test_yes_is_the_answer(run: Run, deploys: Deploys, options: list[str], at_terminal: bool) -> None:
    """With a terminal and without one; the differences are shown all the same."""
    assert run(*options, at_terminal=at_terminal).exit_code == 0
    assert deploys.answers == [None]
    assert deploys.plans[0].has_diff is ("--diff" in options)


@pytest.mark.parametrize("value", ["true", "1"])
def test_ci_is_not_asked(run: Run, deploys: Deploys, value: str) -> None:
    """It has no terminal, and the change was reviewed."""
    assert run(at_terminal=False, CI=value).exit_code == 0
    assert deploys.answers == [None]


@pytest.mark.parametrize("value", ["", "false", "0"])
def test_nobody_is_there_to_be_asked(run: Run, deploys: Deploys, value: str) -> None:
    """Nothing is deployed, and the error says what to do."""
    done = run(at_terminal=False, CI=value)
    assert isinstance(done.exception, OperatorError)
    assert str(done.exception).startswith(
        "Nobody can be asked whether to deploy: run this at a terminal, or add --yes"
    )
    assert deploys.plans == []


@pytest.mark.parametrize(("answer", "answered"), [("y\n", True), ("n\n", False)])
def test_differences_are_asked_about_when_they_are_shown(
    run: Run, deploys: Deploys, answer: str, answered: bool
) -> None:
    """Also in CI."""
    run("--diff", answer=answer)
    run("--diff", answer=answer, CI="true", at_terminal=False)
    assert deploys.answers == [answered, answered]
    assert [plan.has_diff for plan in deploys.plans] == [True, True]


def test_memory_of_a_new_account_is_a_limit_unless_the_operator_knows_better(
    run: Run, deploys: Deploys
) -> None:
    """AWS does not say what it allows."""
    for options in ([], ["--any-memory"]):
        run(*options)
    assert [plan.any_memory for plan in deploys.plans] == [False, True]


def test_warnings_are_shown(run: Run) -> None:
    """Of what AWS takes and throttles."""
    assert f"\nWarning: {WARNING}\n" in run().output


@pytest.fixture
def no_keys(account_with_kinds: Account) -> Iterator[Keys]:
    """Yield the keys of the deployment, of which there are none at first."""
    keys = Keys(
        account_with_kinds.session.client("dynamodb"), account_with_kinds.deployed("noukai")["KeysTable"]
    )
    for key in LOCAL_KEYS.values():
        keys.delete(key)
    assert keys.is_empty()
    yield keys
    for org, key in LOCAL_KEYS.items():
        keys.insert(key, org, "local", created=0)


def test_first_key_comes_with_the_lines_of_a_first_job(
    run: Run, deploys: Deploys, account_with_kinds: Account, no_keys: Keys
) -> None:
    """Once: who has a key knows how to use it."""
    deploys.first_job = FirstJob("hello/hello", {"message": "text", "count": 3})
    endpoint = account_with_kinds.deployed("noukai")["Endpoint"]
    said = run("--org", "acme").output
    (key,) = re.findall(r"^Key:      (nk_\S{43})$", said, re.MULTILINE)
    lines = said.partition("Submit a first job:\n\n")[2].splitlines()
    assert lines == [
        f"  export NOUKAI_BASE_URL={endpoint}",
        f"  export NOUKAI_API_KEY={key}",
        "  .venv/bin/noukai submit acme/hello/hello -m text -p count=3 --wait",
    ]
    try:
        assert "nk_" not in run("--org", "acme").output
    finally:
        no_keys.delete(key)


@pytest.mark.parametrize(("at_terminal", "environ"), [(False, {}), (True, {"CI": "true"})])
def test_no_key_is_shown_to_a_log(
    run: Run, no_keys: Keys, at_terminal: bool, environ: dict[str, str]
) -> None:
    """None is made either: the command that makes one is named."""
    said = run("--yes", at_terminal=at_terminal, **environ).output
    assert 'make keys ARGS="create --org default first"' in said
    assert "nk_" not in said
    assert no_keys.is_empty()
