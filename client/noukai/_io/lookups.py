"""Host lookups while Python exits: event loops use threads for them, which can no longer start."""

import socket
from asyncio import AbstractEventLoop
from typing import Any


def keep_lookups_possible(loop: AbstractEventLoop) -> None:
    """Resolve names in the event loop itself, blocking, if Python exits and can start no thread."""
    if _are_threads_over():
        vars(loop)["getaddrinfo"] = _getaddrinfo


def _are_threads_over() -> bool:
    try:
        # It is costly to import, and whoever looks up a name does so anyway.
        from concurrent.futures import thread  # noqa: PLC0415
    except RuntimeError:  # what it registers at its import is refused by then
        return True
    # To ask in public, by a task, would start a thread, and spoil the loop: its own end would then fail as
    # well.
    return bool(getattr(thread, "_shutdown", False))


async def _getaddrinfo(*arguments: Any, **options: Any) -> list[Any]:
    return socket.getaddrinfo(*arguments, **options)
