"""What the command shows: results and JSON on stdout; progress and errors, for people alone, on stderr."""

import json
import math
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from noukai_wire.models import CancelledJobs, FlowDescription, JobStatus

from ._calling import arguments_of, command_line, python_code
from ._errors import (
    ApiError,
    InvalidArgumentError,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    NoukaiError,
    WaitTimeoutError,
)
from ._listing import JobSelection

_WIDEST = 10_000
"""Columns of a table that no terminal bounds."""

_EXIT_CODES: tuple[tuple[type[NoukaiError], int], ...] = (
    (JobFailedError, 1),
    (InvalidArgumentError, 2),
    (JobCancelledError, 3),
    (WaitTimeoutError, 4),
    (NoukaiError, 5),
)


def exit_code(error: NoukaiError) -> int:
    """Return the exit code that stands for this error."""
    return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))


def complain(problem: NoukaiError | str) -> None:
    """Say on stderr, in one line, what went wrong."""
    text = str(problem)
    if isinstance(problem, InvalidInputError):
        entries = [f"{entry.get('path')}: {entry.get('message')}" for entry in problem.errors]
        text = "; ".join([text, *(entry for entry in entries if entry not in text)])
    line = _line(text)
    if isinstance(problem, ApiError) and problem.request_id:
        line += f" (request {problem.request_id})"
    typer.echo(f"noukai: {line}", err=True)


def show_json(body: BaseModel) -> None:
    """Print a body as the API sent it, in one line; fields that this version does not know are left out."""
    typer.echo(json.dumps(body.model_dump(mode="json", by_alias=True, exclude_unset=True)))


def show_output(output: object) -> None:
    """Print what a job returned: text as it is, everything else as indented JSON."""
    typer.echo(output if isinstance(output, str) else json.dumps(output, indent=2, ensure_ascii=False))


def show_status(status: JobStatus) -> None:
    """Print a job as it stands, one line for each thing there is to say of it."""
    attempt = f"{status.attempt} of {status.max_attempts}" if status.attempt and status.max_attempts else status.attempt
    facts = {
        "job": status.id,
        "state": status.state,
        "flow": status.flow,
        "attempt": attempt,
        "submitted": status.created_at,
        "started": status.started_at,
        "ended": status.completed_at,
        "ran for": status.ran_for,
        "progress": _progress(status.progress) if status.progress else None,
        "error": status.error,
        "last error": status.last_error,
        "metadata": " ".join(f"{name}={text}" for name, text in (status.metadata or {}).items()),
    }
    for name, fact in facts.items():
        if fact:
            typer.echo(f"{name:<11}{_line(str(fact))}")
    if status.result is not None:
        typer.echo("result")
        show_output(status.result.output)


def show_flows(flows: list[FlowDescription]) -> None:
    """Print each flow with its arguments, those that may be left out in brackets."""
    for flow in flows:
        required: list[str] = flow.input.get("required", [])
        names = [name if name in required else f"[{name}]" for name in flow.input.get("properties", {})]
        typer.echo(_line(" ".join([flow.flow, *names])))
        if flow.description:
            typer.echo(f"    {_line(flow.description)}")


def show_flow(flow: FlowDescription) -> None:
    """Print how a flow is called: its arguments, and a command and a program to paste."""
    typer.echo(_line(flow.flow))
    for line in (flow.description or "").splitlines():
        typer.echo(f"    {_line(line)}".rstrip())
    typer.echo()
    arguments = arguments_of(flow)
    width = max((len(each.name) for each in arguments), default=0)
    for each in arguments:
        default = "required" if each.required else f"by default {json.dumps(each.default, ensure_ascii=False)}"
        said = f": {each.description}" if each.description else ""
        typer.echo(_line(f"{each.name} ") + " " * (width - len(each.name) + 2) + _line(f"{each.kind}, {default}{said}"))
    kept = str(timedelta(seconds=flow.keep_seconds or 0)).removesuffix(", 0:00:00")
    typer.echo(f"\nAn attempt may take {flow.timeout_seconds} s; there are {flow.max_attempts} at most.")
    if flow.keep_seconds is not None:
        typer.echo(f"The job is kept for {kept} after its end.")
    typer.echo(f"\n{_lines(command_line(flow))}\n\n{_lines(python_code(flow))}")


def show_jobs(jobs: list[JobStatus]) -> None:
    """Print jobs as a table, as wide as it needs to be where it is not a terminal that is to hold it."""
    table = Table(box=None, pad_edge=False, show_header=sys.stdout.isatty())
    for name in ("job", "state", "submitted", "ran for", "flow", "said"):
        table.add_column(name, no_wrap=True)
    for job in jobs:
        ran_for = "" if job.ran_for is None else str(job.ran_for)
        said = job.error or (_progress(job.progress) if job.progress else "")
        cells = [job.id, job.state, job.created_at, ran_for, job.flow or "", said]
        table.add_row(*(Text(_line(cell)) for cell in cells))
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDEST)
    console.print(table)


def show_cancelled(count: int, *, as_json: bool) -> None:
    """Print how many jobs were cancelled."""
    if as_json:
        show_json(CancelledJobs(cancelled=count))
    else:
        typer.echo(f"{count} cancelled")


def stated(selection: JobSelection) -> str:
    """Say which jobs a filter leaves of those that wait or run."""
    state = selection.get("state")
    span = {"from": selection.get("created_after"), "before": selection.get("created_before")}
    told = [f"{word} {moment}" for word, moment in span.items() if moment]
    return " ".join([f"that are {state or 'pending or running'}", *(["submitted", *told] if told else [])])


@contextmanager
def progress_bar(job_id: str, *, wanted: bool) -> Generator[Callable[[dict[str, Any]], None] | None]:
    """Show a job's progress on stderr while the context lasts, if it is wanted and stderr is a terminal.

    Gives the listener for the progress, or None when there is nobody to look at it.
    """
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(job_id, total=None, note="")

        def show(progress: dict[str, Any]) -> None:
            percent = _percent(progress)
            bar.update(task, total=None if percent is None else 100, completed=percent or 0, note=_progress(progress))

        yield show


def _progress(progress: dict[str, Any]) -> str:
    percent = _percent(progress)
    told = {name: value for name, value in progress.items() if name != "percent" or percent is None}
    message = told.pop("message", "")
    parts = ["" if percent is None else f"{percent:.0f} %", str(message), *(f"{name}={told[name]}" for name in told)]
    return _line(" ".join(part for part in parts if part))


def _percent(progress: dict[str, Any]) -> float | None:
    percent: object = progress.get("percent")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not math.isfinite(percent):
        return None
    return min(max(float(percent), 0.0), 100.0)


def _lines(text: str) -> str:
    """Return the text without the control characters that would command a terminal, but for its line ends."""
    return "\n".join("".join(sign if sign.isprintable() else " " for sign in line) for line in text.split("\n"))


def _line(text: str) -> str:
    """Return the text in one line, without the control characters that would command a terminal."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
