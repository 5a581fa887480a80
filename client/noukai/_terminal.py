"""What the command shows: results and JSON on stdout; errors, for people alone, on stderr."""

import json
import sys
from datetime import timedelta

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from noukai_wire.display import facts_of, lines, one_line, progress_line, text_of
from noukai_wire.models import CancelledJobs, FlowDescription, JobStatus
from noukai_wire.usage import UsageReport, Use

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

_USE_COLUMNS = ("jobs", "completed", "failed", "cancelled", "attempts", "seconds", "GB-seconds", "USD")

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
    line = one_line(text)
    if isinstance(problem, ApiError) and problem.request_id:
        line += f" (request {problem.request_id})"
    typer.echo(f"noukai: {line}", err=True)


def show_json(body: BaseModel) -> None:
    """Print a body as the API sent it, in one line; fields that this version does not know are left out."""
    typer.echo(json.dumps(body.model_dump(mode="json", by_alias=True, exclude_unset=True)))


def show_output(output: object) -> None:
    """Print what a job returned: text as it is, everything else as indented JSON."""
    typer.echo(text_of(output))


def show_status(status: JobStatus) -> None:
    """Print a job as it stands, one line for each thing there is to say of it."""
    for name, fact in facts_of(status).items():
        typer.echo(f"{name:<11}{fact}")
    if status.result is not None:
        typer.echo("result")
        show_output(status.result.output)


def show_end(status: JobStatus) -> None:
    """Print in one line how a job has ended, with what it returned as JSON or why it failed."""
    output = None if status.result is None else json.dumps(status.result.output, ensure_ascii=False)
    typer.echo(one_line(" ".join([status.id, status.state, output or status.error or ""])).rstrip())


def show_flows(flows: list[FlowDescription]) -> None:
    """Print each flow with its arguments, those that may be left out in brackets."""
    for flow in flows:
        required: list[str] = flow.input.get("required", [])
        names = [name if name in required else f"[{name}]" for name in flow.input.get("properties", {})]
        typer.echo(one_line(" ".join([flow.flow, *names])))
        if flow.description:
            typer.echo(f"    {one_line(flow.description)}")


def show_flow(flow: FlowDescription) -> None:
    """Print how a flow is called: its arguments, and a command and a program to paste."""
    typer.echo(one_line(flow.flow))
    for line in (flow.description or "").splitlines():
        typer.echo(f"    {one_line(line)}".rstrip())
    typer.echo()
    arguments = arguments_of(flow)
    width = max((len(each.name) for each in arguments), default=0)
    for each in arguments:
        default = "required" if each.required else f"by default {json.dumps(each.default, ensure_ascii=False)}"
        said = f": {each.description}" if each.description else ""
        typer.echo(
            one_line(f"{each.name} ") + " " * (width - len(each.name) + 2) + one_line(f"{each.kind}, {default}{said}")
        )
    kept = str(timedelta(seconds=flow.keep_seconds or 0)).removesuffix(", 0:00:00")
    typer.echo(f"\nAn attempt may take {flow.timeout_seconds} s; there are {flow.max_attempts} at most.")
    if flow.keep_seconds is not None:
        typer.echo(f"The job is kept for {kept} after its end.")
    if flow.worker is not None:
        typer.echo(one_line(f"It runs on a worker of the kind {flow.worker}."))
    typer.echo(f"\n{lines(command_line(flow))}\n\n{lines(python_code(flow))}")


def show_jobs(jobs: list[JobStatus]) -> None:
    """Print jobs as a table, as wide as it needs to be where it is not a terminal that is to hold it."""
    table = Table(box=None, pad_edge=False, show_header=sys.stdout.isatty())
    for name in ("job", "state", "submitted", "ran for", "flow", "said"):
        table.add_column(name, no_wrap=True)
    for job in jobs:
        ran_for = "" if job.ran_for is None else str(job.ran_for)
        said = job.error or (progress_line(job.progress) if job.progress else "")
        cells = [job.id, job.state, job.created_at, ran_for, job.flow or "", said]
        table.add_row(*(Text(one_line(cell)) for cell in cells))
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDEST)
    console.print(table)


def show_usage(report: UsageReport) -> None:
    """Print what was used, a line for each day and flow and one for all."""
    table = Table("day", "flow", *(Column(name, justify="right") for name in _USE_COLUMNS), box=None)
    for use in report.days:
        table.add_row(use.day, one_line(use.flow), *_use_cells(use))
    table.add_row("total", f"{report.from_} to {report.to}", *_use_cells(report.total))
    # A row is a line wherever it is written: a script that reads it has no terminal, whose width would be guessed.
    Console(width=_WIDEST, markup=False, highlight=False).print(table)


def _use_cells(use: Use) -> list[str]:
    outcomes = [use.jobs, use.completed, use.failed, use.cancelled, use.attempts]
    return [*map(str, outcomes), f"{use.compute_ms / 1000:.3f}", f"{use.gb_seconds:.3f}", f"{use.cost_usd:.6f}"]


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
