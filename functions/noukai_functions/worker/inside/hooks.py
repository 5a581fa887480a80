"""The hooks of a flow process: Python's for tracing and uncaught exceptions, and those around a snapshot."""

import sys
import threading
import warnings
from collections.abc import Callable
from sys import getprofile, gettrace, setprofile, settrace
from typing import Any
from warnings import catch_warnings

from noukai.flow.runtime import Raised, raised_by
from noukai_functions.randomness import renew_randomness
from noukai_functions.telemetry.logger import trace_of
from noukai_functions.worker.exchange import Moment

_HOOKS = {sys: ("excepthook", "unraisablehook", "displayhook"), threading: ("excepthook",)}


def note_hooks() -> Callable[[], bool]:
    """Return a function that restores the current hooks."""
    noted = [(place, name, getattr(place, name)) for place, names in _HOOKS.items() for name in names]
    trace, profiler = gettrace(), getprofile()

    def restore() -> bool:
        settrace(trace)  # first, since it would trace what follows
        setprofile(profiler)
        for place, name, hook in noted:
            setattr(place, name, hook)
        return True

    return restore


def note_warnings() -> Callable[[], bool]:
    """Return a function that restores the current filters, and lets each place warn again.

    By default a place warns once in a process: of all jobs, only the first would have the warning in its log.
    """
    filters = warnings.filters
    noted = [*filters]

    def restore() -> bool:
        warnings.filters = filters
        if filters != noted:
            filters[:] = noted  # type: ignore[index]  # it is a list
        with catch_warnings():  # this makes Python forget which places have warned
            pass
        return True

    return restore


def heed(moment: Moment) -> Raised | None:
    """Run the hooks that are registered with AWS's `snapshot_restore_py`; return what one has raised.

    Lambda's runtime runs only those of its own process, in the same order. After a restore, generators of
    random numbers are seeded first.
    """
    try:
        if moment == "after_restore":
            renew_randomness()
        for function, arguments, named in _registered(moment):
            function(*arguments, **named)
    except BaseException as error:  # noqa: BLE001 - a hook is the author's code
        return Raised(raised_by(error).error, trace=trace_of(error))
    return None


def _registered(moment: Moment) -> list[Any]:
    registry: Any = sys.modules.get("snapshot_restore_py")
    if registry is None:
        return []
    if moment == "before_snapshot":
        return [*reversed(registry.get_before_snapshot())]
    return [*registry.get_after_restore()]
