"""The operator's commands: `python -m noukai_infra deploy` and others; `--help` lists them."""

import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import boto3
import typer
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own
    HTTPClientError,
)

from noukai_infra.command_line import command
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.checks.drift import Drift
from noukai_infra.operations.deploy.checks.stage import check_unprotected
from noukai_infra.operations.deploy.command import deploy_command, diff_command
from noukai_infra.operations.deploy.deploy import destroy
from noukai_infra.operations.deploy.releases import canary_commands
from noukai_infra.operations.deploy.releases.canary_commands import roll_back
from noukai_infra.operations.deploy.releases.rollback import live_flows
from noukai_infra.operations.operator import Context, Operator, Stage
from noukai_infra.operations.ops import commands as ops_commands
from noukai_infra.operations.orgs import budget_commands, key_commands
from noukai_infra.operations.recount import Uncounted, hand_to
from noukai_infra.operations.redrive import redrive_all
from noukai_infra.operations.restore.command import restore_command
from noukai_infra.operations.times import Interval, parse_interval
from noukai_infra.planning.command import plan_command
from noukai_infra.settings import SettingsError
from noukai_infra.terminal import folded, tell
from noukai_infra.transfer.commands import export_command, import_command
from noukai_infra.verify.command import verify_command
from noukai_wire.variables import unknown_variables

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_WITH_STAGE = (
    "deploy",
    "diff",
    "drift",
    "rollback",
    "restore",
    "destroy",
    "redrive",
    "recount",
    "export",
    "import",
    "verify",
)
"""The commands whose first word is a stage; `keys` and `budget` have commands there."""

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

_METAVAR = "[STAGE] [OPTIONS]"

_OPS = "Show the system's health, its queues, dead-letter messages and logs."

_CANARY = "Show, promote or abort the canary: a new version of the workers for a share of new jobs."

commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
commands.add_typer(key_commands.commands, name="keys", help="The keys of the deployment's callers.")
commands.add_typer(budget_commands.commands, name="budget", help="What orgs may use in a month.")
commands.add_typer(ops_commands.commands, name="ops", help=_OPS)
commands.add_typer(canary_commands.commands, name="canary", help=_CANARY)
commands.command("deploy", context_settings=_PASS_ON, options_metavar=_METAVAR)(deploy_command)
commands.command("diff", options_metavar=_METAVAR)(diff_command)
commands.command("restore", options_metavar=_METAVAR)(restore_command)
commands.command("verify", options_metavar=_METAVAR)(verify_command)
commands.command("export", options_metavar=_METAVAR)(export_command)
commands.command("import", options_metavar=_METAVAR)(import_command)
commands.command("plan")(plan_command)


@commands.command("rollback", options_metavar=_METAVAR)
def rollback_command(context: Context, stage: Stage = None) -> None:
    """Roll back to the functions before the last deploy; a second rollback undoes the first."""
    operator = Operator.of(context, stage)
    count = roll_back(operator.account, operator.stack)
    flows = live_flows(operator.account, operator.stack)
    tell(
        f"{count} functions have changed places with their previous versions, and version {flows} of the "
        "flows is live; tables and queues are as they were."
    )


@commands.command("drift", options_metavar=_METAVAR)
def drift_command(context: Context, stage: Stage = None) -> None:
    """Show what was changed on AWS beside the template; the exit code is 1 if something was."""
    operator = Operator.of(context, stage)
    operator.account.deployed(operator.stack)
    lines = Drift(operator.account.session.client("cloudformation"), operator.stack).lines()
    for line in lines:
        tell(line, hanging=2)
    if lines:
        raise typer.Exit(1)
    tell(f"The stack {operator.stack} is as its template says.")


@commands.command("destroy", context_settings=_PASS_ON, options_metavar=_METAVAR)
def destroy_command(further: typer.Context, context: Context, stage: Stage = None) -> None:
    """Delete the stack; further options go to `cdk destroy`."""
    operator = Operator.of(context, stage)
    operator.cdk.check_options("destroy", further.args)
    check_unprotected(operator.account, operator.stack, operator.settings)
    kept = destroy(operator.account, operator.cdk, operator.stack, operator.cdk_options(further.args))
    if kept:
        tell(
            f"The tables and buckets are kept with what is in them: {', '.join(kept)}. A stack deployed with "
            f'the setting "tables": "destroy" of {SETTINGS_FILE.name} takes them with it.'
        )


@commands.command("redrive", options_metavar=_METAVAR)
def redrive_command(context: Context, stage: Stage = None) -> None:
    """Return unprocessed dead-letter messages, and untold ends of jobs, to their readers."""
    operator = Operator.of(context, stage)
    outputs, session = operator.account.deployed(operator.stack), operator.account.session
    moved = redrive_all(session.client("sqs"), outputs)
    tell(f"{moved} dead-letter messages sent to their reader again")
    if "ReactionsFunction" in outputs:
        untold = Uncounted(session.client("s3"), outputs["UntoldBucket"])
        _, ends = untold.recount(partial(hand_to, _patient(session), outputs["ReactionsFunction"]))
        tell(f"{ends} ends of jobs handed to reactions again")


@commands.command("recount", options_metavar=_METAVAR)
def recount_command(
    context: Context,
    stage: Stage = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Count without asking.")] = False,
    without: Annotated[
        Interval | None,
        typer.Option(
            parser=parse_interval, metavar="FROM/TO", help="Leave out what a restoration has forgotten."
        ),
    ] = None,
) -> None:
    """Count the usage that could not be counted in time, exactly once."""
    operator = Operator.of(context, stage)
    outputs, session = operator.account.deployed(operator.stack), operator.account.session
    uncounted = Uncounted(session.client("s3"), outputs["UncountedBucket"])
    found = uncounted.summary()
    for key in found.unreadable:
        tell(
            f"s3://{uncounted.bucket}/{key} holds no batch of the stream: look at it, and delete it yourself."
        )
    if not found.batches:
        typer.echo("There is no uncounted usage.")
        return
    counts = f"{found.records} records in {found.batches} batches"
    tell(f"{counts} could not be counted, the first from {found.since}.")
    if not yes and not typer.confirm("Count them now?"):
        return
    count = partial(hand_to, _patient(session), outputs["MeteringFunction"])
    batches, records = uncounted.recount(count, without)
    counts = f"{records} records in {batches} batches"
    tell(f"{counts} are counted and deleted; those that were in stay counted once.")


def _patient(session: boto3.Session) -> "LambdaClient":
    """Return a client for a function that may take a minute; a retry would invoke it twice."""
    config = Config(read_timeout=90, retries={"total_max_attempts": 1})
    return session.client("lambda", config=config)


def _with_stage(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a command whose first word may name the stage."""
    match arguments:
        case [name, word, *further] if name in _WITH_STAGE and not word.startswith("-"):
            return [name, "--stage", word, *further]
    return [*arguments]


def main(arguments: Sequence[str] | None = None, program: str | None = None) -> None:
    """Run a command, by default from the command line; print an operator's error without a traceback."""
    if problems := unknown_variables(os.environ):
        # One may be a mistyped NOUKAI_STAGE, without which another deployment would be meant.
        typer.echo("\n".join(problems), err=True)
        sys.exit(2)
    given = sys.argv[1:] if arguments is None else arguments
    try:
        commands(_with_stage(given), prog_name=program)
    except (ConnectionError, HTTPClientError) as error:
        way = f"check the network, and behind a proxy set HTTPS_PROXY; `{command('doctor')}` says more"
        sys.exit(folded(f"AWS does not answer ({error}): {way}.", sys.stderr))
    except (OperatorError, SettingsError, BotoCoreError, ClientError) as error:
        sys.exit(folded(str(error), sys.stderr))


if __name__ == "__main__":
    main()
