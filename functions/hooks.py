"""What Python calls by itself: at each line that is traced, and for what nobody has caught."""

import sys
import threading
from collections.abc import Callable
from sys import getprofile, gettrace, setprofile, settrace

_HOOKS = {sys: ("excepthook", "unraisablehook", "displayhook"), threading: ("excepthook",)}


def note_hooks() -> Callable[[], bool]:
    """Return what brings them back to what they are now."""
    noted = [(place, name, getattr(place, name)) for place, names in _HOOKS.items() for name in names]
    trace, profile = gettrace(), getprofile()

    def restore() -> bool:
        settrace(trace)  # first, as it would see all that follows
        setprofile(profile)
        for place, name, hook in noted:
            setattr(place, name, hook)
        return True

    return restore
