"""A progress bar for a job, in a terminal or a notebook."""

import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from importlib import import_module
from typing import Any, NamedTuple, TextIO

from noukai._core.operation import Listener
from noukai_wire.display import html_of_progress, one_line, percent_of, progress_line


class Listeners(NamedTuple):
    """Listeners for the progress of jobs and of transfers; only a bar listens to transfers."""

    progress: Listener | None
    transfer: Listener | None


@contextmanager
def progress_bar(label: str, on_progress: Listener | None = None) -> Generator[Listeners]:
    """Draw a progress bar while the context lasts, if there is a terminal or a notebook.

    A job's progress goes to the bar and to `on_progress`, if they exist.
    """
    with _bar(label) as show:
        if show is None or on_progress is None:
            yield Listeners(show or on_progress, show)
        else:

            def tell_both(told: dict[str, Any]) -> object:
                show(told)
                return on_progress(told)  # may have to be awaited

            yield Listeners(tell_both, show)


@contextmanager
def watched_transfer(label: str, *, progress: bool) -> Generator[Listener | None]:
    """Draw a progress bar for an upload, from its first report until the context ends."""
    with ExitStack() as bars:
        shows: list[Listener | None] = []

        def tell(told: dict[str, Any]) -> None:
            if not shows:
                shows.append(bars.enter_context(_bar(label)))
            if (show := shows[0]) is not None:
                show(told)

        yield tell if progress else None


def progress_of(done: int, total: int | None) -> dict[str, Any]:
    """Return the progress of a number of jobs: how many are done, and of how many, if known."""
    if total is None:
        return {"message": f"{done} jobs"}
    return {"percent": 100 * done / total if total else 100, "message": f"{done} of {total} jobs"}


def _bar(label: str) -> AbstractContextManager[Listener | None]:
    # Imported here because rich is slow to import.
    from rich.console import Console  # noqa: PLC0415

    if Console().is_jupyter:
        return _in_notebook(label)
    return _on_terminal(label) if _is_terminal(sys.stderr) else nullcontext()


def _is_terminal(stream: TextIO | None) -> bool:  # pythonw has no streams
    return stream is not None and stream.isatty()


@contextmanager
def _in_notebook(label: str) -> Generator[Listener]:
    # IPython is always there in a notebook; rich would need ipywidgets too.
    ipython: Any = import_module("IPython.display")
    handle = ipython.display(ipython.HTML(html_of_progress(label, {})), display_id=True)
    try:
        yield lambda told: handle.update(ipython.HTML(html_of_progress(label, told)))
    finally:
        handle.update(ipython.HTML(""))


@contextmanager
def _on_terminal(label: str) -> Generator[Listener]:
    from .bar_line import DISPLAY  # noqa: PLC0415 - as above

    # Print a program's output above the bar, unless it goes to a file or a pipe.
    with DISPLAY.line(one_line(label), redirect_stdout=_is_terminal(sys.stdout)) as show:
        yield lambda told: show(percent_of(told), progress_line(told))
