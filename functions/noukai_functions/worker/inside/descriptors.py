"""The descriptors of a flow's process that are not the flow's."""

import fcntl
import os
import resource
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_FIRST = 700
"""Flows that close every descriptor up to 256 or so do not mean these."""
_OPEN = Path("/dev/fd")


def moved_up(descriptor: int) -> int:
    """Move a descriptor to a high number, not inherited by programs."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    first = _FIRST if most == resource.RLIM_INFINITY else max(3, min(_FIRST, most - 8))
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, first)
    os.close(descriptor)
    return moved


def put_out(kept: Collection[int]) -> None:
    """Redirect every descriptor to /dev/null but the standard streams and those kept.

    They are not closed: objects that were inherited would later close what has their number by then.
    """
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in [int(path.name) for path in _OPEN.iterdir()]:
        if descriptor > 2 and descriptor not in kept and descriptor != nowhere:  # noqa: PLR2004 - the standard ones
            with suppress(OSError):  # that of the folder is closed already
                os.fstat(descriptor)
                os.dup2(nowhere, descriptor, inheritable=False)
    os.close(nowhere)
