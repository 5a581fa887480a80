"""The parts that all commands share: client, exit codes and error messages."""

import logging
import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import typer

from noukai._client import Noukai
from noukai._core.listing import UnreadableJobWarning
from noukai._errors import InvalidArgumentError, NoukaiError
from noukai_wire.models import UnreadableJob
from noukai_wire.variables import unknown_variables

from .terminal import complain, exit_code, is_terminal, say, tell

_USAGE = 2
_INTERRUPTED = 130

STDOUT = Path("-")

EPILOG = (
    "Environment: NOUKAI_API_KEY; NOUKAI_BASE_URL (http://localhost:8080/api/v1); "
    "NOUKAI_ORG and NOUKAI_PROJECT for flows that are named without them. "
    "Exit codes: 0 completed, 1 failed, 2 usage, 3 cancelled, 4 timeout, 5 API, connection or other error."
)


class _Told(logging.Handler):
    """A log handler that reports an unreachable API on stderr, each wait for it once.

    A script is told of an outage alone, a person at once of what the command waits for.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waits: set[str] = set()

    def begin(self) -> None:
        """Take the messages of the client from now on."""
        log = logging.getLogger("noukai")
        log.addHandler(self)
        log.setLevel(logging.INFO if is_terminal(sys.stderr) else logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.levelno < logging.WARNING:
            if message in self._waits:  # of another request
                return
            self._waits.add(message)
        complain(message)


_TOLD = _Told()


@contextmanager
def connected() -> Generator[Noukai]:
    """Return a client with the settings of the environment.

    Prints an error and ends the command with its exit code.
    """
    _TOLD.begin()
    try:
        if problems := unknown_variables(os.environ):
            raise InvalidArgumentError("; ".join(problems))
        with _warnings_told(), Noukai() as client:
            yield client
    except NoukaiError as error:
        complain(error)
        raise typer.Exit(exit_code(error)) from None
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None


@contextmanager
def _warnings_told() -> Generator[None]:
    """Print warnings about left-out jobs on standard error, whatever the warning filters."""

    def told(message: Warning | str, *_: object, **__: object) -> None:
        complain(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", UnreadableJobWarning)
        warnings.showwarning = told
        yield


@contextmanager
def left_out() -> Generator[list[UnreadableJob]]:
    """Yield a list for the jobs that a command leaves out, and print them."""
    found: list[UnreadableJob] = []
    tell_of = warnings.showwarning

    def collect(message: Warning | str, *given: Any, **named: Any) -> None:
        if isinstance(message, UnreadableJobWarning):
            found.append(message.job)
        tell_of(message, *given, **named)

    with warnings.catch_warnings():
        warnings.showwarning = collect
        yield found


def show_version(wanted: bool) -> None:  # noqa: FBT001 - as typer calls it
    """Print the version and exit, if requested."""
    if wanted:
        say(f"noukai {version('noukai')}")
        raise typer.Exit


def confirm(question: str) -> None:
    """Ask on the terminal; end the command unless the answer is yes."""
    tell(f"{question} [y/N]: ", end="")
    try:
        answer = sys.stdin.readline()
    except OSError:
        answer = ""
    except KeyboardInterrupt:
        tell("")  # the next message gets its own line
        raise
    if answer.strip().lower() not in {"y", "yes"}:
        if not answer.endswith("\n"):
            tell("")
        complain("nothing was done: answer y, or give --yes")
        raise typer.Exit(_USAGE)


class WaitOptions(NamedTuple):
    """The options of a wait."""

    timeout_ms: int | None
    output: Path | None
    cancel_on_timeout: bool
    as_json: bool
    follows_log: bool = False


class Retries(TypedDict):
    """The options of a job that are about its attempts."""

    max_attempts: int | None
    backoff_seconds: float | None
    backoff_cap_seconds: float | None


def retries_of(most: int | None, backoff: float | None, cap: float | None) -> Retries:
    """Return the options of a job that are about its attempts."""
    return {"max_attempts": most, "backoff_seconds": backoff, "backoff_cap_seconds": cap}


def check_wait(wait: WaitOptions, *, waits: bool) -> None:
    """Refuse options about the wait or the result without --wait or --follow."""
    output, waits = wait.output, waits or wait.follows_log
    if not waits and (wait.timeout_ms is not None or wait.cancel_on_timeout or output is not None):
        raise typer.BadParameter(
            "these say how to wait: add --wait", param_hint="'--timeout-ms' / '--cancel-on-timeout' / '-o'"
        )
    if output is None:
        return
    if wait.as_json:
        raise typer.BadParameter("-o writes the result, --json prints the status: give one of the two")
    if output != STDOUT and (output.is_dir() or not output.parent.is_dir()):
        raise typer.BadParameter(f"{output} is not a file in an existing folder", param_hint="'-o'")
