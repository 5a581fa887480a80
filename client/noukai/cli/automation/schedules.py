"""The commands `noukai schedules …`."""

import json
from typing import Annotated, Any, cast

import typer

from noukai._client import Noukai
from noukai._core.managing.schedules import ScheduleOptions
from noukai._display.tables import show_schedules
from noukai._schedules import Schedule
from noukai.cli import options
from noukai.cli.command import EPILOG, connected
from noukai.cli.files import input_of
from noukai.cli.parsing.arguments import metadata_of
from noukai.cli.terminal import say, show_json
from noukai_wire.limits import DEFAULT_NEXT_INSTANTS, MAX_NEXT_INSTANTS
from noukai_wire.schedules import ScheduleList

from .facts import show_schedule

app = typer.Typer(
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, make, show, pause, resume, trigger and delete schedules.",
)

Name = Annotated[str, typer.Argument(help="The schedule's name.")]
Cron = Annotated[
    str, typer.Option(metavar="FIELDS", help="Minute, hour, day, month, day of week: '0 9 * * mon-fri'.")
]
Zone = Annotated[str, typer.Option(metavar="NAME", help="The time zone, such as Europe/Berlin.")]
Overlap = Annotated[
    str,
    typer.Option(
        metavar="allow|skip|cancel",
        help="While the job before has not ended: submit the next, skip its instant, or cancel the older.",
    ),
]
Missed = Annotated[
    str, typer.Option(metavar="latest|none", help="Of the instants in a pause or an outage: run these.")
]


@app.command("list", epilog=EPILOG)
def list_schedules(*, as_json: options.Json = False) -> None:
    """List the schedules of the key's org."""
    with connected() as client:
        found = [schedule.facts for schedule in client.schedules.list()]
    if as_json:
        show_json(ScheduleList(schedules=found))
    else:
        show_schedules(found)


@app.command(epilog=EPILOG)
def put(
    *,
    name: Name,
    flow: Annotated[str, typer.Option(help="org/project/flow, or flow alone.")],
    cron: Cron,
    zone: Zone = "UTC",
    overlap: Overlap = "allow",
    missed: Missed = "latest",
    message: options.Message = None,
    file: options.File = None,
    parameter: options.Parameter = None,
    timeout_seconds: options.TimeoutSeconds = None,
    max_attempts: options.MaxAttempts = None,
    backoff_seconds: options.BackoffSeconds = None,
    backoff_cap_seconds: options.BackoffCapSeconds = None,
    metadata: options.Metadata = None,
    keep_seconds: options.KeepSeconds = None,
    webhook: options.WebhookName = None,
    as_json: options.Json = False,
) -> None:
    """Create a schedule, or replace the one of this name, and print it."""
    asked = ScheduleOptions(
        zone=zone,
        overlap=cast("Any", overlap),  # the API refuses others
        missed=cast("Any", missed),
        timeout_seconds=timeout_seconds,
        max_attempts=max_attempts,
        backoff_seconds=backoff_seconds,
        backoff_cap_seconds=backoff_cap_seconds,
        metadata=metadata_of(metadata) if metadata else None,
        keep_seconds=keep_seconds,
        webhook=webhook,
    )
    with connected() as client:
        asked["message"], asked["parameters"] = input_of(client, flow, message, file, parameter)
        _show(client.schedules.put(name, flow=flow, cron=cron, **asked), as_json=as_json)


@app.command(epilog=EPILOG)
def show(*, name: Name, as_json: options.Json = False) -> None:
    """Print a schedule with its next instants and its latest jobs."""
    with connected() as client:
        _show(client.schedules.get(name), as_json=as_json)


@app.command(epilog=EPILOG)
def pause(*, name: Name, as_json: options.Json = False) -> None:
    """Pause a schedule until it is resumed, and print it."""
    with connected() as client:
        _show(client.schedules.pause(name), as_json=as_json)


@app.command(epilog=EPILOG)
def resume(*, name: Name, as_json: options.Json = False) -> None:
    """Resume a paused schedule, and print it."""
    with connected() as client:
        _show(client.schedules.resume(name), as_json=as_json)


@app.command(epilog=EPILOG)
def trigger(*, name: Name, as_json: options.Json = False) -> None:
    """Submit the job of a schedule now, and print its id."""
    with connected() as client:
        job = client.schedules.trigger(name)
        if as_json and job.accepted is not None:
            show_json(job.accepted)
        else:
            say(job.id)


@app.command(epilog=EPILOG)
def delete(*, name: Name) -> None:
    """Delete a schedule; its jobs stay."""
    with connected() as client:
        client.schedules.delete(name)


@app.command("next", epilog=EPILOG)
def next_instants(
    *,
    name: Name,
    count: Annotated[
        int, typer.Argument(metavar="COUNT", min=1, max=MAX_NEXT_INSTANTS, help="How many.")
    ] = DEFAULT_NEXT_INSTANTS,
    as_json: options.Json = False,
) -> None:
    """Print the next instants, in UTC."""
    with connected() as client:
        found = _instants(client, name, count)
    if as_json:
        say(json.dumps({"next": found}))
    else:
        for each in found:
            say(each)


def _instants(client: Noukai, name: str, count: int) -> list[str]:
    instants = client.schedules.get(name).next(count)
    return [each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in instants]


def _show(schedule: Schedule, *, as_json: bool) -> None:
    (show_json if as_json else show_schedule)(schedule.facts)
