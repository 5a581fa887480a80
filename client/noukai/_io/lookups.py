"""The lookup of hosts at Python's exit, when event loops can no longer start the threads for it."""

import socket
from asyncio import AbstractEventLoop
from typing import Any


def keep_lookups_possible(loop: AbstractEventLoop) -> None:
    """Resolve names in the event loop itself, blocking, if Python can start no thread at exit."""
    if _are_threads_over():
        vars(loop)["getaddrinfo"] = _getaddrinfo


def _are_threads_over() -> bool:
    try:
        # Imported here, because it is slow to import; a name lookup imports it anyway.
        from concurrent.futures import thread  # noqa: PLC0415
    except RuntimeError:  # at exit, the module cannot register its exit handler
        return True
    # The public way, submitting a task, would start a thread and break the loop's own shutdown.
    return bool(getattr(thread, "_shutdown", False))


async def _getaddrinfo(*arguments: Any, **options: Any) -> list[Any]:
    return socket.getaddrinfo(*arguments, **options)
