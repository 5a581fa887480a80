"""A bar that shows a job's progress, in a terminal or a notebook."""

import sys
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Any, TextIO

from noukai_wire.display import html_of_progress, one_line, percent_of, progress_line

Listener = Callable[[dict[str, Any]], object]


@contextmanager
def watched(label: str, on_progress: Listener | None, *, progress: bool) -> Generator[Listener | None]:
    """Draw a bar while the context lasts, if that is wanted and there is somewhere to draw it.

    Gives the listener to a job's progress that tells both the bar and `on_progress`, or None if there is neither.
    """
    with _bar(label) if progress else nullcontext() as show:
        if show is None or on_progress is None:
            yield show or on_progress
        else:
            yield lambda told: (show(told), on_progress(told))[1]  # what it may have to await


def progress_of(done: int, total: int | None) -> dict[str, Any]:
    """Say of so many jobs, if that is known, how many are done with."""
    if total is None:
        return {"message": f"{done} jobs"}
    return {"percent": 100 * done / total if total else 100, "message": f"{done} of {total} jobs"}


def _bar(label: str) -> AbstractContextManager[Listener | None]:
    # rich is slow to import, and a program that draws nothing does without.
    from rich.console import Console  # noqa: PLC0415

    if Console().is_jupyter:
        return _in_notebook(label)
    return _on_terminal(label) if _is_terminal(sys.stderr) else nullcontext()


def _is_terminal(stream: TextIO | None) -> bool:  # pythonw has none
    return stream is not None and stream.isatty()


@contextmanager
def _in_notebook(label: str) -> Generator[Listener]:
    # Whoever is in a notebook has it; rich itself would need ipywidgets too.
    ipython: Any = import_module("IPython.display")
    handle = ipython.display(ipython.HTML(html_of_progress(label, {})), display_id=True)
    try:
        yield lambda told: handle.update(ipython.HTML(html_of_progress(label, told)))
    finally:
        handle.update(ipython.HTML(""))


@contextmanager
def _on_terminal(label: str) -> Generator[Listener]:
    from ._bar_line import bar_line  # noqa: PLC0415 - as above

    # What is printed meanwhile goes above the bar, but where it is to go into a file or a pipe.
    with bar_line(redirect_stdout=_is_terminal(sys.stdout)) as bar:
        task = bar.add_task(one_line(label), total=None, note="")

        def show(told: dict[str, Any]) -> None:
            percent = percent_of(told)
            bar.update(task, total=None if percent is None else 100, completed=percent or 0, note=progress_line(told))

        yield show
