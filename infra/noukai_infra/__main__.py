"""The operator's commands: `python -m noukai_infra deploy|rollback|restore|destroy|keys|budget|redrive|recount`."""

import os
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deployment.command import deploy_command
from noukai_infra.operations.deployment.deploy import destroy
from noukai_infra.operations.deployment.rollback import live_flows, rollback
from noukai_infra.operations.moments import Interval, interval
from noukai_infra.operations.operator import Context, Operator
from noukai_infra.operations.orgs import budget_commands, key_commands
from noukai_infra.operations.recount import Uncounted, count_with
from noukai_infra.operations.redrive import redrive
from noukai_infra.operations.restore.command import restore_command
from noukai_infra.places import SETTINGS_FILE
from noukai_infra.settings import SettingsError
from noukai_wire.variables import unknown_variables

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}

commands = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
commands.add_typer(key_commands.commands, name="keys", help="The keys of the deployment's callers.")
commands.add_typer(budget_commands.commands, name="budget", help="What orgs may use in a month.")
commands.command("deploy", context_settings=_PASS_ON, options_metavar="[STAGE] [OPTIONS]")(deploy_command)
commands.command("restore")(restore_command)


@commands.command("rollback")
def rollback_command(context: Context) -> None:
    """Roll back to the functions before the last deployment; a second rollback undoes the first."""
    operator = Operator.of(context)
    count = rollback(operator.account, operator.stack, now=int(time.time()))
    flows = live_flows(operator.account, operator.stack)
    typer.echo(
        f"{count} functions have changed places with their previous versions, and version {flows} of the flows is "
        "live; tables and queues are as they were."
    )


@commands.command("destroy", context_settings=_PASS_ON)
def destroy_command(further: typer.Context, context: Context) -> None:
    """Delete the stack; further options go to `cdk destroy`."""
    operator = Operator.of(context)
    operator.cdk.check_options("destroy", further.args)
    kept = destroy(operator.account, operator.cdk, operator.stack, operator.cdk_options(further.args))
    if kept:
        typer.echo(
            f"The tables and buckets are kept with what is in them: {', '.join(kept)}. A stack deployed with the "
            f'setting "tables": "destroy" of {SETTINGS_FILE.name} takes them with it.'
        )


@commands.command("redrive")
def redrive_command(context: Context) -> None:
    """Return unprocessed dead-letter messages to their reader."""
    operator = Operator.of(context)
    outputs = operator.account.deployed(operator.stack)
    queues = {"unprocessed": outputs["UnprocessedQueueUrl"], "dead_letters": outputs["DeadLetterQueueUrl"]}
    typer.echo(
        f"{redrive(operator.account.session.client('sqs'), **queues)} dead-letter messages sent to their reader again"
    )


@commands.command("recount")
def recount_command(
    context: Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Count without asking.")] = False,
    without: Annotated[
        Interval | None,
        typer.Option(parser=interval, metavar="FROM/TO", help="Leave out what a restoration has forgotten."),
    ] = None,
) -> None:
    """Count the usage that could not be counted in time, exactly once."""
    operator = Operator.of(context)
    outputs, session = operator.account.deployed(operator.stack), operator.account.session
    uncounted = Uncounted(session.client("s3"), outputs["UncountedBucket"])
    found = uncounted.summary()
    for key in found.unreadable:
        typer.echo(
            f"s3://{uncounted.bucket}/{key} holds no batch of the stream: look at it, and delete it yourself."
        )
    if not found.batches:
        typer.echo("There is no uncounted usage.")
        return
    typer.echo(
        f"{found.records} records in {found.batches} batches could not be counted, the first from {found.since}."
    )
    if not yes and not typer.confirm("Count them now?"):
        return
    # The function may take a minute; a retry by the client would invoke it twice.
    config = Config(read_timeout=90, retries={"total_max_attempts": 1})
    count = partial(count_with, session.client("lambda", config=config), outputs["MeteringFunction"])
    batches, records = uncounted.recount(count, without)
    typer.echo(
        f"{records} records in {batches} batches are counted and deleted; those that were in stay counted once."
    )


def main(arguments: Sequence[str] | None = None, program: str | None = None) -> None:
    """Run a command, by default from the command line; print an operator's error without a traceback."""
    for problem in unknown_variables(os.environ):
        typer.echo(problem, err=True)
    try:
        commands(arguments, prog_name=program)
    except (OperatorError, SettingsError, BotoCoreError, ClientError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
