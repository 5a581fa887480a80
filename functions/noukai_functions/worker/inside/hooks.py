"""Python's global hooks for tracing and uncaught exceptions."""

import sys
import threading
from collections.abc import Callable
from sys import getprofile, gettrace, setprofile, settrace

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
