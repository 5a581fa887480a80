"""The command's output: results and JSON on standard output, messages for people on standard error."""

import json
import os
import sys
import textwrap
from datetime import timedelta
from shutil import get_terminal_size
from typing import TextIO

from pydantic import BaseModel

from noukai._core.listing import JobSelection
from noukai._errors import (
    ApiError,
    InvalidArgumentError,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    NoukaiError,
    WaitTimeoutError,
)
from noukai_wire.display import facts_of, lines, one_line, text_of, with_visible_controls
from noukai_wire.flows import FlowDescription
from noukai_wire.models import CancelledJobs, JobList, JobStatus, UnreadableJob
from noukai_wire.rows import arguments_line

from .calling import arguments_of, command_line, python_code

_INDENT = "    "

_EXIT_CODES: tuple[tuple[type[NoukaiError], int], ...] = (
    (JobFailedError, 1),
    (InvalidArgumentError, 2),
    (JobCancelledError, 3),
    (WaitTimeoutError, 4),
    (NoukaiError, 5),
)


def exit_code(error: NoukaiError) -> int:
    """Return the exit code for an error."""
    return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))


def say(text: str = "") -> None:
    """Print a line on standard output."""
    # Not with typer, which bypasses the stream that rich has installed to print above a progress bar.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell(text: str, end: str = "\n") -> None:
    """Print a line on standard error, if it is open."""
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison]  # pythonw has none
        sys.stderr.write(f"{text}{end}")
        sys.stderr.flush()


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal; pythonw has no streams."""
    return stream is not None and stream.isatty()


def takes_colour(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal that may be coloured, by the conventions of `NO_COLOR`."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def complain(problem: NoukaiError | str) -> None:
    """Print an error on standard error, in one line."""
    text = str(problem)
    if isinstance(problem, InvalidInputError):
        entries = [f"{entry.get('path')}: {entry.get('message')}" for entry in problem.errors]
        text = "; ".join([text, *(entry for entry in entries if entry not in text)])
    if isinstance(problem, ApiError) and problem.request_id:
        text += f" (request {problem.request_id})"
    tell(f"noukai: {one_line(text)}")


def show_json(body: BaseModel) -> None:
    """Print a body as JSON in one line, without fields that this version does not know."""
    say(json.dumps(body.model_dump(mode="json", by_alias=True, exclude_unset=True)))


def show_page(page: JobList | CancelledJobs, unreadable: list[UnreadableJob]) -> None:
    """Print a page, and warn about the jobs left out."""
    show_json(page.model_copy(update={"errors": unreadable}) if unreadable else page)


def show_output(output: object) -> None:
    """Print a job's output: text as it is, everything else as indented JSON.

    On a terminal, control characters are escaped.
    """
    text = text_of(output)
    say(with_visible_controls(text) if sys.stdout.isatty() else text)


def show_status(status: JobStatus) -> None:
    """Print a job's status, one fact per line."""
    for name, fact in facts_of(status).items():
        say(f"{name:<11}{fact}")
    if status.result is not None:
        say("result")
        show_output(status.result.output)


def show_end(status: JobStatus) -> None:
    """Print how a job has ended in one line: with its output as JSON, or its error."""
    output = None if status.result is None else json.dumps(status.result.output, ensure_ascii=False)
    say(one_line(" ".join([status.id, status.state, output or status.error or ""])).rstrip())


def show_flows(flows: list[FlowDescription]) -> None:
    """Print each flow with its arguments, optional ones in brackets."""
    for flow in flows:
        say(f"{one_line(flow.flow)} {arguments_line(flow)}".rstrip())
        if flow.description:
            _say_indented(flow.description)


def show_flow(flow: FlowDescription) -> None:
    """Print how to call a flow: its arguments, and a command and a program to paste."""
    say(one_line(flow.flow))
    for line in (flow.description or "").splitlines():
        _say_indented(line)
    say()
    arguments = arguments_of(flow)
    width = max((len(each.name) for each in arguments), default=0)
    for each in arguments:
        default = (
            "required" if each.required else f"by default {json.dumps(each.default, ensure_ascii=False)}"
        )
        said = f": {each.description}" if each.description else ""
        say(
            one_line(f"{each.name} ")
            + " " * (width - len(each.name) + 2)
            + one_line(f"{each.kind}, {default}{said}")
        )
    kept = str(timedelta(seconds=flow.keep_seconds or 0)).removesuffix(", 0:00:00")
    say(f"\nAn attempt may take {flow.timeout_seconds} s; there are {flow.max_attempts} at most.")
    if flow.keep_seconds is not None:
        say(f"The job is kept for {kept} after its end.")
    if flow.worker is not None:
        say(one_line(f"It runs on a worker of the kind {flow.worker}."))
    say(f"\n{lines(command_line(flow))}\n\n{lines(python_code(flow))}")


def show_cancelled(count: int, unreadable: list[UnreadableJob], *, as_json: bool) -> None:
    """Print how many jobs were cancelled."""
    if as_json:
        show_page(CancelledJobs(cancelled=count), unreadable)
    else:
        say(f"{count} cancelled")


def _say_indented(text: str) -> None:
    """Print text in one line, or on a terminal, wrapped to its width."""
    line = one_line(text)
    room = get_terminal_size().columns - len(_INDENT) if sys.stdout.isatty() else len(line)
    say(textwrap.indent("\n".join(textwrap.wrap(line, max(room, 1))), _INDENT))


def stated(selection: JobSelection) -> str:
    """Describe the jobs that a filter selects, for the confirmation."""
    state = selection.get("state")
    span = {"from": selection.get("created_after"), "before": selection.get("created_before")}
    told = [f"{word} {time}" for word, time in span.items() if time]
    return " ".join([f"that are {state or 'pending or running'}", *(["submitted", *told] if told else [])])
