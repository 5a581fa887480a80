"""The rights of those who run the operator's commands."""

import ast
from collections.abc import Collection

import pytest

from noukai_infra.repository.doctor.rights import RIGHTS, RIGHTS_OF_SETTINGS, Rights, rights_for
from noukai_infra.settings import ROOT, Settings
from tests.infra.company import operator_calls
from tests.infra.company.operator_calls import COMMANDS, FILE, NOT_OF_AWS, SOURCES, by_command, calls, text

BY_THE_CDK = {"sts:AssumeRole"}
ANYBODY_MAY = {"sts:GetCallerIdentity"}
EVERY_COMMAND = {"every command", "deploy"}
GROUPS = {
    "canary": "canary; deploy with `canary`",
    "domain": "deploy, diff with `domain` without zone and certificate",
    "edge": "deploy, destroy, diff with `edge`",
    "network": "deploy, diff with `network`",
    "secrets": "deploy with `secrets`",
}
OF_THE_CANARY_ALONE = {
    "cloudwatch:GetMetricData",
    "dynamodb:DeleteItem",
    "lambda:ListEventSourceMappings",
    "lambda:UpdateEventSourceMapping",
}
"""Actions of `canary` that no deploy takes: its figures, its promotion and its end."""


def actions_of(rights: Rights) -> set[str]:
    return {action for actions in rights.values() for action in actions}


def test_list_is_what_the_commands_call() -> None:
    """A new call changes the file: `python -m tests.infra.company.operator_calls` lists them anew."""
    assert FILE.read_text() == text()


def test_every_entry_has_calls() -> None:
    """A command or an exception whose source moved is missed here."""
    files = {call.file for call in calls()}
    assert {call.command for call in calls()} == {*COMMANDS.values()}
    for file, name in NOT_OF_AWS:
        assert name in (SOURCES / file).read_text()
        assert file not in files


def test_call_is_found_however_it_is_made() -> None:
    """Called, handed on, by a paginator, or waited for."""
    found = {(call.file, call.action) for call in calls()}
    for each in [
        ("operations/deploy/deploy.py", "s3:DeleteObject"),
        ("operations/deploy/checks/secrets.py", "secretsmanager:GetSecretValue"),
        ("operations/deploy/draining.py", "scheduler:ListSchedules"),
        ("operations/addresses/edge.py", "cloudformation:DescribeStacks"),
    ]:
        assert each in found
    tree = ast.parse('client.get_waiter("stack_create_complete")').body[0]
    assert isinstance(tree, ast.Expr)
    assert operator_calls.called_by(tree.value) == "describe_stacks"


def test_new_call_is_no_part_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """An action that the commands take from now on makes the comparison fail."""
    before = text()
    more = [*calls(), operator_calls.Call("operations/redrive.py", "redrive_all", "sqs:PurgeQueue")]
    monkeypatch.setattr(operator_calls, "calls", lambda: more)
    assert "`sqs:PurgeQueue`" in text()
    assert text() != before


def test_policy_of_a_deploy_has_every_call_of_it() -> None:
    """The deploying role has what the source of a deploy calls, and nothing else."""
    groups = by_command()
    called = set[str]().union(*(groups[name] for name in EVERY_COMMAND))
    assert called - ANYBODY_MAY == actions_of(RIGHTS) - BY_THE_CDK


@pytest.mark.parametrize("setting", GROUPS)
def test_setting_adds_what_its_source_calls(setting: str) -> None:
    added = actions_of(RIGHTS_OF_SETTINGS[setting])
    assert by_command()[GROUPS[setting]] - OF_THE_CANARY_ALONE - actions_of(RIGHTS) <= added
    assert added <= by_command()[GROUPS[setting]]


def test_rights_of_settings_are_documented() -> None:
    """A row of the operator's README for each resource."""
    assert GROUPS.keys() == RIGHTS_OF_SETTINGS.keys()
    said = (ROOT / "infra" / "README.md").read_text()
    for setting, rights in RIGHTS_OF_SETTINGS.items():
        for resource, actions in rights.items():
            listed = ", ".join(f"`{action}`" for action in actions)
            assert f"| `{setting}` | {listed} | `{resource.replace('STACK', 'noukai')}` |" in said


def added_by(**context: object) -> Collection[str]:
    """Return what settings add to the rights of every deploy."""
    rights = dict(rights_for(Settings.from_context(context)))
    return [
        f"{action} on {resource}"
        for resource, actions in rights.items()
        for action in actions
        if action not in RIGHTS.get(resource, ())
    ]


def test_doctor_asks_for_the_rights_of_the_settings() -> None:
    assert added_by() == []
    assert added_by(domain={"name": "jobs.acme.com", "zone": "Z1"}) == []
    assert "acm:RequestCertificate on *" in added_by(domain={"name": "jobs.acme.com"})
    network = {"subnets": "subnet-0a1b2c3d", "security_groups": "sg-0a1b2c3d"}
    assert "ec2:DescribeRouteTables on *" in added_by(workers={"ml": {"network": network}})
    parameter = "arn:aws:ssm:eu-central-1:123456789012:parameter/shop/key"
    secrets = {
        "DB_URL": "ssm:/shop/db",
        "TOKEN": "secretsmanager:shop#token",
        "KEY": f"ssm:{parameter}",
    }
    assert added_by(secrets=secrets) == [
        "ssm:GetParameters on arn:aws:ssm:REGION:ACCOUNT:parameter/shop/db",
        "secretsmanager:GetSecretValue on arn:aws:secretsmanager:REGION:ACCOUNT:secret:shop-*",
        f"ssm:GetParameters on {parameter}",
    ]
