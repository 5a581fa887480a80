"""Patches to the emulator, which has no public seams."""

from collections.abc import Callable
from typing import Any

MADE_FOR = "1.5.33"
"""The version of ministack whose attributes are patched by name."""


class PatchError(Exception):
    """The error that an attribute to patch does not exist: to set it would change nothing."""


def patch(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace an attribute of a module or class by what `make` makes of it.

    Raises:
        PatchError: there is no such attribute.
    """
    if not hasattr(owner, name):
        where = f"{owner.__name__}.{name}"
        raise PatchError(
            f"{where}: this ministack has no such name; infra/noukai_infra/local was written for version {MADE_FOR}"
        )
    setattr(owner, name, make(getattr(owner, name)))
