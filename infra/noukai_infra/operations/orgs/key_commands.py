"""The commands `python -m noukai_infra keys create|list|rotate|revoke|rotate-tokens`."""

import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated

import typer

from noukai_infra.operations.operator import Context, Operator, Org, Stage
from noukai_infra.operations.orgs.keys import USUAL_SCOPES, KeyRow
from noukai_infra.operations.orgs.listing import print_list
from noukai_wire.scopes import ASKED_SCOPES, Scope
from noukai_wire.slug import is_slug

_MAX_NAME = 100
_MAX_DAYS = 3650
_MAX_OVERLAP = 90
COLUMNS = ("id", "org", "name", "scopes", "rate", "created", "used", "expires", "state")

commands = typer.Typer(no_args_is_help=True)


def _name(text: str) -> str:
    if not (0 < len(text) <= _MAX_NAME and text.isprintable()):
        raise typer.BadParameter(f"use 1 to {_MAX_NAME} printable characters")
    return text


def _flows(flows: list[str] | None) -> list[str] | None:
    for flow in flows or []:
        parts = flow.split("/")
        if len(parts) > len(("project", "flow")) or not all(map(is_slug, parts)):
            raise typer.BadParameter(f"{flow!r} is not a project or project/flow, such as demo/word-count")
    return flows


def _addresses(ranges: list[str] | None) -> list[str] | None:
    for each in ranges or []:
        try:
            ip_network(each)
        except ValueError as error:
            raise typer.BadParameter(f"{error}: give a range such as 203.0.113.0/24") from error
    return ranges


Scopes = Annotated[
    list[Scope],
    typer.Option(
        "--scope",
        help="What the key allows; all but `keys` and `ops`, by default.",
        default_factory=lambda: list(USUAL_SCOPES),
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

Flows = Annotated[
    list[str] | None,
    typer.Option(
        "--flow",
        metavar="PROJECT[/FLOW]",
        callback=_flows,
        help="Limit it to a project or a flow; repeatable, by default all.",
    ),
]

Addresses = Annotated[
    list[str] | None,
    typer.Option(
        "--address",
        metavar="RANGE",
        callback=_addresses,
        help="Limit it to IP addresses such as 203.0.113.0/24; repeatable.",
    ),
]

Overlap = Annotated[
    int,
    typer.Option("--overlap", min=0, max=_MAX_OVERLAP, help="For how many days the old key goes on working."),
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
    flow: Flows = None,
    address: Addresses = None,
) -> None:
    """Create a key and show it, once."""
    now = int(time.time())
    expires = None if days is None else now + int(timedelta(days=days).total_seconds())
    operator = Operator.of(context, stage)
    limits = {"flows": flow or (), "addresses": address or ()}
    key = operator.keys().create(org, name, scopes=scope, created=now, expires=expires, rate=rate, **limits)
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


@commands.command("rotate")
def rotate(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    context: Context,
    stage: Stage = None,
    *,
    overlap: Overlap = 7,
) -> None:
    """Show a new key with the limits of another one, which works for some days more."""
    operator, now = Operator.of(context, stage), int(time.time())
    seconds = int(timedelta(days=overlap).total_seconds())
    key, old = operator.keys().rotate(key_id, now=now, overlap=seconds)
    operator.record("rotate_key", org=old.org, key=old.name, id=old.id)
    typer.echo(f"{old.id} ({old.name}, of the org {old.org}) works until {_minute(old.expires)}.", err=True)
    typer.echo(key)


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


@commands.command("rotate-tokens")
def rotate_tokens(
    context: Context,
    stage: Stage = None,
    *,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="End every browser token within five minutes.")
    ] = False,
) -> None:
    """Make a new key that signs browser tokens; those of the old one stay valid until the next rotation."""
    operator = Operator.of(context, stage)
    signing = operator.token_keys()
    signing.rotate(now_ms=int(time.time() * 1000), revoke=revoke)
    operator.record("rotate_tokens", parameter=signing.name, revoke=revoke)
    typer.echo(
        "Every browser token is invalid within five minutes."
        if revoke
        else "The new key signs browser tokens in ten minutes; no token becomes invalid."
    )


def cells(row: KeyRow, now: int) -> tuple[str, ...]:
    """Return the texts of a key in a list."""
    if row.problem is not None:
        return (row.id, "", row.problem, *[""] * 5, "broken")
    times = [_day(row.created), _day(row.used) or "never", _day(row.expires) or "never"]
    rate = "" if row.rate is None else f"{row.rate}/s"
    scopes = " ".join(row.scopes)
    if set(USUAL_SCOPES) <= set(row.scopes):
        # A key that makes keys is told apart: those that it has made outlive its revocation.
        further = sorted(ASKED_SCOPES & set(row.scopes))
        scopes = "every" if len(further) == len(ASKED_SCOPES) else " + ".join(["all", *further])
    limits = [*(f"for {flow}" for flow in row.flows), *(f"from {each}" for each in row.addresses)]
    return (row.id, row.org, row.name, " ".join([scopes, *limits]), rate, *times, row.state(now))


def _minute(seconds: int | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).date().isoformat()
