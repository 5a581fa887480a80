"""The line of a bar in a terminal, by rich, which is slow to import."""

from rich.console import Console, ConsoleOptions
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

_ECHO = len("^C")
"""What a terminal shows of Ctrl-C: at the end of a whole line it would begin another, and the bar's would stay."""


class _Console(Console):
    @property
    def options(self) -> ConsoleOptions:
        whole = super().options
        return whole.update_width(max(1, whole.max_width - _ECHO))


class _NoteColumn(TextColumn):
    """What a job says of itself: the first to be cut, with the bar, where there is no room for the whole line."""

    def __init__(self) -> None:
        super().__init__("{task.fields[note]}", markup=False, table_column=Column(no_wrap=False))

    def render(self, task: Task) -> Text:
        text = super().render(task)
        text.no_wrap, text.overflow = True, "ellipsis"
        return text


def bar_line(*, redirect_stdout: bool) -> Progress:
    """Return the bar of one task on standard error; it is erased in the end."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _NoteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=_Console(stderr=True), transient=True, redirect_stdout=redirect_stdout)
