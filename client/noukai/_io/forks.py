"""The registry of objects that must not be used in a forked process."""

import os
import warnings
from typing import Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """An object of which a forked process has inherited a copy."""

    def leave_behind(self) -> None:
        """Leave the resources to the parent process."""


_INHERITED: WeakSet[Inherited] = WeakSet()


def leave_behind_at_fork(each: Inherited) -> None:
    """Call the object's `leave_behind` in every process forked from now on."""
    _INHERITED.add(each)


def _leave_behind() -> None:
    with warnings.catch_warnings():
        # Dropped resources are not closed, since the parent process still uses them.
        warnings.simplefilter("ignore", ResourceWarning)
        for each in list(_INHERITED):
            each.leave_behind()


if hasattr(os, "register_at_fork"):  # Windows does not fork
    os.register_at_fork(after_in_child=_leave_behind)
