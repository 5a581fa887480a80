"""The detachment of a forked process from its worker."""

import atexit
import os
import signal
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from noukai_functions.telemetry.logger import renew_logger
from noukai_functions.worker.inside.descriptors import put_out
from noukai_functions.worker.inside.log_records import send_records
from noukai_functions.worker.process.output import StreamMemory
from noukai_functions.worker.process.standard_stream import StandardStream

_STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")
_INHERITED: list[object] = []
"""The worker's streams, referenced here because their garbage collection would close the new streams'
descriptors."""


def detach(
    kept: Collection[int],
    output: Sequence[tuple[int, StreamMemory]],
    modules: Collection[str] | None,
    records: int,
) -> None:
    """Drop the worker's streams, descriptors, signal handlers, log handlers and exit handlers.

    `output` are the pipes for standard output and standard error with their memory, `records` is the pipe of
    logging. Of all libraries, only `modules`, those loaded before the first fork, stay loaded, so that a flow
    imports its own in every process; None keeps all.
    """
    atexit._clear()  # noqa: SLF001 - as multiprocessing does, which has the same need
    _reset_signals()
    inherited = _replace_streams(output)
    put_out(kept)
    _replace_log_handlers(inherited)
    send_records(records)
    sys.modules["__main__"] = _main_module()
    if modules is not None:
        _forget_libraries(modules)
    _be_killed_first()


def _main_module() -> ModuleType:
    """Replace the main module, which processes spawned by a flow would import."""
    main = ModuleType("__main__")
    main.__spec__ = ModuleSpec("noukai_functions.worker.inside.spawned", None)
    return main


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if callable(handler) and handler is not signal.default_int_handler:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _replace_streams(output: Sequence[tuple[int, StreamMemory]]) -> list[object]:
    """Redirect the standard streams to the pipes; return the former streams."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate([nothing, *(pipe for pipe, _ in output)]):
        os.dup2(descriptor, number)
    inherited = [getattr(sys, name) for name in _STREAMS]
    _INHERITED.extend([*inherited, sys.stdin, sys.__stdin__])
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    of_output, of_errors = (memory for _, memory in output)
    sys.stdout = sys.__stdout__ = StandardStream.open(1, of_output)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = StandardStream.open(2, of_errors)  # type: ignore[misc]
    return inherited


def _replace_log_handlers(inherited: list[object]) -> None:
    """Redirect loggers to this process's streams.

    The runtime's own handler is removed, since it has a descriptor of its own.
    """
    logging: Any = sys.modules.get("logging")
    if logging is None:
        return
    renew_logger()
    streams = {id(old): getattr(sys, name) for old, name in zip(inherited, _STREAMS, strict=True)}
    root = logging.getLogger()
    loggers = [each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
    for each in [root, *loggers]:
        for handler in each.handlers[:]:
            if type(handler) is logging.StreamHandler:
                handler.stream = streams.get(id(handler.stream), sys.stderr)
                continue
            each.removeHandler(handler)


def _forget_libraries(modules: Collection[str]) -> None:
    for name in [*sys.modules.keys() - modules]:
        if name.partition(".")[0] not in sys.stdlib_module_names:
            del sys.modules[name]


def _be_killed_first() -> None:
    """Raise the OOM score, so that the kernel kills this process instead of the worker."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123 - each start
        file.write("1000")
