"""The command that opens the web console."""

import os
import webbrowser
from typing import Annotated

import typer

from noukai.cli.command import connected
from noukai.cli.terminal import complain, say, tell

_FAILED = 5


def open_console(
    *,
    opens: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
) -> None:
    """Open the web console, and print the key to paste there: no link carries it."""
    with connected() as client:
        page = f"{client.base_url}/console"
    tell(f"The console is at {page}; paste this key there:")
    say(os.environ.get("NOUKAI_API_KEY", ""))
    if opens and not webbrowser.open(page):
        complain(f"no browser could be opened: open {page} yourself")
        raise typer.Exit(_FAILED)
