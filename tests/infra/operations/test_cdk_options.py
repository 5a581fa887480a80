"""The options that an operator may add to what the CDK command carries out."""

import json
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.folders import PACKAGE
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.cdk import Cdk

REGISTRY: dict[str, Any] = {
    "globalOptions": {
        "verbose": {"type": "count", "alias": "v"},
        "version-reporting": {"type": "boolean", "alias": ["telemetry"]},
        "profile": {"type": "string"},
    },
    "commands": {
        "deploy": {
            "options": {
                "progress": {"type": "string"},
                "rollback": {"type": "boolean", "negativeAlias": "R"},
                "tags": {"type": "array", "alias": "t"},
            }
        },
        "destroy": {"options": {"force": {"type": "boolean", "alias": "f"}}},
    },
}


@pytest.fixture
def cdk(tmp_path: Path) -> Cdk:
    """Return a CDK command that is installed, with a few options."""
    version = json.loads((PACKAGE / "package.json").read_text())["dependencies"]["aws-cdk"]
    module = tmp_path / "node_modules" / "aws-cdk"
    (module / "lib" / "cli").mkdir(parents=True)
    (module / "package.json").write_text(json.dumps({"version": version}))
    (module / "lib" / "cli" / "cli-type-registry.json").write_text(json.dumps(REGISTRY))
    return Cdk({}, tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--progress events",
        "--progress=events -vv",
        "--no-rollback -R",
        "-t team=data cost=7 --profile mine",
        "--telemetry --no-version-reporting",
    ],
)
def test_option_of_the_command(cdk: Cdk, arguments: str) -> None:
    """Each of its spellings goes to it, with its values."""
    cdk.check_options("deploy", arguments.split())


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (
            "deploy",
            "--progres events",
            "--progres: there is no such name .* `cdk deploy`: did you mean --progress?",
        ),
        ("deploy", "--force", "--force: there is no such name in the options of `cdk deploy`"),
        ("destroy", "--no-rollback", "--no-rollback: there is no such name in the options of `cdk destroy`"),
        ("deploy", "other", "other: `cdk deploy` takes options only, and their values"),
        ("deploy", "--no-rollback yes", "yes: `cdk deploy` takes options only, and their values"),
        ("deploy", "--profile=mine yours", "yours: `cdk deploy` takes options only, and their values"),
        ("deploy", "-vx", "-vx: there is no such name"),
    ],
)
def test_argument_that_would_be_ignored(cdk: Cdk, command: str, arguments: str, message: str) -> None:
    """It is refused, with the option that was meant."""
    with pytest.raises(OperatorError, match=message.replace("?", r"\?")):
        cdk.check_options(command, arguments.split())
