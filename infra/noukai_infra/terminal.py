"""The texts for a terminal, whose lines are broken between words."""

import re
import shutil
import sys
import textwrap
from typing import TextIO

import typer

_UNBROKEN = "\N{NO-BREAK SPACE}"


def folded(text: str, stream: TextIO, *, hanging: int = 0) -> str:
    """Return a text for a stream: on a terminal folded to its width, with later lines indented.

    A command in backticks stays on one line, so that it can be copied. A script gets the text as it is.
    """
    if not stream.isatty():
        return text
    whole = re.sub(r"`[^`\n]*`", lambda found: found[0].replace(" ", _UNBROKEN), text)
    wrapper = textwrap.TextWrapper(
        shutil.get_terminal_size().columns,
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(wrapper.fill(line) for line in whole.split("\n")).replace(_UNBROKEN, " ")


def tell(text: str, *, hanging: int = 0) -> None:
    """Print a text, folded as its output is read."""
    typer.echo(folded(text, sys.stdout, hanging=hanging))


def tell_beside(text: str) -> None:
    """Print a text to stderr, beside an output that is for a program."""
    typer.echo(folded(text, sys.stderr), err=True)
