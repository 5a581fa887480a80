"""The following of a job: its result when it has ended, and its log."""

import json
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, nullcontext
from itertools import takewhile
from threading import Event, Thread

from typer import style

from noukai._client import Noukai
from noukai._errors import JobCancelledError, JobError, JobFailedError
from noukai._job import Job, status_with
from noukai_wire.display import one_line, with_visible_controls
from noukai_wire.logs import LogLine
from noukai_wire.models import ExecuteResult

from . import options
from .command import WaitOptions, connected
from .files import write_output
from .terminal import complain, say, show_json, show_output, takes_colour, tell

_TIME_TO_END = 20.0
"""How many seconds to wait for the last lines after a job's end, since a cancelled job's code ends later."""

_DAY = len("2026-11-29")
_TIME = slice(len("2026-11-29T"), len("2026-11-29T12:00:00.000"))
"""The parts of a line's time."""

_ORDINARY_LEVELS = {"debug", "info"}

_COLOURS = {"debug": "bright_black", "warning": "yellow", "error": "red", "critical": "red"}
"""The colours of levels on a terminal, beside the level's name."""

_CONTINUED = " " * 4
"""The indentation of a message's further lines, so that none looks like a line of the log."""


def show_result(client: Noukai, job: Job, wait: WaitOptions) -> None:
    """Wait for a job and print its result, or with JSON, its status."""
    with _log_told(job) if wait.follows_log else nullcontext():
        result = _wait(job, wait)
    if wait.as_json:
        show_json(status_with(job, result))
    elif wait.output is not None:
        address = result.flow_id or (job.accepted.flow if job.accepted else None)
        write_output(client, job.id, address, result.output, wait.output)
    else:
        show_output(result.output)


def _wait(job: Job, wait: WaitOptions) -> ExecuteResult:
    try:
        return job.wait(wait.timeout_ms, None, wait.cancel_on_timeout, progress=not wait.as_json)
    except JobError as error:
        if wait.as_json and error.status is not None:
            show_json(error.status)
        raise
    except KeyboardInterrupt:
        complain(f"interrupted, but the job goes on; wait for it again with: noukai wait {job.id}")
        raise


def show_log(
    *,
    job_id: options.JobArgument,
    follow: options.Follow = False,
    attempt: options.Attempt = None,
    level: options.Level = None,
    since: options.Since = None,
    as_json: options.Json = False,
) -> None:
    """Print what a job has printed and logged, with times in UTC; the exit code is 0 in every state."""
    with connected() as client:
        lines = client.job(job_id).logs(follow=follow, attempt=attempt, level=level, since=since)
        if as_json:
            for line in lines:
                show_json(line)
        else:
            _say_lines(lines, say, in_colour=takes_colour(sys.stdout))


@contextmanager
def _log_told(job: Job) -> Generator[None]:
    """Print the job's log on standard error, on a thread, until the job has ended."""
    is_left = Event()
    # A daemon, since it may be in the middle of a request when the wait is over.
    thread = Thread(target=_tell_log, args=(job, is_left), daemon=True)
    thread.start()
    try:
        yield
        thread.join(_TIME_TO_END)
    except (JobFailedError, JobCancelledError):
        thread.join(_TIME_TO_END)
        raise
    finally:
        is_left.set()


def _tell_log(job: Job, is_left: Event) -> None:
    try:
        lines = takewhile(lambda _: not is_left.is_set(), job.logs(follow=True))
        _say_lines(lines, tell, in_colour=takes_colour(sys.stderr))
    except Exception as failure:  # noqa: BLE001 - the job goes on without its log
        if not is_left.is_set():
            complain(f"the log cannot be shown: {failure}")


def _say_lines(lines: Iterable[LogLine], say: Callable[[str], None], *, in_colour: bool) -> None:
    """Print lines, each attempt below a heading on standard error."""
    attempt = None
    for line in lines:
        if line.attempt != attempt:
            attempt = line.attempt
            tell(one_line(f"attempt {attempt}, {line.at[:_DAY]}"))
        say(_text_of(line, in_colour=in_colour))


def _text_of(line: LogLine, *, in_colour: bool) -> str:
    """Return a line as text, its control characters escaped: time, level if it matters, message, fields."""
    level = "" if line.level in _ORDINARY_LEVELS else f"{line.level}: "
    fields = "".join(f" {name}={_value(value)}" for name, value in (line.fields or {}).items())
    time, text = (with_visible_controls(each) for each in (line.at[_TIME], f"{level}{line.message}{fields}"))
    text = text.replace("\r\n", "\n").replace("\n", f"\n{_CONTINUED}")
    if in_colour:
        time = style(time, dim=True)
        text = style(text, fg=_COLOURS[line.level]) if line.level in _COLOURS else text
    return f"{time} {text}"


def _value(value: object) -> str:
    return value if isinstance(value, str) and value.isprintable() and " " not in value else json.dumps(value)
