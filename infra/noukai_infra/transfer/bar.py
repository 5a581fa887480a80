"""The bar of an export or an import, on a terminal alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Show = Callable[[float, str], None]
"""Shows how much is done, and what to say about it."""


@contextmanager
def bar(label: str, total: float) -> Iterator[Show]:
    """Draw a bar on stderr while the context lasts, if that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"))
    progress = Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    )
    with progress:
        task = progress.add_task("", total=total or None, said="")
        yield lambda done, said: progress.update(task, completed=done, said=said)
