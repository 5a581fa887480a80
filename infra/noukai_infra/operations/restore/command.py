"""The command `python -m noukai_infra restore`."""

import time
from datetime import datetime
from typing import Annotated

import typer

from noukai_infra.command_line import command
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.operator import Context, Operator, Stage
from noukai_infra.operations.restore.record import Progress, TableName
from noukai_infra.operations.restore.restoration import OUTPUTS, Restoration, shown
from noukai_infra.operations.times import parse_time
from noukai_infra.terminal import tell

_ORDER: tuple[TableName, ...] = tuple(OUTPUTS)

_MEANS: dict[TableName, str] = {
    "jobs": "jobs are as they were then. Those submitted since are unknown. Those that had not ended then "
    "and have ended since have no message any more, and fail. The others go on.",
    "usage": "use, budgets and what is counted of unfinished jobs are as they were then.",
    "keys": "keys made since are unknown. A key that is revoked now stays revoked. Keys whose rows were "
    "deleted since ARE VALID AGAIN.",
    "schedules": "schedules are as they were then. Of the instants since then the latest is run, or none, as "
    "each schedule says; one whose job is kept is not run again.",
    "webhooks": "endpoints are as they were then, and those made since are unknown. Endpoints that were "
    "deleted since ARE TOLD AGAIN, with their secrets of then; of the others no rotation is undone. What was "
    "sent since, or waits, stays.",
}


def _tables(text: str) -> str:
    if not set(text.split(",")) <= set(_ORDER):
        raise typer.BadParameter(f"use some of {','.join(_ORDER)}")
    return text


def restore_command(
    context: Context,
    stage: Stage = None,
    *,
    to: Annotated[
        datetime | None, typer.Option("--to", parser=parse_time, metavar="TIME", help="The point in time.")
    ] = None,
    tables: Annotated[
        str,
        typer.Option("--tables", callback=_tables, help=f"Those to restore: {', '.join(_ORDER)}."),
    ] = "jobs,usage",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    call_off: Annotated[
        bool, typer.Option("--call-off", help="Give up a restoration that has changed nothing.")
    ] = False,
) -> None:
    """Restore tables to a point in time, or continue an interrupted restoration."""
    operator = Operator.of(context, stage)
    operator.account.deployed(operator.stack)
    restoration = Restoration(
        operator.account, operator.stack, lambda: time.time_ns() // 10**6, time.sleep, tell
    )
    under_way = restoration.record.read()
    if call_off:
        if under_way is None:
            raise OperatorError("No restoration is under way.")
        restoration.call_off(under_way)
        return
    progress = _goes_on(under_way, to) if under_way else _begins(restoration, to, tables, yes=yes)
    done = restoration.run(progress)
    tell(
        f"The tables are as they were at {shown(done.point_in_time)}. To undo it, some minutes from now: "
        + command("restore", f"--to {shown(done.replaced)} --tables {','.join(progress.tables)}")
    )
    if "usage" in done.tables:
        tell(
            "Usage that could not be counted, if there is any, is counted without what is forgotten by: "
            + command("recount", f"--without {shown(done.point_in_time)}/{shown(done.replaced)}")
        )


def _goes_on(under_way: Progress, to: datetime | None) -> Progress:
    if to is not None and to != under_way.point_in_time:
        raise OperatorError(
            f"A restoration to {shown(under_way.point_in_time)} is under way: `{command('restore')}` goes on "
            f"with it, and `{command('restore', '--call-off')}` gives it up if it has changed nothing yet."
        )
    tell(f"The restoration to {shown(under_way.point_in_time)} goes on.")
    return under_way


def _begins(restoration: Restoration, to: datetime | None, tables: str, *, yes: bool) -> Progress:
    if to is None:
        raise OperatorError(f"Say the point in time: {command('restore', '--to 2026-11-28T12:00Z')}.")
    named = set(tables.split(","))
    progress = restoration.plan(to, [name for name in _ORDER if name in named])
    _show(restoration, progress)
    if not yes and not typer.confirm("Restore?"):
        raise OperatorError("Nothing was restored.")
    return progress


def _show(restoration: Restoration, progress: Progress) -> None:
    tell(f"To {shown(progress.point_in_time)}, of the stack {restoration.stack}:")
    for table in progress.tables:
        size = restoration.size(table)
        least, most = size.usd()
        tell(f"- {table} ({size.rows} rows, {least:.2f} to {most:.2f} USD): {_MEANS[table]}")
    for table in _ORDER:
        if table not in progress.tables:
            tell(f"- {table} stays as it is.")
    tell(
        "Until it is done, callers are answered 503 and no job is started: for 17 minutes at least, mostly "
        "within an hour, and for as long as it takes to compare the rows. Messages wait on their queues. "
        f"What it replaces can be restored, too. If it breaks off, `{command('restore')}` goes on."
    )
