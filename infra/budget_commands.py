"""`python -m infra budget set|list|clear`: what orgs may use in a month."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.account import OperatorError
from infra.budgets import BudgetRow
from infra.operator import Context, Operator, Org

_WIDE = 500
"""A row is a line wherever it is written: a script that reads it has no terminal, whose width would be guessed."""

commands = typer.Typer(no_args_is_help=True)


def _dollars(text: str) -> Decimal:
    try:
        usd = Decimal(text)
    except InvalidOperation:
        usd = Decimal("NaN")
    if not (usd.is_finite() and usd > 0):
        raise typer.BadParameter("use a number above 0, such as 50 or 0.5")
    return usd


Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="How many jobs may end.")]
Usd = Annotated[Decimal | None, typer.Option("--usd", parser=_dollars, metavar="USD", help="What they may cost.")]


@commands.command("set")
def set_budget(org: Org, context: Context, jobs: Jobs = None, usd: Usd = None) -> None:
    """Set what an org may use in a calendar month (UTC); a job that ends beyond it stops submissions in a minute.

    What was used before counts, too: a budget that is lowered below it holds once the next job of the org has ended.
    """
    if jobs is None and usd is None:
        raise typer.BadParameter("use --jobs, --usd or both")
    Operator.of(context).budgets().set(org, jobs=jobs, usd=usd)
    typer.echo(f"The org {org} may use {_limits(jobs, usd)} in a month.")


@commands.command("list")
def show(context: Context) -> None:
    """Show every budget, and the month in which it was last used up."""
    table = Table("org", "jobs", "USD", "used up", box=None)
    for row in Operator.of(context).budgets().rows():
        table.add_row(row.org, str(row.jobs or ""), str(row.usd or ""), _state(row))
    Console(width=_WIDE).print(table)


@commands.command("clear")
def clear(org: Org, context: Context) -> None:
    """Let an org use what it likes again."""
    if not Operator.of(context).budgets().clear(org):
        raise OperatorError(f"The org {org} has no budget: `make budget ARGS=list` shows all.")
    typer.echo(f"The org {org} has no budget any more.")


def _state(row: BudgetRow) -> str:
    return row.spent or "never" if row.problem is None else f"unreadable: {row.problem}"


def _limits(jobs: int | None, usd: Decimal | None) -> str:
    limits = [*([] if jobs is None else [f"{jobs} jobs"]), *([] if usd is None else [f"{usd} USD"])]
    return " and ".join(limits)
