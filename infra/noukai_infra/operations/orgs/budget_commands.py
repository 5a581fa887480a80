"""The commands `python -m noukai_infra budget set|list|clear`."""

from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from noukai_infra.command_line import command
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.operator import Context, Operator, Org, Stage
from noukai_infra.operations.orgs.budgets import BudgetRow, Limits
from noukai_infra.operations.orgs.listing import print_list
from noukai_wire.limits import DEFAULT_LATER_JOBS, DEFAULT_UNFINISHED_JOBS

_COLUMNS = ("org", "jobs", "USD", "used up", "unfinished", "later", "reached")

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
Usd = Annotated[
    Decimal | None, typer.Option("--usd", parser=_dollars, metavar="USD", help="What they may cost.")
]
Unfinished = Annotated[
    int | None,
    typer.Option(
        "--unfinished", min=1, help=f"How many jobs may be unfinished; {DEFAULT_UNFINISHED_JOBS} if unset."
    ),
]
Later = Annotated[
    int | None,
    typer.Option(
        "--later", min=1, help=f"How many of these may be for later (runAt); {DEFAULT_LATER_JOBS} if unset."
    ),
]


@commands.command("set")
def set_budget(
    org: Org,
    context: Context,
    stage: Stage = None,
    *,
    jobs: Jobs = None,
    usd: Usd = None,
    unfinished: Unfinished = None,
    later: Later = None,
) -> None:
    """Set limits of an org: of a month (UTC), or of its unfinished jobs. Those that are not named stay.

    A job that ends, or comes, beyond it stops submissions in a minute. What was used before counts, too: a
    limit that is lowered below it holds once the next job of the org has come or ended.
    """
    limits = Limits(jobs, usd, unfinished, later)
    if limits == Limits():
        raise typer.BadParameter("use --jobs, --usd, --unfinished, --later or several of them")
    operator = Operator.of(context, stage)
    all_limits = operator.budgets().set(org, limits)
    given = {name: str(value) for name, value in asdict(limits).items() if value is not None}
    operator.record("set_budget", org=org, **given)
    typer.echo(f"The org {org} may {_sentence(all_limits)}.")


@commands.command("list")
def show(context: Context, stage: Stage = None) -> None:
    """Show every budget, when it was last used up, and which limit of unfinished jobs is reached."""
    rows = [_cells(row) for row in Operator.of(context, stage).budgets().rows()]
    print_list(_COLUMNS, rows, folded=("org", "used up", "reached"))


@commands.command("clear")
def clear(org: Org, context: Context, stage: Stage = None) -> None:
    """Remove an org's budget; the default limits of unfinished jobs apply."""
    operator = Operator.of(context, stage)
    if not operator.budgets().clear(org):
        raise OperatorError(f"The org {org} has no budget: `{command('budget', 'list')}` shows all.")
    operator.record("clear_budget", org=org)
    typer.echo(f"The org {org} has no budget now.")


def _cells(row: BudgetRow) -> tuple[str, ...]:
    limits = row.limits
    monthly = (str(limits.jobs or ""), str(limits.usd or ""), _state(row))
    bounds = (str(limits.unfinished or DEFAULT_UNFINISHED_JOBS), str(limits.later or DEFAULT_LATER_JOBS))
    return (row.org, *monthly, *bounds, ", ".join(row.full))


def _state(row: BudgetRow) -> str:
    return row.spent or "never" if row.problem is None else f"unreadable: {row.problem}"


def _sentence(limits: Limits) -> str:
    """Describe the limits that are set."""
    monthly = _numbers((limits.jobs, "jobs"), (limits.usd, "USD"))
    bounds = _numbers((limits.unfinished, "unfinished jobs"), (limits.later, "unfinished jobs for later"))
    parts = [*([f"use {monthly} in a month"] if monthly else []), *([f"have {bounds}"] if bounds else [])]
    return ", and ".join(parts)


def _numbers(*numbers: tuple[object, str]) -> str:
    return " and ".join(f"{number} {what}" for number, what in numbers if number is not None)
