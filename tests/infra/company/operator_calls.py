"""The rights that the operator's commands need: `python -m tests.infra.company.operator_calls` lists them.

They come from the source: each attribute that is named like an operation of a service whose client the
commands make, and each name of a paginator or waiter.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from botocore import xform_name
from botocore.session import Session

from noukai_infra.settings import ROOT

FILE = ROOT / ".github" / "operator-permissions.md"
SOURCES = ROOT / "infra" / "noukai_infra"
_LOCAL = ("bundle", "console", "local", "settings", "stack")
"""Folders that call no AWS: the emulator needs no rights."""

NOT_OF_AWS = {("repository/doctor/deployed.py", "create_connection")}
"""Methods of others that are named like an operation."""

COMMANDS = {
    "__main__.py": "every command",
    "operations/account.py": "every command",
    "operations/account.py:Account.bootstrap_version": "deploy",
    "operations/deploy/": "deploy",
    "operations/orgs/keys.py:Keys.is_empty": "deploy",
    "operations/deploy/checks/network/": "deploy, diff with `network`",
    "operations/deploy/checks/secrets.py": "deploy with `secrets`",
    "operations/addresses/certificate.py": "deploy, diff with `domain` without zone and certificate",
    "operations/addresses/": "deploy, destroy, diff with `edge`",
    "operations/deploy/releases/canary.py:Canary": "canary; deploy with `canary`",
    "operations/deploy/releases/canary_commands.py": "canary; deploy with `canary`",
    "operations/deploy/deploy.py:destroy": "destroy",
    "operations/deploy/deploy.py:_forget_secret": "destroy",
    "operations/deploy/deploy.py:_empty": "destroy",
    "operations/orgs/": "keys, budget",
    "operations/audit_trail.py": "keys, budget",
    "operations/ops/": "ops, doctor",
    "operations/resting.py": "ops, doctor",
    "operations/redrive.py": "redrive",
    "transfer/": "export, import",
    "operations/recount.py": "recount, redrive",
    "operations/restore/": "restore",
    "operations/deploy/checks/drift.py": "drift",
    "planning/": "plan, doctor",
    "repository/doctor/": "doctor",
    "verify/": "verify",
}
"""The commands of each part of the source; the longest name that fits is that of a call."""

_PREFIXES = {"apigatewayv2": "apigateway", "service-quotas": "servicequotas"}
"""IAM's names of services that have others in boto3."""

_OTHER_ACTIONS = {
    "apigateway:GetApi": "apigateway:GET",
    "apigateway:GetIntegrations": "apigateway:GET",
    "apigateway:GetStage": "apigateway:GET",
    "apigateway:GetStages": "apigateway:GET",
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectsV2": "s3:ListBucket",
}
"""IAM's names of operations that have others:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html."""

_WAITERS = {
    "stack_create_complete": "describe_stacks",
    "stack_update_complete": "describe_stacks",
    "stack_delete_complete": "describe_stacks",
}


@dataclass(frozen=True)
class Call:
    """A call of an operation, in a function of a file."""

    file: str
    function: str
    action: str

    @property
    def command(self) -> str:
        """Return the commands that make it.

        Raises:
            LookupError: no command is known for its place.
        """
        place = f"{self.file}:{self.function}"
        parts = sorted((part for part in COMMANDS if place.startswith(part)), key=len)
        if not parts:
            raise LookupError(f"{place} calls {self.action}: name its command in COMMANDS")
        return COMMANDS[parts[-1]]


def calls() -> list[Call]:
    """Return every call of AWS in the source of the commands."""
    return [call for file in _files() for call in _calls_in(file)]


def _files() -> Iterator[Path]:
    for file in sorted(SOURCES.rglob("*.py")):
        if file.relative_to(SOURCES).parts[0] not in _LOCAL:
            yield file


def _calls_in(file: Path) -> Iterator[Call]:
    tree = ast.parse(file.read_text())
    name, near = str(file.relative_to(SOURCES)), clients_in(tree)
    for function, node in _with_functions(tree, ""):
        called = called_by(node)
        if called is None or (name, called) in NOT_OF_AWS:
            continue
        services = _operations().get(called, {})
        for service in services.keys() & near or services:
            yield Call(name, function, services[service])


def _with_functions(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield each node with the qualified name of its function."""
    for child in ast.iter_child_nodes(node):
        name = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            name = f"{function}.{child.name}".lstrip(".")
        yield name, child
        yield from _with_functions(child, name)


def called_by(node: ast.AST) -> str | None:
    """Return the name of the method that a node calls or hands on; None if it does neither."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="get_paginator" | "get_waiter"), args=[ast.Constant(value=str(name)), *_]
        ):
            return _WAITERS.get(name, name)
        case ast.Attribute(attr=name):
            return name
    return None


def clients_in(tree: ast.AST) -> set[str]:
    """Return the services whose clients a file makes or names as types."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="client"), args=[ast.Constant(value=str(service)), *_]):
                found.add(service)
            case ast.ImportFrom(module=str(module)) if module.startswith("mypy_boto3_"):
                found.add(module.removeprefix("mypy_boto3_").partition(".")[0].replace("_", "-"))
    return found


@cache
def _operations() -> dict[str, dict[str, str]]:
    """Return, by the method's name, the action of each service that the commands use."""
    services = sorted({service for file in _files() for service in clients_in(ast.parse(file.read_text()))})
    found: dict[str, dict[str, str]] = {}
    for service in services:
        for operation in Session().get_service_model(service).operation_names:
            action = f"{_PREFIXES.get(service, service)}:{operation}"
            found.setdefault(xform_name(operation), {})[service] = _OTHER_ACTIONS.get(action, action)
    return found


def by_command() -> dict[str, set[str]]:
    """Return the actions of each group of commands."""
    found: dict[str, set[str]] = {}
    for call in calls():
        found.setdefault(call.command, set()).add(call.action)
    return found


def text() -> str:
    """Return the table for people."""
    rows = [
        f"| {command} | {', '.join(f'`{each}`' for each in sorted(actions))} |"
        for command, actions in sorted(by_command().items())
    ]
    return (
        "# Rights of the operator's commands\n\n"
        "What each command asks of AWS itself, beside what the CDK does with its own roles. "
        "[COMPANY.md](../infra/COMPANY.md#rights-of-a-deploy) has the policies; this list is made from the "
        "source, and a test compares them.\n\n"
        "| command | actions |\n| --- | --- |\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    FILE.write_text(text())
    sys.stdout.write(f"{FILE}\n")
