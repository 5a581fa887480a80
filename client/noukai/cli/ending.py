"""The end of the command: its exit code, whatever happens to its streams or its process."""

import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, TextIO, cast

import typer

from .terminal import complain

LOCAL_FAULT = 5
_BROKEN_PIPE = 128 + 13
"""The exit code that a shell reports for SIGPIPE: the reader of the output has gone."""

_STOPPING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class OutputError(Exception):
    """An error for output that cannot be written.

    It is no `OSError`, since typer and rich would turn one into exit code 1.
    """

    def __init__(self, reason: OSError) -> None:
        super().__init__(f"standard output cannot be written: {reason.strerror}")
        self.exit_code = _BROKEN_PIPE if reason.errno == errno.EPIPE else LOCAL_FAULT


class _Stream:
    """A stream that reports its errors to `told` instead of raising them."""

    def __init__(self, stream: Any, told: Callable[[OSError], None]) -> None:
        self._stream = stream
        self._told = told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def buffer(self) -> "_Stream":
        """Return the binary stream below the text stream."""
        return _Stream(self._stream.buffer, self._told)

    def write(self, content: Any) -> Any:
        try:
            return self._stream.write(content)
        except OSError as error:
            self._told(error)
            return len(content)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._told(error)


class _ClosedStream:
    """The stand-in for a standard stream that was closed when the process started."""

    encoding = "utf-8"
    errors = "strict"

    @property
    def buffer(self) -> "_ClosedStream":
        return self

    def isatty(self) -> bool:
        return False

    def flush(self) -> None:
        """Do nothing, since nothing was written."""

    def _refuse(self, *_: object) -> NoReturn:
        raise OSError(errno.EBADF, "it is closed")

    write = read = readline = __iter__ = _refuse


class _Stopped:
    """The signals that end the command as Ctrl-C does, so that the terminal is restored."""

    def __init__(self) -> None:
        self.by: int | None = None
        # nohup and shells may have them ignored
        self._handled = [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
        for number in self._handled:
            signal.signal(number, self._stop)

    def leave(self) -> None:
        """Let the signals end the process at once, since Python would print an exception at exit."""
        for number in self._handled:
            signal.signal(number, signal.SIG_DFL)

    def _stop(self, number: int, _: FrameType | None) -> NoReturn:
        self.by = number
        raise KeyboardInterrupt


def run(app: typer.Typer) -> NoReturn:
    """Run the command, and exit with the contract's code, never with 1 unless a job has failed."""
    sys.stdin = sys.stdin or cast("TextIO", _ClosedStream())
    sys.stdout = _replaced(sys.stdout, _raise_output_error)
    sys.stderr = _replaced(sys.stderr, _ignore)
    stopped = _Stopped()
    code: object = LOCAL_FAULT
    try:
        try:
            app()
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
    except OutputError as error:
        code = error.exit_code
        if code != _BROKEN_PIPE:
            complain(str(error))
        _leave_output()
    except KeyboardInterrupt:
        pass  # raised before or after the handler
    except BaseException:  # noqa: BLE001 - a fault of this program must not look like a failed job
        traceback.print_exc()
    stopped.leave()
    if stopped.by is not None:
        code = 128 + stopped.by
    sys.exit(code if isinstance(code, int) else 0)


def _replaced(stream: TextIO | None, told: Callable[[OSError], None]) -> TextIO:
    if stream is not None:
        # Characters that the terminal cannot show are escaped.
        with suppress(AttributeError):
            cast("Any", stream).reconfigure(errors="backslashreplace")
    return cast("TextIO", _Stream(stream or cast("TextIO", _ClosedStream()), told))


def _raise_output_error(error: OSError) -> None:
    raise OutputError(error) from None


def _ignore(_: OSError) -> None:
    """Ignore an error that nobody can see any more."""


def _leave_output() -> None:
    """Discard unwritten output, so that the flush at Python's exit raises nothing."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
