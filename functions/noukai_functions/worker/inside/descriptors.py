"""The file descriptors of a flow process that are not the flow's."""

import fcntl
import os
import resource
from collections.abc import Collection
from contextlib import suppress
from os import fstat
from pathlib import Path

_FIRST = 700
"""Above the numbers that flows usually close, such as all up to 256."""
_OPEN = Path("/dev/fd")


def moved_up(descriptor: int) -> int:
    """Move a descriptor to a high number, which programs do not inherit."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    first = _FIRST if most == resource.RLIM_INFINITY else max(3, min(_FIRST, most - 8))
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, first)
    os.close(descriptor)
    return moved


def identity_of(descriptor: int) -> tuple[int, int]:
    """Return what identifies an open file, whose number may be reused."""
    found = fstat(descriptor)
    return found.st_dev, found.st_ino


def put_out(kept: Collection[int]) -> None:
    """Redirect all descriptors to /dev/null, except the standard streams and those kept.

    They are not closed: inherited objects would later close whatever then has their numbers.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in [int(path.name) for path in _OPEN.iterdir()]:
        if descriptor > 2 and descriptor not in kept and descriptor != nowhere:  # noqa: PLR2004 - the standard ones
            with suppress(OSError):  # the descriptor of the folder itself is already closed
                os.fstat(descriptor)
                os.dup2(nowhere, descriptor, inheritable=False)
    os.close(nowhere)
