"""The command `noukai`: submit, watch, await and cancel jobs; list flows; show usage."""

from noukai._io import lean_httpx as lean_httpx  # noqa: PLC0414 - before whatever else imports httpx  # isort: skip

from itertools import islice
from typing import Annotated

import typer

from noukai._core.listing import JobSelection
from noukai._display.tables import show_jobs, show_usage
from noukai._job import Job
from noukai_wire.flows import FlowList
from noukai_wire.limits import DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT
from noukai_wire.models import JobList

from . import options
from .automation import org_keys, schedules, webhooks
from .automation.console import open_console
from .automation.listening import listen
from .calling import described
from .command import (
    EPILOG,
    WaitOptions,
    check_wait,
    confirm,
    connected,
    left_out,
    retries_of,
    show_version,
)
from .ending import run
from .files import input_of
from .following import show_log, show_result
from .map_command import map_inputs
from .operating import add_operating
from .parsing.arguments import metadata_of
from .terminal import (
    say,
    show_cancelled,
    show_flow,
    show_flows,
    show_json,
    show_page,
    show_status,
    stated,
)

app = typer.Typer(epilog=EPILOG, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def begin(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Submit jobs to a background-job API, and watch them."""


@app.command(epilog=EPILOG)
def submit(
    *,
    flow: options.FlowArgument,
    message: options.Message = None,
    file: options.File = None,
    parameter: options.Parameter = None,
    waits: options.Waits = False,
    follows: options.FollowsLog = False,
    timeout_ms: options.TimeoutMs = None,
    cancel_on_timeout: options.CancelOnTimeout = False,
    output: options.Output = None,
    idempotency_key: options.IdempotencyKey = None,
    delay_seconds: options.DelaySeconds = None,
    run_at: options.RunAt = None,
    timeout_seconds: options.TimeoutSeconds = None,
    max_attempts: options.MaxAttempts = None,
    backoff_seconds: options.BackoffSeconds = None,
    backoff_cap_seconds: options.BackoffCapSeconds = None,
    metadata: options.Metadata = None,
    keep_seconds: options.KeepSeconds = None,
    webhook: options.WebhookName = None,
    as_json: options.Json = False,
) -> None:
    """Submit a job and print its id; with --wait or --follow, its result."""
    check_wait(wait := WaitOptions(timeout_ms, output, cancel_on_timeout, as_json, follows), waits=waits)
    with connected() as client:
        job = client.flow(flow).job(
            *input_of(client, flow, message, file, parameter),
            idempotency_key=idempotency_key,
            delay_seconds=delay_seconds,
            run_at=run_at,
            timeout_seconds=timeout_seconds,
            **retries_of(max_attempts, backoff_seconds, backoff_cap_seconds),
            metadata=metadata_of(metadata) if metadata else None,
            keep_seconds=keep_seconds,
            webhook=webhook,
            progress=not as_json,
        )
        return show_result(client, job, wait) if waits or follows else _show_accepted(job, as_json=as_json)


app.command("map", epilog=EPILOG)(map_inputs)


@app.command(epilog=EPILOG)
def status(
    *,
    job_id: options.JobArgument,
    as_input: Annotated[bool, typer.Option("--input", help="Print its input instead, as JSON.")] = False,
    as_json: options.Json = False,
) -> None:
    """Print a job as it stands; the exit code is 0 in every state."""
    with connected() as client:
        job = client.job(job_id)
        if as_input:
            show_json(job.input())
        else:
            _show_status(job, as_json=as_json)


@app.command(epilog=EPILOG)
def wait(
    *,
    job_id: options.JobArgument,
    timeout_ms: options.TimeoutMs = None,
    cancel_on_timeout: options.CancelOnTimeout = False,
    output: options.Output = None,
    as_json: options.Json = False,
) -> None:
    """Wait for a job and print its result; with --json, its status."""
    options_of_wait = WaitOptions(timeout_ms, output, cancel_on_timeout, as_json)
    check_wait(options_of_wait, waits=True)
    with connected() as client:
        show_result(client, client.job(job_id), options_of_wait)


app.command("logs", epilog=EPILOG)(show_log)


@app.command(epilog=EPILOG)
def cancel(
    *,
    job_id: Annotated[str | None, typer.Argument(help="A job's id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Cancel the jobs of --flow that wait or run.")] = False,
    flow: options.FlowsOption = None,
    state: options.State = None,
    created_after: options.CreatedAfter = None,
    created_before: options.CreatedBefore = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: options.Json = False,
) -> None:
    """Cancel a job and print it, or cancel all of a flow and print how many were cancelled."""
    selection = JobSelection(state=state, created_after=created_after, created_before=created_before)
    if (job_id is None) != every or bool(flow) != every or (not every and any(selection.values())):
        raise typer.BadParameter("give a job's id, or --all with --flow, which a filter may follow")
    with connected() as client, left_out() as unreadable:
        if flow:
            known = [client.flow(name) for name in dict.fromkeys(flow)]
            if not yes:
                confirm(
                    f"Cancel the jobs of {', '.join(each.address for each in known)} {stated(selection)}?"
                )
            show_cancelled(sum(each.cancel_jobs(**selection) for each in known), unreadable, as_json=as_json)
        elif job_id is not None:
            job = client.job(job_id)
            job.cancel()
            _show_status(job, as_json=as_json)


@app.command("list", epilog=EPILOG)
def list_jobs(
    *,
    flow: Annotated[
        str | None, typer.Argument(help="org/project/flow, or flow alone; without it the org's.")
    ] = None,
    project: Annotated[str | None, typer.Option(help="The jobs of one project.")] = None,
    state: options.State = None,
    created_after: options.CreatedAfter = None,
    created_before: options.CreatedBefore = None,
    limit: options.Limit = DEFAULT_LIST_LIMIT,
    as_json: options.Json = False,
) -> None:
    """List the newest jobs of a flow, a project or the org."""
    if flow is not None and project is not None:
        raise typer.BadParameter("name a flow or a project", param_hint="'FLOW' / '--project'")
    selection = JobSelection(state=state, created_after=created_after, created_before=created_before)
    size = min(limit, MAX_LIST_LIMIT)
    with connected() as client, left_out() as unreadable:
        if flow is not None:
            jobs = client.flow(flow).jobs(page_size=size, **selection)
        else:
            jobs = client.jobs(project=project, page_size=size, **selection)
        found = list(islice(jobs, limit))
    if as_json:
        show_page(JobList(jobs=found), unreadable)
    else:
        show_jobs(found)


@app.command(epilog=EPILOG)
def retry(*, job_id: options.JobArgument, as_json: options.Json = False) -> None:
    """Submit the input of a failed or cancelled job again. Print the new job's id."""
    with connected() as client:
        _show_accepted(client.job(job_id).retry(), as_json=as_json)


@app.command(epilog=EPILOG)
def flows(
    *,
    flow: Annotated[
        str | None, typer.Argument(help="Show how to call this one: org/project/flow, or flow alone.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """List the flows, or show how to call one. With --json, the schema of its input is part of it."""
    with connected() as client:
        if flow is not None:
            address = client.flow(flow).address
            one = described(client.flows(), address)
            (show_json if as_json else show_flow)(one)
            return
        found = client.flows()
        if as_json:
            show_json(FlowList(flows=found))
        else:
            show_flows(found)


@app.command(epilog=EPILOG)
def usage(*, from_: options.From = None, to: options.To = None, as_json: options.Json = False) -> None:
    """Show what the key's org has used, by day and flow, in UTC."""
    with connected() as client:
        (show_json if as_json else show_usage)(client.usage(from_, to))


app.add_typer(org_keys.app, name="org-keys")
app.add_typer(schedules.app, name="schedules")
app.add_typer(webhooks.app, name="webhooks")
app.command(epilog=EPILOG)(listen)
app.command("console", epilog=EPILOG)(open_console)
add_operating(app)


def main() -> None:
    """Run the command."""
    run(app)


def _show_accepted(job: Job, *, as_json: bool) -> None:
    if as_json and job.accepted is not None:
        show_json(job.accepted)
    else:
        say(job.id)


def _show_status(job: Job, *, as_json: bool) -> None:
    (show_json if as_json else show_status)(job.status())
