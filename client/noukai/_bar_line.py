"""The line of a bar in a terminal, by rich, which is slow to import."""

from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

_ECHO = len("^C")
"""The echo of Ctrl-C. Without room for it, the terminal would wrap and leave the bar's line behind."""

_SPINNER = len("⠋ ")
_ELAPSED = len(" 0:00:00")
_LEAST_BAR, _LARGEST_BAR = 4, 40
_LEAST_NOTE = len("100 % …")


class _Console(Console):
    @property
    def options(self) -> ConsoleOptions:
        whole = super().options
        return whole.update_width(max(1, whole.max_width - _ECHO))

    def print(self, *objects: Any, **options: Any) -> None:
        """Print without wrapping: a program's line that is broken cannot be copied from the terminal."""
        options.setdefault("soft_wrap", True)
        super().print(*objects, **options)


class _Line(ProgressColumn):
    """The label, a bar, the job's progress message and the time, as far as there is room for them.

    What the job says is cut; the label, in part of no use where it is the id of a job, is left out instead.
    """

    def __init__(self, console: _Console) -> None:
        super().__init__()
        self._console = console
        self._spinner = SpinnerColumn()
        self._elapsed = TimeElapsedColumn()

    def render(self, task: Task) -> Table:
        label, note = Text(task.description), Text(task.fields["note"])
        room = self._console.options.max_width - _SPINNER
        shown: list[RenderableType] = [self._spinner.render(task)]
        if label.cell_len <= room:
            shown.append(label)
            room -= label.cell_len + 1
        bar = room - _ELAPSED - 1 - min(note.cell_len, max(room - _ELAPSED - 1 - _LEAST_BAR, _LEAST_NOTE))
        if has_bar := bar >= _LEAST_BAR:
            width = min(bar, _LARGEST_BAR)
            shown.append(BarColumn(width).render(task))
            room -= width + 1 + _ELAPSED
        if room > 0:
            note.truncate(room, overflow="ellipsis")
            shown.append(note)
        line = Table.grid(*(Column(no_wrap=True) for _ in shown), padding=(0, 1))
        line.add_row(*shown, *([self._elapsed.render(task)] if has_bar else []))
        return line


def bar_line(*, redirect_stdout: bool) -> Progress:
    """Return the bar of one task on standard error; it is erased in the end."""
    console = _Console(stderr=True)
    return Progress(_Line(console), console=console, transient=True, redirect_stdout=redirect_stdout)
