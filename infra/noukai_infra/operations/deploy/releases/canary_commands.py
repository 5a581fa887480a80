"""The commands `canary`: its figures beside those of the stable version, its promotion and its abortion."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from noukai_functions.names import CANARY_KIND, ENDED, KIND_DIMENSION, RAN, RETRIED, SUBMITTED
from noukai_infra.command_line import command
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.releases.canary import Canary
from noukai_infra.operations.deploy.releases.rollback import rollback
from noukai_infra.operations.operator import Context, Operator, Stage
from noukai_infra.operations.ops.commands import Since
from noukai_infra.operations.ops.span import seconds
from noukai_infra.terminal import tell

_COUNTS = {
    "submitted": SUBMITTED,
    "completed": ENDED["completed"],
    "failed": ENDED["failed"],
    "retried": RETRIED,
}

commands = typer.Typer(no_args_is_help=False)


@commands.callback(invoke_without_command=True)
def show(called: typer.Context, context: Context, stage: Stage = None, since: Since = "1h") -> None:
    """Show the jobs, failures and times of the canary beside those of the stable version."""
    if called.invoked_subcommand is not None:
        return
    operator = Operator.of(context, stage)
    canary = Canary(operator.account, operator.stack)
    share = canary.share
    if share is None:
        typer.echo("No canary is under way.")
        return
    typer.echo(f"{share} % of new jobs go to the canary.")
    table = Table("worker kind", "version", box=None, pad_edge=False)
    for name in (*_COUNTS, "median", "p95"):
        table.add_column(name, justify="right")
    for each in canary.workers():
        for name, version, kind in (
            ("stable", each.live, each.kind),
            ("canary", each.canary, f"{each.kind}{CANARY_KIND}"),
        ):
            figures = _figures(operator.account, operator.stack, kind, seconds(since))
            table.add_row(each.kind, f"{version} ({name})", *figures)
    Console().print(table)


@commands.command("promote")
def promote(context: Context, stage: Stage = None) -> None:
    """Send all jobs to the new version; the exit code is 3 while the old one still has jobs to end."""
    operator = Operator.of(context, stage)
    if not Canary(operator.account, operator.stack).promote(tell):
        raise typer.Exit(3)
    operator.record("promote_canary")
    typer.echo("The canary is promoted: its version runs all jobs.")


@commands.command("abort")
def abort(context: Context, stage: Stage = None) -> None:
    """Send no more jobs to the new version, and roll the API back; jobs that the canary has end there."""
    operator = Operator.of(context, stage)
    if Canary(operator.account, operator.stack).share is None:
        raise OperatorError(f"No canary is under way: `{command('rollback')}` takes back a whole deploy.")
    count = roll_back(operator.account, operator.stack)
    operator.record("abort_canary")
    tell(
        f"No new jobs go to the canary, and {count} functions are back at their previous versions. Jobs that "
        "the canary has end there."
    )


def roll_back(account: Account, stack: str) -> int:
    """Roll back the functions, and end a canary first: its workers' live version is still the one before."""
    canary = Canary(account, stack)
    if canary.share is None:
        return rollback(account, stack, now=int(time.time()))
    canary.abort()
    stable = [each.function for each in canary.workers()]
    return rollback(account, stack, now=int(time.time()), stable=stable)


def _figures(account: Account, stack: str, kind: str, past: float) -> list[str]:
    """Return the figures of a worker kind's jobs, from the stack's own metrics."""
    end = datetime.now(UTC)
    statistics = [(name, "Sum") for name in _COUNTS.values()] + [(RAN, "p50"), (RAN, "p95")]
    dimensions = [{"Name": KIND_DIMENSION, "Value": kind}]
    queries: Any = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {"Namespace": stack, "MetricName": name, "Dimensions": dimensions},
                "Period": max(60, -(-int(past) // 60) * 60),
                "Stat": statistic,
            },
        }
        for number, (name, statistic) in enumerate(statistics)
    ]
    answer = account.session.client("cloudwatch").get_metric_data(
        MetricDataQueries=queries, StartTime=end - timedelta(seconds=past), EndTime=end
    )
    found = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    values = [found.get(f"q{number}", []) for number in range(len(statistics))]
    counts = [f"{sum(each):.0f}" for each in values[: len(_COUNTS)]]
    return [*counts, *(f"{max(each):.0f} ms" if each else "" for each in values[len(_COUNTS) :])]
