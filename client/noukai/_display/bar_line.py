"""The lines of progress bars in a terminal, drawn by rich, which is slow to import."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from noukai._io.forks import leave_behind_at_fork

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
        """Print without wrapping, so that a program's long line can be copied whole from the terminal."""
        options.setdefault("soft_wrap", True)
        super().print(*objects, **options)


class _Line(ProgressColumn):
    """The label, a bar, the job's progress message and the time, as space allows.

    A long message is cut; a long label is left out, since part of a job id is useless.
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


class _Display:
    """The lines of all bars in this process, since two live displays would overwrite each other."""

    def __init__(self) -> None:
        self._begin_anew()
        leave_behind_at_fork(self)

    @contextmanager
    def line(self, label: str, *, redirect_stdout: bool) -> Generator[Callable[[float | None, str], None]]:
        """Draw a line on standard error while the context lasts; yield the function that updates it."""
        progress, task = self._begin(label, redirect_stdout=redirect_stdout)

        def show(percent: float | None, note: str) -> None:
            progress.update(task, total=None if percent is None else 100, completed=percent or 0, note=note)

        try:
            yield show
        finally:
            self._end(progress, task)

    def leave_behind(self) -> None:
        """Leave the lines to the parent process."""
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._lock = Lock()
        self._progress: Progress | None = None

    def _begin(self, label: str, *, redirect_stdout: bool) -> tuple[Progress, TaskID]:
        with self._lock:
            if self._progress is None:
                console = _Console(stderr=True)
                self._progress = Progress(
                    _Line(console), console=console, transient=True, redirect_stdout=redirect_stdout
                )
                self._progress.start()
            return self._progress, self._progress.add_task(label, total=None, note="")

    def _end(self, progress: Progress, task: TaskID) -> None:
        with self._lock:
            if len(progress.tasks) > 1:
                progress.remove_task(task)
                return
            self._progress = None if progress is self._progress else self._progress
            progress.stop()


DISPLAY = _Display()
