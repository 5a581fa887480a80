"""The connections of the caller's own `http_client`, which the caller closes."""

import asyncio
from asyncio import AbstractEventLoop
from typing import Generic, TypeVar

import httpx

from noukai._errors import InvalidArgumentError, NoukaiError

from .forks import leave_behind_at_fork
from .lookups import keep_lookups_possible

HttpClient = TypeVar("HttpClient", httpx.Client, httpx.AsyncClient)


def checked(http_client: object, kind: type[HttpClient], user: str) -> HttpClient:
    """Return the client; raise `TypeError` if it has the wrong class."""
    if not isinstance(http_client, kind):
        raise TypeError(f"the http_client of {user} must be an httpx.{kind.__name__}, not {http_client!r}")
    return http_client


class GivenConnections(Generic[HttpClient]):
    """The connections of the caller's `http_client`: it stays open, and only the caller can replace it."""

    def __init__(self, http_client: HttpClient) -> None:
        self._http_client: HttpClient = http_client
        self._is_used = False
        self._is_inherited = False
        leave_behind_at_fork(self)

    def client(self) -> HttpClient:
        if self._is_inherited:
            raise InvalidArgumentError(
                "the http_client was used before this process was forked, and two processes cannot share its "
                "connections: make it after the fork, or leave http_client out"
            )
        self._is_used = True
        return self._http_client

    def add_headers(self, request: httpx.Request) -> None:
        if (
            "Authorization" not in request.headers
        ):  # presigned URLs have none, and other headers could invalidate them
            return
        for name, value in self._http_client.headers.items():
            if name == "user-agent" and not value.startswith("python-httpx/"):
                request.headers[name] = value
            request.headers.setdefault(name, value)

    def note(self, response: httpx.Response) -> None:
        pass

    def close(self) -> None:
        pass

    async def aclose(self) -> None:
        pass

    def leave_behind(self) -> None:
        self._is_inherited = self._is_used


class GivenAsyncConnections(GivenConnections[httpx.AsyncClient]):
    """The connections of the caller's `httpx.AsyncClient`, usable in one event loop only."""

    def __init__(self, http_client: httpx.AsyncClient) -> None:
        super().__init__(http_client)
        self._loop: AbstractEventLoop | None = None

    def client(self) -> httpx.AsyncClient:
        http_client, loop = super().client(), running_loop()
        if self._loop is None:
            self._loop = loop
            keep_lookups_possible(loop)
        if self._loop is not loop:
            raise InvalidArgumentError(
                "the http_client was used in another event loop, and two loops cannot share its connections: "
                "make one in each loop, or leave http_client out"
            )
        return http_client


def running_loop() -> AbstractEventLoop:
    """Return the running asyncio event loop; raise `NoukaiError` if there is none."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise NoukaiError(
            "an AsyncNoukai needs asyncio, but no asyncio event loop is running: in trio, call a Noukai with "
            "trio.to_thread.run_sync"
        ) from None
