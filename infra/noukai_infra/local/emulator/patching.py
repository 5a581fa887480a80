"""The patching of the emulator, which has no public extension points."""

from collections.abc import Callable
from typing import Any

MADE_FOR = "1.5.33"
"""The version of ministack whose attributes are patched by name."""


class PatchError(Exception):
    """An error for an attribute that does not exist, so that patching it would have no effect."""


def patch(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replace an attribute of a module or class by the result of `make`.

    Raises:
        PatchError: the attribute does not exist.
    """
    if not hasattr(owner, name):
        where = f"{owner.__name__}.{name}"
        raise PatchError(
            f"{where}: ministack has no such name: adapt infra/noukai_infra/local, which is made for "
            f"version {MADE_FOR}"
        )
    setattr(owner, name, make(getattr(owner, name)))
