"""The commands `ops`: the health of the system, its queues, dead-letter messages, jobs and logs."""

import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from noukai_functions.names import JOB_ID
from noukai_infra.local.terminal.log_line import readable
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.operator import Context, Operator, Stage
from noukai_infra.operations.ops.health import Finding, findings
from noukai_infra.operations.ops.job_row import described
from noukai_infra.operations.ops.logs import LEVELS, LogLine, StackLogs
from noukai_infra.operations.ops.queues import queue_states
from noukai_infra.operations.ops.span import seconds
from noukai_infra.operations.ops.unprocessed import Unprocessed, show_again, unprocessed
from noukai_infra.operations.redrive import redrive_all
from noukai_infra.terminal import folded, tell

_FOLLOW_SECONDS = 2
_SAYS = 24
"""The column of what is said about a part of the system."""
_CONTINUED = 4
"""The indentation of the rest of a line that is folded."""
_STYLES = {"ERROR": "red", "WARNING": "yellow", "WARN": "yellow", "CRITICAL": "red"}

commands = typer.Typer(no_args_is_help=False)
dead_letters = typer.Typer(no_args_is_help=True)
commands.add_typer(dead_letters, name="dead-letters", help="The messages that nobody could settle.")

Since = Annotated[str, typer.Option(metavar="TIME", help="How far back: 90s, 5m, 2h or 3d.")]


@commands.callback(invoke_without_command=True)
def overview(called: typer.Context, context: Context, stage: Stage = None) -> None:
    """Show the health of the system; the exit code is 1 if something is in alarm."""
    if called.invoked_subcommand is not None:
        return
    operator = Operator.of(context, stage)
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{operator.stack} in {operator.account.number}/{operator.account.region}")
    is_well = True
    for each in findings(operator.account, operator.stack, time.time()):
        is_well = is_well and each.is_well
        console.print(_row_of(each))
    raise typer.Exit(0 if is_well else 1)


@commands.command("queues")
def queues(context: Context, stage: Stage = None) -> None:
    """Show the queues with the numbers of their messages, and the age of the oldest."""
    operator = Operator.of(context, stage)
    table = Table("queue", box=None, pad_edge=False)
    for name in ("waiting", "in flight", "delayed", "oldest"):
        table.add_column(name, justify="right")
    outputs = operator.account.deployed(operator.stack)
    for each in queue_states(operator.account.session, outputs, time.time(), ages=True):
        oldest = "" if each.oldest_seconds is None else f"{each.oldest_seconds:.0f} s"
        table.add_row(each.name, str(each.waiting), str(each.in_flight), str(each.delayed), oldest)
    Console().print(table)


@dead_letters.command("show")
def show_unprocessed(context: Context, stage: Stage = None) -> None:
    """Show the messages that could not be processed, without their inputs."""
    sqs, outputs = _queues_of(Operator.of(context, stage))
    url = outputs["UnprocessedQueueUrl"]
    found = list(unprocessed(sqs, url))
    show_again(sqs, url, found)
    if not found:
        typer.echo("There are none.")
    for each in found:
        times = "once" if each.receives == 1 else f"{each.receives} times"
        typer.echo(f"{each.id}\n  sent {each.sent}, received {times}")
        tell(f"  {_whose(each)}", hanging=2)


@dead_letters.command("redrive")
def redrive_unprocessed(context: Context, stage: Stage = None) -> None:
    """Send the messages to their reader again, once the cause is mended."""
    sqs, outputs = _queues_of(Operator.of(context, stage))
    moved = redrive_all(sqs, outputs)
    typer.echo(f"{moved} dead-letter messages sent to their reader again")


@dead_letters.command("drop")
def drop_unprocessed(
    context: Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `show` prints them.")],
    stage: Stage = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Drop without asking.")] = False,
) -> None:
    """Delete messages for good; their jobs fail at their next read, or in the sweep."""
    sqs, outputs = _queues_of(Operator.of(context, stage))
    url = outputs["UnprocessedQueueUrl"]
    found = {each.id: each for each in unprocessed(sqs, url)}
    show_again(sqs, url, [each for name, each in found.items() if name not in ids])
    if unknown := [name for name in ids if name not in found]:
        raise OperatorError(f"{', '.join(unknown)}: no such message: `ops dead-letters show` shows all.")
    for name in ids:
        typer.echo(name)
        tell(f"  {_whose(found[name])}", hanging=2)
    if not yes and not typer.confirm("Delete them for good?"):
        show_again(sqs, url, [found[name] for name in ids])
        return
    for name in ids:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=found[name].receipt)
    typer.echo(f"{len(ids)} deleted")


@commands.command("job")
def job(
    job_id: Annotated[str, typer.Argument(metavar="ID")],
    context: Context,
    stage: Stage = None,
    since: Since = "1d",
) -> None:
    """Show a job's row, and what the functions have logged about it, with the log groups."""
    operator = Operator.of(context, stage)
    table = operator.account.deployed(operator.stack)["JobsTable"]
    key: Any = {JOB_ID: {"S": job_id}}
    row = operator.account.session.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
    if "Item" not in row:
        raise OperatorError(f"There is no job {job_id}: it has expired, or its id is wrong.")
    for name, value in described(row["Item"]):
        typer.echo(f"{name:<14} {value}")
    logs = StackLogs.of(operator.account.session, operator.stack)
    found = logs.lines(_back(since), text=job_id)
    typer.echo(f"\n{len(found)} log lines name it")
    for group in dict.fromkeys(line.group for line in found):
        typer.echo(f"log group {group}")
    _print(found)


@commands.command("find")
def find(
    context: Context,
    stage: Stage = None,
    *,
    request_id: Annotated[str | None, typer.Option("--request-id", help="As in X-Request-ID.")] = None,
    message_id: Annotated[str | None, typer.Option("--message-id", help="Of a message of SQS.")] = None,
    trace: Annotated[str | None, typer.Option("--trace", help="The trace id of a traceparent.")] = None,
    since: Since = "1d",
) -> None:
    """Find the log lines of a request, a message or a trace, in all functions."""
    given = [each for each in (request_id, message_id, trace) if each]
    if len(given) != 1 or '"' in given[0]:
        raise typer.BadParameter("use one of --request-id, --message-id and --trace")
    (wanted,) = given
    operator = Operator.of(context, stage)
    found = StackLogs.of(operator.account.session, operator.stack).lines(_back(since), text=wanted)
    _print(found)
    if not found:
        typer.echo("No line names it.", err=True)
        raise typer.Exit(1)


@commands.command("tail")
def tail(
    context: Context,
    stage: Stage = None,
    *,
    since: Since = "5m",
    function: Annotated[str | None, typer.Option(help="One function only, such as worker.")] = None,
    level: Annotated[str, typer.Option(help=f"At least: {', '.join(LEVELS)}.")] = "DEBUG",
    text: Annotated[str, typer.Option("--text", help="Only lines that contain it.")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
) -> None:
    """Show the logs of all functions, merged by time."""
    if level.upper() not in LEVELS:
        raise typer.BadParameter(f"use one of {', '.join(LEVELS)}")
    operator = Operator.of(context, stage)
    logs = StackLogs.of(operator.account.session, operator.stack)
    if function not in (None, *logs.groups.values()):
        raise typer.BadParameter(f"use one of {', '.join(sorted(logs.groups.values()))}")
    for found in logs.new_lines(_back(since), text=text, function=function):
        _print([each for each in found if each.is_at_least(level.upper())])
        if not follow:
            return
        time.sleep(_FOLLOW_SECONDS)


def _queues_of(operator: Operator) -> Any:
    return operator.account.session.client("sqs"), operator.account.deployed(operator.stack)


def _row_of(finding: Finding) -> Text:
    """Return a line about a part of the system; on a terminal its text is folded in its own column."""
    mark, style = (" ok    ", "green") if finding.is_well else (" ALARM ", "bold red")
    row = Text(folded(f"{mark}{finding.name:<16} {finding.says}", sys.stdout, hanging=_SAYS))
    row.stylize(style, 0, len(mark))
    row.stylize("bold", len(mark), _SAYS)
    return row


def _whose(message: Unprocessed) -> str:
    if message.job is None:
        return "none of this system's messages: its body names no job"
    return f"job {message.job} of the flow {message.flow}, org {message.org}"


def _back(since: str) -> int:
    """Return the time before now by a span, in milliseconds."""
    return round((time.time() - seconds(since)) * 1000)


def _print(lines: list[LogLine]) -> None:
    console = Console(highlight=False, soft_wrap=True, file=sys.stdout)
    for line in lines:
        at = datetime.fromtimestamp(line.at / 1000, UTC)
        text = folded(readable(line.function, line.text, at), sys.stdout, hanging=_CONTINUED)
        console.print(Text(text, _STYLES.get(line.level, "default")))
