"""The runbook's commands, carried out on the local system."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import click
from botocore import xform_name
from typer.testing import CliRunner

from noukai.cli.main import app
from noukai_infra.__main__ import commands
from tests.infra.health.runbook import Step

OPERATORS = ("ops", "keys", "budget", "redrive", "recount", "rollback", "restore", "deploy")
"""The commands that reach AWS; the others ask the API."""


class CommandError(Exception):
    """A command of the runbook has failed; the message says how."""


def run(step: Step, words: Mapping[str, str], key: str) -> str:
    """Run a command with its words replaced and an API key; return what it says.

    `noukai ops` exits with 1 while something is in alarm, which is no failure here.
    """
    arguments = step.given(words)
    said = f"{step.program} {shlex.join(arguments)}"
    if step.program == "aws":
        try:
            return str(call_aws(arguments))
        except Exception as error:
            raise CommandError(f"{said}: {error}") from error
    program: Any = commands if arguments[0] in OPERATORS else app
    done = CliRunner(env={"NOUKAI_API_KEY": key}).invoke(program, arguments)
    if done.exit_code > (arguments == ["ops"]):
        reason = str(done.exception) if done.exception and str(done.exception) != "1" else done.output
        raise CommandError(f"{said}: {click.unstyle(reason).strip()}")
    return done.output


def call_aws(arguments: Sequence[str]) -> Any:
    """Do what the AWS command line does: an operation of a service, by its model."""
    service, operation, *options = arguments
    client: Any = boto3.client(service)  # type: ignore[call-overload]
    model = client.meta.service_model
    named = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(named[operation]).input_shape
    members = {xform_name(name, "-"): name for name in shape.members}
    values: dict[str, Any] = {}
    for number, word in enumerate(options):
        if word.startswith("--"):
            following = options[number + 1] if number + 1 < len(options) else "--"
            name = members[word.removeprefix("--")]
            values[name] = True if following.startswith("--") else _value(following, shape.members[name])
    return getattr(client, xform_name(named[operation]))(**values)


def _value(text: str, shape: Any) -> Any:
    """Read a value: of a structure in the short form, `Name=value`."""
    if shape.type_name == "structure":
        name, _, value = text.partition("=")
        return {name: _value(value, shape.members[name])}
    return int(text) if shape.type_name in ("integer", "long") else text
