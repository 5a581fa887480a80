"""The connections of a client, never shared by two processes or two event loops.

On a shared connection, one process could read the answer to the other's request.
"""

import asyncio
import warnings
from asyncio import AbstractEventLoop
from collections.abc import AsyncGenerator
from contextlib import suppress
from threading import Lock
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

import httpx

from .forks import leave_behind_at_fork
from .given_connections import GivenAsyncConnections, GivenConnections, checked, running_loop
from .lookups import keep_lookups_possible
from .network import Network

HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)


class BlockingConnections(Protocol):
    """The connections of a `Noukai`."""

    def client(self) -> httpx.Client:
        """Return the httpx client of this process."""
        ...

    def add_headers(self, request: httpx.Request) -> None:
        """Add the httpx client's default headers to a request."""
        ...

    def note(self, response: httpx.Response) -> None:
        """Remember the connection of an answer."""
        ...

    def close(self) -> None:
        """Close the connections that the client has opened."""
        ...


class AwaitingConnections(Protocol):
    """The connections of an `AsyncNoukai`."""

    def client(self) -> httpx.AsyncClient:
        """Return the httpx client of this process and its running event loop."""
        ...

    def add_headers(self, request: httpx.Request) -> None:
        """Add the httpx client's default headers to a request."""
        ...

    async def aclose(self) -> None:
        """Close the connections that the client has opened."""
        ...


def blocking_connections(http_client: httpx.Client | None) -> BlockingConnections:
    """Return the connections of the `http_client`, or new ones."""
    if http_client is None:
        return _OwnConnections()
    return GivenConnections(checked(http_client, httpx.Client, "Noukai"))


def awaiting_connections(http_client: httpx.AsyncClient | None) -> AwaitingConnections:
    """Return the connections of the `http_client`, or new ones."""
    if http_client is None:
        return _OwnAsyncConnections()
    return GivenAsyncConnections(checked(http_client, httpx.AsyncClient, "AsyncNoukai"))


class _OwnConnections:
    """The connections of one process; a forked process opens its own."""

    def __init__(self) -> None:
        self._network = Network()
        self._http_client: httpx.Client | None = self._network.client(httpx.Client)
        self._streams: WeakSet[Any] = WeakSet()
        self._lock = Lock()
        self._is_used = False
        self._is_closed = False
        leave_behind_at_fork(self)

    def client(self) -> httpx.Client:
        if self._is_closed:
            raise RuntimeError("this Noukai has been closed: make another one")
        self._is_used = True
        return self._http_client or self._opened()

    def _opened(self) -> httpx.Client:
        with self._lock:
            self._http_client = self._http_client or self._network.client(httpx.Client)
            return self._http_client

    def add_headers(self, request: httpx.Request) -> None:
        pass

    def note(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")  # missing with a test's transport
        if stream is not None:
            self._streams.add(stream)

    def close(self) -> None:
        self._is_closed = True
        if self._http_client is not None:
            self._http_client.close()

    def leave_behind(self) -> None:
        # Closing the client could deadlock: a thread of the parent may have held its locks at the fork.
        # Closing the copied sockets sends nothing.
        for stream in self._streams:
            stream.close()
        self._streams.clear()
        self._http_client = None
        self._lock = Lock()
        self._is_used = False

    def __del__(self, warn: Any = warnings.warn) -> None:
        if getattr(self, "_is_used", False) and not self._is_closed:
            self.close()
            warn("a Noukai was not closed: use it in a `with` statement", ResourceWarning, source=self)


class _OwnAsyncConnections:
    """The connections of each event loop, closed with the loop."""

    def __init__(self) -> None:
        self._network = Network()
        self._next: httpx.AsyncClient | None = self._network.client(
            httpx.AsyncClient
        )  # made here, so that an invalid setting is reported early
        self._by_loop: dict[AbstractEventLoop, httpx.AsyncClient] = {}
        self._lifetimes: dict[AbstractEventLoop, AsyncGenerator[None]] = {}
        self._lock = Lock()
        self._is_closed = False
        leave_behind_at_fork(self)

    def client(self) -> httpx.AsyncClient:
        loop = running_loop()
        return self._by_loop.get(loop) or self._opened(loop)

    def _opened(self, loop: AbstractEventLoop) -> httpx.AsyncClient:
        if self._is_closed:
            raise RuntimeError("this AsyncNoukai has been closed: make another one")
        with self._lock:  # another thread's loop may start at the same moment
            for each in [known for known in self._lifetimes if known.is_closed()]:
                self._by_loop.pop(each, None)
                del self._lifetimes[each]
            http_client, self._next = self._next or self._network.client(httpx.AsyncClient), None
            self._by_loop[loop] = http_client
            lifetime = self._lifetimes[loop] = _lifetime(loop, self._by_loop)
        keep_lookups_possible(loop)
        with suppress(StopIteration):  # this starts the generator, which registers it with the loop
            anext(lifetime).send(None)
        return http_client

    def add_headers(self, request: httpx.Request) -> None:
        pass

    async def aclose(self) -> None:
        self._is_closed = True
        lifetime = self._lifetimes.pop(asyncio.get_running_loop(), None)
        if lifetime is not None:
            await lifetime.aclose()
        self._lifetimes.clear()  # this also closes the clients of other loops, in those loops

    def leave_behind(self) -> None:
        # The loop does not run in this process.
        self._by_loop.clear()
        for lifetime in self._lifetimes.values():
            with suppress(StopIteration):
                lifetime.aclose().send(None)
        self._lifetimes.clear()
        self._lock = Lock()

    def __del__(self, warn: Any = warnings.warn) -> None:
        if getattr(self, "_by_loop", None):
            self._lifetimes.clear()  # this closes the clients, even if a warning filter keeps `self` alive
            warn(
                "an AsyncNoukai was not closed: use it in an `async with` statement",
                ResourceWarning,
                source=self,
            )


async def _lifetime(
    loop: AbstractEventLoop, clients: dict[AbstractEventLoop, httpx.AsyncClient]
) -> AsyncGenerator[None]:
    """Close the loop's client when the loop, the `AsyncNoukai` or its use ends.

    A loop finalizes its asynchronous generators before it closes, and dropped ones while it runs.
    """
    try:
        yield
    finally:
        if http_client := clients.pop(loop, None):
            await http_client.aclose()
