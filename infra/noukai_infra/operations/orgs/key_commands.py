"""The commands `python -m noukai_infra keys create|list|revoke`."""

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from noukai_infra.operations.operator import Context, Operator, Org, Stage
from noukai_infra.operations.orgs.keys import KeyRow
from noukai_infra.operations.orgs.listing import print_list
from noukai_wire.scopes import Scope

_MAX_NAME = 100
_MAX_DAYS = 3650
COLUMNS = ("id", "org", "name", "scopes", "rate", "created", "used", "expires", "state")

commands = typer.Typer(no_args_is_help=True)


def _name(text: str) -> str:
    if not (0 < len(text) <= _MAX_NAME and text.isprintable()):
        raise typer.BadParameter(f"use 1 to {_MAX_NAME} printable characters")
    return text


Scopes = Annotated[
    list[Scope],
    typer.Option(
        "--scope",
        help="What the key allows; all, by default.",
        default_factory=lambda: list(Scope),
        show_default=False,
    ),
]
Days = Annotated[
    int | None,
    typer.Option("--days", min=1, max=_MAX_DAYS, help="After how many days it expires; never, by default."),
]

Rate = Annotated[
    int | None,
    typer.Option("--rate", min=1, help="How many calls a second it allows; as many as come, by default."),
]


@commands.command("create")
def create(
    name: Annotated[str, typer.Argument(callback=_name, help="What the key is for.")],
    org: Org,
    scope: Scopes,
    context: Context,
    stage: Stage = None,
    *,
    days: Days = None,
    rate: Rate = None,
) -> None:
    """Create a key and show it, once."""
    now = int(time.time())
    expires = None if days is None else now + int(timedelta(days=days).total_seconds())
    operator = Operator.of(context, stage)
    key = operator.keys().create(org, name, scopes=scope, created=now, expires=expires, rate=rate)
    operator.record("create_key", org=org, key=name, scopes=sorted(scope))
    typer.echo(key)


@commands.command("list")
def show(context: Context, stage: Stage = None) -> None:
    """Show every key, newest first, by its id.

    The keys themselves are not stored.
    """
    now = int(time.time())
    rows = [cells(row, now) for row in Operator.of(context, stage).keys().rows()]
    print_list(COLUMNS, rows, folded=("org", "name", "scopes"))


@commands.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    context: Context,
    stage: Stage = None,
) -> None:
    """Revoke a key for good; every function knows it within a minute."""
    operator = Operator.of(context, stage)
    row = operator.keys().revoke(key_id, now=int(time.time()))
    operator.record("revoke_key", org=row.org, key=row.name, id=row.id)
    typer.echo(f"{row.id} ({row.name}, of the org {row.org}) is revoked.")


def cells(row: KeyRow, now: int) -> tuple[str, ...]:
    """Return the texts of a key in a list."""
    if row.problem is not None:
        return (row.id, "", row.problem, *[""] * 5, "broken")
    times = [_day(row.created), _day(row.used) or "never", _day(row.expires) or "never"]
    rate = "" if row.rate is None else f"{row.rate}/s"
    scopes = "all" if set(row.scopes) == set(Scope) else " ".join(row.scopes)
    return (row.id, row.org, row.name, scopes, rate, *times, row.state(now))


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()
