"""The CI workflow and the IAM documents of the operator's README."""

import json
import subprocess
from typing import Any

import pytest
import yaml
from botocore.model import OperationModel

from noukai_functions.jobs.row import encode
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_infra.operations.deploy.releases.rollback import conclude, live_flows, live_versions
from noukai_infra.operations.orgs.keys import Keys
from noukai_infra.settings import ROOT
from noukai_infra.stack.base.aliases import LIVE
from tests.documents import BLOCKS
from tests.infra.operations.recording_cdk import RecordingCdk
from tests.job_rows import pending

STACK = "noukai"
HOUR = 3600
ANYBODY_MAY = {"sts:GetCallerIdentity"}
BY_THE_CDK = {"sts:AssumeRole"}


def document(file: str) -> Any:
    [block] = [each for each in BLOCKS if each.file == file]
    return json.loads(block.code) if block.language == "json" else yaml.load(block.code, yaml.BaseLoader)


class Recorder:
    """The actions of the requests that a session makes."""

    def __init__(self, account: Account) -> None:
        self.actions: set[str] = set()
        account.session.events.register("before-call", self._note)

    def _note(self, model: OperationModel, **_: object) -> None:
        self.actions.add(f"{model.service_model.signing_name}:{model.name}")


def publish(account: Account, function: str, description: str) -> str:
    """Publish a version as a deploy would, and return it."""
    client = account.session.client("lambda")
    client.update_function_configuration(FunctionName=function, Description=description)
    version = client.publish_version(FunctionName=function)["Version"]
    client.update_alias(FunctionName=function, Name=LIVE, FunctionVersion=version)
    return version


@pytest.fixture
def asked(account_with_kinds: Account) -> set[str]:
    """Return the actions that deploys in CI take."""
    function = next(iter(live_versions(account_with_kinds, STACK)))
    versions = [publish(account_with_kinds, function, text) for text in ("second", "third")]
    job = pending(1_700_000_000_000, id="job_a", flow="scales/plain")
    table = account_with_kinds.deployed(STACK)["JobsTable"]
    account_with_kinds.session.client("dynamodb").put_item(TableName=table, Item=encode(job))
    recorder = Recorder(account_with_kinds)
    with pytest.raises(OperatorError, match="Nothing was deployed"):
        deploy(account_with_kinds, RecordingCdk({}), STACK, Plan(confirm=lambda: False, show=lambda _: None))
    for number, version in enumerate(versions):
        conclude(account_with_kinds, STACK, {function: version}, now=number * HOUR)
    live_flows(account_with_kinds, STACK)
    Keys(
        account_with_kinds.session.client("dynamodb"), account_with_kinds.deployed(STACK)["KeysTable"]
    ).is_empty()
    return recorder.actions


def test_policy_allows_what_a_deployment_asks(asked: set[str]) -> None:
    """And nothing else, but to take the roles of the CDK, which does the rest."""
    statements = document("policy.json")["Statement"]
    listed = [[each["Action"]] if isinstance(each["Action"], str) else each["Action"] for each in statements]
    allowed = {action for actions in listed for action in actions}
    assert asked - ANYBODY_MAY == allowed - BY_THE_CDK


def test_policy_is_narrow() -> None:
    """Everything but what AWS knows no resource for is of this stack or of the CDK."""
    for statement in document("policy.json")["Statement"]:
        if statement["Resource"] == "*":
            assert statement["Action"] == ["lambda:GetAccountSettings", "scheduler:ListSchedules"]
        else:
            assert "noukai" in statement["Resource"] or "cdk-" in statement["Resource"]


def test_role_is_for_the_main_branch() -> None:
    """Of one repository: any other token of GitHub's is refused."""
    [statement] = document("trust.json")["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    conditions = statement["Condition"]["StringEquals"]
    issuer = "token.actions.githubusercontent.com"
    assert statement["Principal"]["Federated"].endswith(f":oidc-provider/{issuer}")
    assert conditions[f"{issuer}:aud"] == "sts.amazonaws.com"
    assert conditions[f"{issuer}:sub"].endswith(":ref:refs/heads/main")


def test_workflow_tests_and_then_deploys() -> None:
    """Its commands exist; it takes credentials after the tests, on the main branch only, without a secret."""
    [job] = document(".github/workflows/deploy.yml")["jobs"].values()
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    steps = job["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands == ["make check", "make test", "make deploy"]
    for command in commands:
        done = subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert [step.get("if") for step in steps[-2:]] == ["github.ref == 'refs/heads/main'"] * 2
    assert not any("if" in step for step in steps[:-2])
    assert "secrets." not in json.dumps(steps)
