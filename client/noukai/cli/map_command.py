"""The command `noukai map`: submit a job for each line of a file."""

import json
import shlex
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, BinaryIO
from uuid import uuid4

import typer

from noukai._as_completed import as_completed
from noukai._core.sending.mapping import FlowInput
from noukai._core.sending.payload import is_behind_url
from noukai._errors import ApiError, ResultLostError
from noukai._job import Job, known_end
from noukai_wire.models import JobStatus

from . import options
from .command import WaitOptions, check_wait, connected, retries_of
from .parsing.arguments import metadata_of, unreadable
from .terminal import complain, say, show_end, show_json

InputFile = Annotated[
    typer.FileBinaryRead,
    typer.Option(
        "-f", "--file", help="An input on each line: a JSON string as the message, or an object; - is stdin."
    ),
]
MapKey = Annotated[
    str | None, typer.Option(help="The same key and lines give the same jobs, and submit what is missing.")
]
WaitsForAll = Annotated[bool, typer.Option("--wait", help="Print each job as it ends, instead of its id.")]


def map_inputs(
    *,
    flow: options.FlowArgument,
    file: InputFile,
    waits: WaitsForAll = False,
    timeout_ms: options.TimeoutMs = None,
    idempotency_key: MapKey = None,
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
    """Submit a job for each line of a file. Print the ids in order; with --wait, how each job ends."""
    check_wait(WaitOptions(timeout_ms, None, cancel_on_timeout=False, as_json=as_json), waits=waits)
    idempotency_key = idempotency_key or str(uuid4())
    with connected() as client, _resumable(idempotency_key):
        jobs = client.flow(flow).map(
            _inputs(file),
            progress=not as_json,
            idempotency_key=idempotency_key,
            delay_seconds=delay_seconds,
            run_at=run_at,
            timeout_seconds=timeout_seconds,
            **retries_of(max_attempts, backoff_seconds, backoff_cap_seconds),
            metadata=metadata_of(metadata) if metadata else None,
            keep_seconds=keep_seconds,
            webhook=webhook,
        )
        if waits:
            _show_ends(as_completed(jobs, timeout_ms=timeout_ms, progress=not as_json), as_json=as_json)
        else:
            _show_ids(jobs, as_json=as_json)


@contextmanager
def _resumable(key: str) -> Generator[None]:
    """Print the command that resumes after an interruption."""
    try:
        yield
    except KeyboardInterrupt:
        again = f"the same command with --idempotency-key {shlex.quote(key)}"
        complain(f"interrupted, but the jobs go on; continue, and submit what is missing, with: {again}")
        raise


def _inputs(file: BinaryIO) -> Iterator[FlowInput]:
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            value: Any = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, str | dict):
            raise typer.BadParameter(
                f"line {number} is not a JSON string or object in UTF-8", param_hint="'-f'"
            )
        yield value


def _lines(file: BinaryIO) -> Iterator[bytes]:
    try:
        yield from file
    except OSError as error:
        raise unreadable(error) from None


def _show_ids(jobs: Iterable[Job], *, as_json: bool) -> None:
    for job in jobs:
        if as_json and job.accepted is not None:
            show_json(job.accepted)
        else:
            say(job.id)


def _show_ends(jobs: Iterable[Job], *, as_json: bool) -> None:
    """Print each end; exit with the worst exit code."""
    states: set[str] = set()
    for job in jobs:
        end = known_end(job)
        if isinstance(end, ApiError):
            complain(f"{job.id}: {end}")
            states.add("unknown")
        elif end is not None:
            (show_json if as_json else show_end)(_with_output(job, end, progress=not as_json))
            states.add(end.state)
    code = next((code for state, code in _EXIT_CODES.items() if state in states), 0)
    if code:
        raise typer.Exit(code)


def _with_output(job: Job, end: JobStatus, *, progress: bool) -> JobStatus:
    """Return a job's end with its output, downloaded if necessary."""
    if not is_behind_url(end):
        return end
    try:
        return end.model_copy(update={"result": job.wait(progress=progress)})
    except ResultLostError as lost:
        return lost.status or end


_EXIT_CODES = {"unknown": 5, "failed": 1, "cancelled": 3}
