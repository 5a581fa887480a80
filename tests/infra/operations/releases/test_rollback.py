"""A deploy is taken back in one step, and the next one goes forward whatever was taken back."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from noukai_infra.__main__ import commands
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.deploy import Plan
from noukai_infra.operations.deploy.deploy import deploy as make_deploy
from noukai_infra.operations.deploy.releases.rollback import conclude, live_flows, live_versions, rollback
from noukai_infra.stack.base.aliases import LIVE, flows_description
from tests.infra.operations.recording_cdk import RecordingCdk

STACK = "noukai"
HOUR = 3600
FUNCTIONS = ("Api", "Worker")


@pytest.fixture
def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Account:
    for name, value in emulator.endpoint.environment.items():
        monkeypatch.setenv(name, value)
    return Account(boto3.Session(region_name=REGION), ACCOUNT, REGION)


def template(**texts: str) -> str:
    """Return a template of functions that answer with a text, each a version that is live by an alias."""
    found: dict[str, Any] = {}
    for name, text in texts.items():
        function = {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/any",
            "Code": {"ZipFile": f"def handler(event, context):\n    return {text!r}\n"},
            "Description": text,
        }
        version = f"{name}Version{text.title().replace(' ', '')}"
        found[name] = {"Type": "AWS::Lambda::Function", "Properties": function}
        found[version] = {
            "Type": "AWS::Lambda::Version",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {"FunctionName": {"Ref": name}},
        }
        alias = {
            "FunctionName": {"Ref": name},
            "Name": LIVE,
            "FunctionVersion": {"Fn::GetAtt": [version, "Version"]},
        }
        found[f"{name}Live"] = {"Type": "AWS::Lambda::Alias", "Properties": alias}
    outputs = {name: {"Value": name} for name in ("JobsTable", "KeysTable")}
    return json.dumps({"Resources": found, "Outputs": outputs})


def deploy(account: Account, now: int = 0, **texts: str) -> None:
    """Do what a deploy does."""
    before = live_versions(account, STACK)
    apply_template(account, **texts)
    conclude(account, STACK, before, now=now)


def apply_template(account: Account, **texts: str) -> None:
    """Do what CloudFormation does in one."""
    cloudformation = account.session.client("cloudformation")
    is_new = account.outputs(STACK) is None
    apply = cloudformation.create_stack if is_new else cloudformation.update_stack
    apply(StackName=STACK, TemplateBody=template(**texts), Capabilities=["CAPABILITY_IAM"])
    done: Any = cloudformation.get_waiter("stack_create_complete" if is_new else "stack_update_complete")
    done.wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def answers(account: Account) -> dict[str, str]:
    client = account.session.client("lambda")
    return {
        name: json.loads(client.invoke(FunctionName=name, Qualifier=LIVE)["Payload"].read())
        for name in FUNCTIONS
    }


def versions(account: Account) -> set[str]:
    found = account.session.client("lambda").list_versions_by_function(FunctionName="Api")["Versions"]
    return {each["Description"] for each in found if each["Version"] != "$LATEST"}


def test_deployment_is_taken_back_and_brought_forward_again(account: Account) -> None:
    """All functions that it has changed go back together, and a second time forward."""
    with pytest.raises(OperatorError, match="There is no stack"):
        rollback(account, STACK, now=0)
    deploy(account, Api="one", Worker="one")
    with pytest.raises(OperatorError, match="no previous version"):
        rollback(account, STACK, now=0)
    deploy(account, Api="two", Worker="two")
    assert answers(account) == {"Api": "two", "Worker": "two"}
    assert rollback(account, STACK, now=0) == len(FUNCTIONS)
    assert answers(account) == {"Api": "one", "Worker": "one"}
    rollback(account, STACK, now=0)
    assert answers(account) == {"Api": "two", "Worker": "two"}


@dataclass(frozen=True)
class ApplyingCdk(RecordingCdk):
    """A CDK command that deploys a template of its own."""

    apply: Callable[[], None] = lambda: None

    def run(self, *arguments: str, assembly: Path | None = None) -> int:
        if arguments[0] == "deploy":
            self.apply()
        return super().run(*arguments, assembly=assembly)


def test_commands_deploy_and_take_back(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an operator runs them; each names the flows that are live afterwards."""
    monkeypatch.setenv("AWS_REGION", REGION)
    for text in ("one", "two"):
        version = flows_description(text)
        apply = partial(apply_template, account, Api=version, Worker=version)
        make_deploy(account, ApplyingCdk({}, apply=apply), STACK, Plan())
    for text in ("one", "two"):
        done = CliRunner().invoke(commands, ["rollback"])
        assert (
            f"2 functions have changed places with their previous versions, and version {text}" in done.output
        )
        assert answers(account) == dict.fromkeys(FUNCTIONS, flows_description(text))


def test_deployment_after_a_rollback_leaves_no_function_behind(account: Account) -> None:
    """Also unchanged functions; only the previous versions stay."""
    deploy(account, Api="one", Worker="one")
    deploy(account, Api="two", Worker="two")
    rollback(account, STACK, now=0)
    deploy(account, Api="three", Worker="two", now=HOUR)
    assert answers(account) == {"Api": "three", "Worker": "two"}
    assert versions(account) == {"one", "three"}
    rollback(account, STACK, now=0)
    assert answers(account) == {"Api": "one", "Worker": "one"}


@pytest.mark.parametrize("is_taken_back", [False, True], ids=["deployed", "rolled back"])
def test_version_that_may_still_run_is_kept(account: Account, *, is_taken_back: bool) -> None:
    """What it has begun may take a quarter of an hour: a deploy after that takes it away."""
    deploy(account, Api="one", Worker="one")
    deploy(account, Api="two", Worker="two", now=HOUR)
    if is_taken_back:
        rollback(account, STACK, now=2 * HOUR)
        deploy(account, Api="three", Worker="three", now=2 * HOUR + 900)
    else:
        deploy(account, Api="three", Worker="three", now=HOUR + 900)
    assert versions(account) == {"one", "two", "three"}
    deploy(account, Api="four", Worker="four", now=4 * HOUR)
    assert versions(account) == {"three", "four"}


def test_flows_that_are_live_are_named(account: Account) -> None:
    """By the description of a version, which a rollback brings along."""
    deploy(account, Api="other", Worker=flows_description("1a2b3c4d"))
    assert live_flows(account, STACK) == "1a2b3c4d"
    deploy(account, Api="other", Worker=flows_description("5e6f7a8b"))
    assert live_flows(account, STACK) == "5e6f7a8b"
    rollback(account, STACK, now=0)
    assert live_flows(account, STACK) == "1a2b3c4d"
