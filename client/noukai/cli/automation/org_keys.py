"""The commands `noukai org-keys …`, for the keys that an org makes for itself by the API."""

from typing import Annotated

import typer

from noukai._display.tables import show_keys
from noukai.cli import options
from noukai.cli.command import EPILOG, connected
from noukai.cli.parsing.durations import future, whole_seconds
from noukai.cli.terminal import say, show_json, tell
from noukai_wire.keys import Key, KeyList
from noukai_wire.scopes import Scope

app = typer.Typer(
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make and revoke keys of the key's org; they are never wider than that key.",
)

Name = Annotated[str, typer.Argument(help="The name of the key.")]
Scopes = Annotated[
    list[Scope] | None, typer.Option("--scope", help="What it allows; repeatable, by default all but keys.")
]
Flows = Annotated[
    list[str] | None,
    typer.Option("--flow", metavar="PROJECT[/FLOW]", help="What it is for; repeatable, by default all."),
]
Addresses = Annotated[
    list[str] | None,
    typer.Option("--address", metavar="RANGE", help="Where it works, such as 203.0.113.0/24; repeatable."),
]


@app.command("list", epilog=EPILOG)
def list_keys(*, as_json: options.Json = False) -> None:
    """List the keys that the org has made; those of operators are not among them."""
    with connected() as client:
        found = client.keys.list()
    if as_json:
        show_json(KeyList(keys=found))
    else:
        show_keys(found)


@app.command(epilog=EPILOG)
def create(
    *,
    name: Name,
    scope: Scopes = None,
    flow: Flows = None,
    address: Addresses = None,
    expires: Annotated[
        str | None, typer.Option(parser=future, metavar="WHEN", help="When it ends: 30d, or a time.")
    ] = None,
    rate: Annotated[int | None, typer.Option(min=1, help="How many calls a second it may make.")] = None,
    as_json: options.Json = False,
) -> None:
    """Create a key, and print it, once."""
    scopes = None if scope is None else [each.value for each in scope]
    with connected() as client:
        key = client.keys.create(
            name, scopes=scopes, flows=flow, addresses=address, expires_at=expires, rate=rate
        )
    _show(key, as_json=as_json)


@app.command(epilog=EPILOG)
def rotate(
    *,
    name: Name,
    overlap: Annotated[
        int, typer.Option(parser=whole_seconds, metavar="TIME", help="How long the old key works: 7d, 0s.")
    ],
    as_json: options.Json = False,
) -> None:
    """Replace a key by one of the same limits, and print it, once."""
    with connected() as client:
        _show(client.keys.rotate(name, overlap_seconds=overlap), as_json=as_json)


@app.command(epilog=EPILOG)
def revoke(*, name: Name) -> None:
    """Revoke a key for good, also one that it has replaced."""
    with connected() as client:
        client.keys.revoke(name)


def _show(key: Key, *, as_json: bool) -> None:
    if as_json:
        show_json(key)
        return
    say(key.key or "")
    tell("keep it: it is not shown again")
