"""The lists of keys and budgets: as wide as the terminal, and never folded elsewhere."""

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

_WIDE = 500
"""A script reads a row in a line, and there is no terminal whose width could be known."""


def print_list(columns: Sequence[str], rows: Iterable[Sequence[str]], *, folded: Iterable[str]) -> None:
    """Print rows below the names of their columns; `folded` are columns that a narrow terminal may fold."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=name not in folded, overflow="fold", min_width=len(name))
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width, markup=False, highlight=False).print(table)
