"""The state of a flow process, restored after each attempt.

Functions are imported by name, so that a flow cannot replace them in their modules.
"""

import _signal  # type: ignore[import-not-found]  # it has no types
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from faulthandler import cancel_dump_traceback_later
from functools import partial
from io import TextIOWrapper
from logging import getLogger
from os import chdir, fstat, get_blocking, getcwd, getegid, geteuid, getpgrp, getpriority, set_blocking, umask
from resource import getrlimit
from signal import getitimer, pthread_sigmask, set_wakeup_fd, setitimer, sigpending
from signal import signal as set_handler
from time import tzset
from typing import Any, TextIO, TypeVar

from noukai_functions.telemetry.logger import SERVICE, logger
from noukai_functions.worker.inside.hooks import note_hooks, note_warnings
from noukai_functions.worker.inside.log_records import note_logging

getsignal = _signal.getsignal  # returns a plain number faster, without an enumeration

T = TypeVar("T")
Restore = Callable[[], bool]
"""Restores one part of the state; returns False if it cannot."""

_ENVIRONMENT = os.environ
_ENCODED: dict[bytes, bytes] = _ENVIRONMENT._data  # type: ignore[attr-defined]  # noqa: SLF001 - decoding takes the longest
_MODULES = sys.modules
_TRACE = ("TRACEPARENT", "TRACESTATE")
"""The variables that pass a trace to child processes, as OpenTelemetry specifies."""
_PATH = [*sys.path]
_STREAMS = ("stdin", "stdout", "stderr", "__stdout__", "__stderr__")
_SIGNALS = sorted(map(int, signal.valid_signals()))
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_LIMITS = sorted({value for name, value in vars(resource).items() if name.startswith("RLIMIT_")})


class Surroundings:
    """A snapshot of this process's state after the import of the flow's module.

    `streams` are the standard streams from before that import, which the module may have wrapped or replaced.
    Its methods do not raise, whatever a flow has done to the process.
    """

    def __init__(self, *streams: TextIO) -> None:
        self._context = copy_context()
        self._restores: list[Restore] = []
        for note in (*_PLACES, partial(_own_streams, streams)):
            try:
                self._restores.append(note())
            except Exception:  # noqa: BLE001 - the module may have made the state unreadable
                self._restores.append(_never)
        _forget_temporary_folder()
        _clear_log()

    def call(self, function: Callable[[], T]) -> T:
        """Call the function in a copy of the context variables."""
        return self._context.copy().run(function)

    def place_temporary_files(self, folder: str) -> None:
        """Set the scratch folder of the attempt."""
        _ENVIRONMENT["TMPDIR"] = folder
        _forget_temporary_folder()

    def restore(self) -> bool:
        """Restore the state; return False if that fails, and no further attempt may run here."""
        restored = True
        for restore in (*self._restores, _forget_temporary_folder, _clear_log):
            try:
                restored = restore() and restored
            except BaseException:  # noqa: BLE001 - a handler of the flow may raise anything
                restored = False
        return restored


def pass_trace(*place: str | None) -> None:
    """Pass the trace of the attempt to its child processes, until the environment is restored."""
    for name, value in zip(_TRACE, place, strict=True):
        if value is not None:
            _ENVIRONMENT[name] = value
        elif name.encode() in _ENCODED:  # that of the worker's own start
            del _ENVIRONMENT[name]


def flush_output() -> None:
    """Flush the standard streams, which may run code of the flow."""
    for name in ("stdout", "stderr"):
        with suppress(BaseException):  # a flow may have closed or replaced it
            getattr(sys, name).flush()


def _never() -> bool:
    return False


def _timers() -> Restore:
    noted = [(timer, *getitimer(timer)) for timer in _TIMERS]

    def restore() -> bool:
        for timer, seconds, interval in noted:
            setitimer(timer, seconds, interval)
        cancel_dump_traceback_later()
        return True

    return restore


def _environment() -> Restore:
    if os.environ is not _ENVIRONMENT:
        # A module that replaces `os.environ` by a dictionary means it for child processes too.
        replaced, os.environ = os.environ, _ENVIRONMENT
        _ENVIRONMENT.update(replaced)
    noted, encoded = _ENVIRONMENT.copy(), _ENCODED.copy()

    def restore() -> bool:
        os.environ = _ENVIRONMENT  # noqa: B003 - it is the one that clears and sets
        if encoded != _ENCODED:
            now = _ENVIRONMENT.copy()
            for name in now.keys() - noted.keys():
                del _ENVIRONMENT[name]
            for name, value in noted.items():
                if now.get(name) != value:
                    _ENVIRONMENT[name] = value
        tzset()
        return True

    return restore


def _folder() -> Restore:
    noted = getcwd()  # noqa: PTH109 - the real one, whatever a flow has made of pathlib

    def restore() -> bool:
        chdir(noted)
        return True

    return restore


def _path() -> Restore:
    """Put our own import path last, and keep the project's changes."""

    def restore() -> bool:
        sys.path += [entry for entry in _PATH if entry not in sys.path]
        return True

    restore()
    return restore


def _mask_of_files() -> Restore:
    noted = umask(0o077)
    umask(noted)

    def restore() -> bool:
        umask(noted)
        return True

    return restore


def _streams() -> Restore:
    noted = {name: getattr(sys, name, None) for name in _STREAMS}
    settings = {name: _settings(stream) for name, stream in noted.items()}

    def restore() -> bool:
        whole = True
        for name, stream in noted.items():
            if (now := getattr(sys, name, None)) is not stream:
                # A second stream on the same buffer would close it when it is collected.
                whole = whole and (
                    stream is None or getattr(now, "buffer", None) is not getattr(stream, "buffer", now)
                )
                setattr(sys, name, stream)
            if isinstance(stream, TextIOWrapper) and _settings(stream) != settings[name]:
                stream.reconfigure(**settings[name])
            whole = whole and not getattr(stream, "closed", False)
        return whole

    return restore


def _own_streams(streams: Sequence[TextIO]) -> Restore:
    """Let each line of ours be written at once, after an attempt that has filled its log."""

    def restore() -> bool:
        for stream in streams:
            # It also writes what is left of the attempt.
            stream.reconfigure(line_buffering=True, write_through=True, newline=None)  # type: ignore[attr-defined]
        return True

    restore()
    return restore


def _settings(stream: Any) -> dict[str, Any]:
    if not isinstance(stream, TextIOWrapper):
        return {}
    return {name: getattr(stream, name) for name in ("encoding", "errors", "line_buffering", "write_through")}


def _descriptors() -> Restore:
    noted = {number: identity for number in range(3) if (identity := _identity(number))}
    blocking = {number: get_blocking(number) for number in noted}

    def restore() -> bool:
        for number, blocks in blocking.items():
            set_blocking(number, blocks)
        return {number: _identity(number) for number in noted} == noted

    return restore


def _identity(number: int) -> tuple[int, int] | None:
    try:
        file = fstat(number)
    except OSError:
        return None
    return file.st_dev, file.st_ino


def _signals() -> Restore:
    handlers = list(map(getsignal, _SIGNALS))
    mask = pthread_sigmask(signal.SIG_BLOCK, ())
    wakeup = set_wakeup_fd(-1)
    set_wakeup_fd(wakeup)

    def restore() -> bool:
        now = list(map(getsignal, _SIGNALS))
        if now != handlers:
            for number, handler, found in zip(_SIGNALS, handlers, now, strict=True):
                if found is not handler:
                    set_handler(number, handler)
        set_wakeup_fd(wakeup)
        if sigpending():
            return False  # signals held back would arrive during the next attempt
        pthread_sigmask(signal.SIG_SETMASK, mask)
        return True

    return restore


def _irreversible() -> Restore:
    noted = _identity_and_limits()
    return lambda: _identity_and_limits() == noted


def _identity_and_limits() -> tuple[Any, ...]:
    limits = [getrlimit(limit) for limit in _LIMITS]
    return limits, getpgrp(), geteuid(), getegid(), getpriority(os.PRIO_PROCESS, 0)


def _forget_temporary_folder() -> bool:
    if tempfile := _MODULES.get("tempfile"):
        tempfile.tempdir = None  # type: ignore[attr-defined]  # it is not always imported
    return True


def _clear_log() -> bool:
    """Clear the log context of earlier attempts, and re-enable the logger."""
    if logger.cache_info().currsize:
        logger().clear_state()
    getLogger(SERVICE).disabled = False
    return True


_PLACES = (
    note_hooks,
    _timers,
    note_warnings,
    note_logging,
    _environment,
    _folder,
    _path,
    _mask_of_files,
    _streams,
    _descriptors,
    _signals,
    _irreversible,
)
"""The order of restoration: timers stop first, and streams come before descriptors."""
