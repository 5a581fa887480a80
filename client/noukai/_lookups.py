"""Looking up hosts while Python ends: an event loop leaves that to threads, and then there are no more of them."""

import socket
from asyncio import AbstractEventLoop
from typing import Any


def keep_lookups_possible(loop: AbstractEventLoop) -> None:
    """Let the loop look up names itself, which blocks it, if Python ends and starts no thread for that any more."""
    if _are_threads_over():
        vars(loop)["getaddrinfo"] = _getaddrinfo


def _are_threads_over() -> bool:
    try:
        # It is costly to import, and whoever looks up a name does so anyway.
        from concurrent.futures import thread  # noqa: PLC0415
    except RuntimeError:  # what it registers at its import is refused by then
        return True
    # To ask in public, by a task, would start a thread, and spoil the loop: its own end would then fail as well.
    return bool(getattr(thread, "_shutdown", False))


async def _getaddrinfo(*arguments: Any, **options: Any) -> list[Any]:
    return socket.getaddrinfo(*arguments, **options)
