"""The command `noukai`: submit a job, look at it, wait for it, cancel it; list the flows."""

import io
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer

from noukai_wire.models import FlowList

from ._arguments import metadata_of, parameters_of, text_of
from ._client import Noukai
from ._errors import JobError, NoukaiError
from ._job import Job
from ._terminal import complain, exit_code, progress_bar, show_flows, show_json, show_output, show_status

_EPILOG = (
    "Environment: NOUKAI_API_KEY; NOUKAI_BASE_URL (http://localhost:8080/api/v1); NOUKAI_ORG and NOUKAI_PROJECT for "
    "flows that are named without them. Exit codes: 0 completed, 1 failed, 2 usage, 3 cancelled, 4 timeout, 5 API or "
    "connection error."
)

app = typer.Typer(
    help="Submit jobs to a background-job API, and watch them.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

FlowArgument = Annotated[str, typer.Argument(help="org/project/flow, or flow alone.")]
JobArgument = Annotated[str, typer.Argument(help="A job's id.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON as the API sends it.")]
Message = Annotated[str | None, typer.Option("-m", "--message", help="The message.")]
File = Annotated[typer.FileBinaryRead | None, typer.Option("-f", "--file", help="A file as the message; - is stdin.")]
Parameter = Annotated[list[str] | None, typer.Option("-p", "--parameter", metavar="NAME=JSON", help="Repeatable.")]
Waits = Annotated[bool, typer.Option("--wait", help="Wait for the job and print its result.")]
TimeoutMs = Annotated[int | None, typer.Option(min=0, help="Wait no longer than this.")]
CancelOnTimeout = Annotated[bool, typer.Option("--cancel-on-timeout", help="Cancel the job if that is too short.")]
IdempotencyKey = Annotated[str | None, typer.Option(help="The same key gives the same job.")]
DelaySeconds = Annotated[int | None, typer.Option(help="Start no sooner than this.")]
RunAt = Annotated[str | None, typer.Option(metavar="ISO-TIME", help="Start no sooner than this.")]
TimeoutSeconds = Annotated[int | None, typer.Option(help="How long one attempt may take.")]
MaxAttempts = Annotated[int | None, typer.Option(help="How often the job is tried in all.")]
BackoffSeconds = Annotated[float | None, typer.Option(help="How long at most the first pause after a failure is.")]
BackoffCapSeconds = Annotated[float | None, typer.Option(help="How long at most every later pause is.")]
Metadata = Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="Repeatable.")]
KeepSeconds = Annotated[int | None, typer.Option(help="How long the job is kept after its end.")]


@app.command(epilog=_EPILOG)
def submit(
    *,
    flow: FlowArgument,
    message: Message = None,
    file: File = None,
    parameter: Parameter = None,
    waits: Waits = False,
    timeout_ms: TimeoutMs = None,
    cancel_on_timeout: CancelOnTimeout = False,
    idempotency_key: IdempotencyKey = None,
    delay_seconds: DelaySeconds = None,
    run_at: RunAt = None,
    timeout_seconds: TimeoutSeconds = None,
    max_attempts: MaxAttempts = None,
    backoff_seconds: BackoffSeconds = None,
    backoff_cap_seconds: BackoffCapSeconds = None,
    metadata: Metadata = None,
    keep_seconds: KeepSeconds = None,
    as_json: Json = False,
) -> None:
    """Submit a job and print its id; with --wait, its result."""
    _check_wait(timeout_ms, waits=waits, cancel_on_timeout=cancel_on_timeout)
    with _client() as client:
        job = client.flow(flow).job(
            text_of(message, file),
            parameters_of(parameter) if parameter else None,
            idempotency_key=idempotency_key,
            delay_seconds=delay_seconds,
            run_at=run_at,
            timeout_seconds=timeout_seconds,
            max_attempts=max_attempts,
            backoff_seconds=backoff_seconds,
            backoff_cap_seconds=backoff_cap_seconds,
            metadata=metadata_of(metadata) if metadata else None,
            keep_seconds=keep_seconds,
        )
        if not waits:
            return _show_accepted(job, as_json=as_json)
        return _wait(job, timeout_ms, cancel_on_timeout=cancel_on_timeout, as_json=as_json)


@app.command(epilog=_EPILOG)
def status(*, job_id: JobArgument, as_json: Json = False) -> None:
    """Print a job as it stands; the exit code is 0 in every state."""
    with _client() as client:
        _show_status(client.job(job_id), as_json=as_json)


@app.command(epilog=_EPILOG)
def wait(
    *,
    job_id: JobArgument,
    timeout_ms: TimeoutMs = None,
    cancel_on_timeout: CancelOnTimeout = False,
    as_json: Json = False,
) -> None:
    """Wait for a job and print its result; with --json, its status."""
    with _client() as client:
        _wait(client.job(job_id), timeout_ms, cancel_on_timeout=cancel_on_timeout, as_json=as_json)


@app.command(epilog=_EPILOG)
def cancel(*, job_id: JobArgument, as_json: Json = False) -> None:
    """Cancel a job and print it as it stands afterwards."""
    with _client() as client:
        job = client.job(job_id)
        job.cancel()
        _show_status(job, as_json=as_json)


@app.command(epilog=_EPILOG)
def retry(*, job_id: JobArgument, as_json: Json = False) -> None:
    """Submit a failed or cancelled job's input again and print the new job's id."""
    with _client() as client:
        _show_accepted(client.job(job_id).retry(), as_json=as_json)


@app.command(epilog=_EPILOG)
def flows(*, as_json: Json = False) -> None:
    """List the flows of the deployment."""
    with _client() as client:
        found = client.flows()
        if as_json:
            show_json(FlowList(flows=found))
        else:
            show_flows(found)


def main() -> None:
    """Run the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a character still gets the rest
            stream.reconfigure(errors="backslashreplace")
    app()


@contextmanager
def _client() -> Generator[Noukai]:
    try:
        with Noukai() as client:
            yield client
    except NoukaiError as error:
        complain(error)
        raise typer.Exit(exit_code(error)) from None


def _check_wait(timeout_ms: int | None, *, waits: bool, cancel_on_timeout: bool) -> None:
    if not waits and (timeout_ms is not None or cancel_on_timeout):
        raise typer.BadParameter(
            "these say how to wait: add --wait", param_hint="'--timeout-ms' / '--cancel-on-timeout'"
        )


def _wait(job: Job, timeout_ms: int | None, *, cancel_on_timeout: bool, as_json: bool) -> None:
    try:
        with progress_bar(job.id, wanted=not as_json) as listener:
            result = job.wait(timeout_ms, listener, cancel_on_timeout)
    except JobError as error:
        if as_json and error.status is not None:
            show_json(error.status)
        raise
    except KeyboardInterrupt:
        complain(f"interrupted, but the job goes on; take it up again with: noukai wait {job.id}")
        raise typer.Exit(130) from None
    if as_json:
        show_json(job.status())
    else:
        show_output(result.output)


def _show_accepted(job: Job, *, as_json: bool) -> None:
    if as_json and job.accepted is not None:
        show_json(job.accepted)
    else:
        typer.echo(job.id)


def _show_status(job: Job, *, as_json: bool) -> None:
    if as_json:
        show_json(job.status())
    else:
        show_status(job.status())
