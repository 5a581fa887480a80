"""The arguments and options of the commands."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from noukai._core.logs import LEVELS
from noukai_wire.models import TERMINAL_STATES

from .parsing.durations import future, milliseconds, past, seconds, whole_seconds

_SECONDS = "SECONDS|DURATION"


def _states(begun: str) -> list[str]:
    return [state for state in ("pending", "running", *sorted(TERMINAL_STATES)) if state.startswith(begun)]


def _levels(begun: str) -> list[str]:
    return [level for level in LEVELS if level.startswith(begun)]


def _count(text: str) -> int:
    """Parse a number of jobs.

    A range of typer would show a bound of 19 digits in the help.
    """
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= sys.maxsize:
        raise typer.BadParameter(f"use a whole number from 1 on, not {text}")
    return number


FlowArgument = Annotated[str, typer.Argument(help="org/project/flow, or flow alone.")]
JobArgument = Annotated[str, typer.Argument(help="A job's id.")]
FlowsOption = Annotated[
    list[str] | None, typer.Option("--flow", help="org/project/flow, or flow alone; repeatable.")
]
State = Annotated[str | None, typer.Option(help="Only jobs in this state.", autocompletion=_states)]
CreatedAfter = Annotated[
    str | None,
    typer.Option(parser=past, metavar="TIME|AGO", help="Only jobs submitted from then on: ISO 8601, or 3d."),
]
CreatedBefore = Annotated[
    str | None, typer.Option(parser=past, metavar="TIME|AGO", help="Only jobs submitted before.")
]
Limit = Annotated[int, typer.Option(parser=_count, metavar="COUNT", help="So many of the newest.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON as the API sends it.")]
Message = Annotated[str | None, typer.Option("-m", "--message", help="The message.")]
File = Annotated[
    typer.FileBinaryRead | None, typer.Option("-f", "--file", help="A file as the message; - is stdin.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", allow_dash=True, help="Write the result there, bytes as such; - is stdout."
    ),
]
Parameter = Annotated[
    list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=JSON", help="Repeatable.")
]
Waits = Annotated[bool, typer.Option("--wait", help="Wait for the job and print its result.")]
FollowsLog = Annotated[bool, typer.Option("--follow", help="Wait for the job, and show its log meanwhile.")]
Follow = Annotated[bool, typer.Option("-f", "--follow", help="Go on with new lines until the job's end.")]
Attempt = Annotated[int | None, typer.Option(metavar="NUMBER", help="Only the lines of this attempt.")]
Level = Annotated[
    str | None,
    typer.Option(metavar="LEVEL", help="Only lines of this level and above.", autocompletion=_levels),
]
Since = Annotated[
    str | None,
    typer.Option(parser=past, metavar="TIME|AGO", help="Only lines from then on: ISO 8601, or 5m."),
]
TimeoutMs = Annotated[
    int | None,
    typer.Option(parser=milliseconds, metavar="MS|DURATION", help="Wait no longer than this, such as 90s."),
]
CancelOnTimeout = Annotated[
    bool, typer.Option("--cancel-on-timeout", help="Cancel the job if that is too short.")
]
IdempotencyKey = Annotated[str | None, typer.Option(help="The same key gives the same job.")]
DelaySeconds = Annotated[
    int | None, typer.Option(parser=whole_seconds, metavar=_SECONDS, help="Start no sooner than this.")
]
RunAt = Annotated[
    str | None,
    typer.Option(
        parser=future,
        metavar="TIME|AHEAD",
        help="Start no sooner than then, up to a year ahead: ISO 8601, or 2h.",
    ),
]
TimeoutSeconds = Annotated[
    int | None, typer.Option(parser=whole_seconds, metavar=_SECONDS, help="How long one attempt may take.")
]
MaxAttempts = Annotated[int | None, typer.Option(help="How often the job is tried in all.")]
BackoffSeconds = Annotated[
    float | None,
    typer.Option(
        parser=seconds, metavar=_SECONDS, help="How long at most the first pause after a failure is."
    ),
]
BackoffCapSeconds = Annotated[
    float | None,
    typer.Option(parser=seconds, metavar=_SECONDS, help="How long at most every later pause is."),
]
Metadata = Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Repeatable.")]
KeepSeconds = Annotated[
    int | None,
    typer.Option(
        parser=whole_seconds, metavar=_SECONDS, help="How long the job is kept after its end: 1h to 365d."
    ),
]
WebhookName = Annotated[
    str | None, typer.Option("--webhook", metavar="NAME", help="Tell this webhook endpoint alone.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="The first day; this month's, by default.")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="The last day, such as 2026-11-25; today.")
]
