"""Python's global hooks for tracing and uncaught exceptions, and its filters of warnings."""

import sys
import threading
import warnings
from collections.abc import Callable
from sys import getprofile, gettrace, setprofile, settrace
from warnings import catch_warnings

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
