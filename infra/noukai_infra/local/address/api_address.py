"""The API's local address: loopback only, IPv4 and IPv6, since `localhost` may mean either."""

import asyncio
import errno
import socket
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from hypercorn.asyncio import serve
from hypercorn.config import Config

from noukai_infra.command_line import local_command
from noukai_infra.local.address.browsers import Browsers, CrossOrigins
from noukai_infra.local.address.gateway import Gateway
from noukai_infra.local.address.hosts import LoopbackHosts
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.local.errors import LocalError
from noukai_wire.routes import BASE_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAMILIES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
_NO_SUCH_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
_FREE_PORT_TRIALS = 20
_GRACE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Address:
    """A reserved port; its sockets do not listen yet, so that connections are refused."""

    sockets: tuple[socket.socket, ...]

    @classmethod
    @contextmanager
    def reserved(cls, port: int) -> "Iterator[Address]":
        """Reserve a port, or for 0 a free one.

        Raises:
            LocalError: the port is in use.
        """
        with ExitStack() as stack:
            yield cls(_bind(port, stack))

    @property
    def url(self) -> str:
        """Return the base URL of the API."""
        return f"http://localhost:{_port(self.sockets)}{BASE_PATH}"

    @property
    def origin(self) -> str:
        """Return the base URL of objects, with an IP address.

        S3 would take a host name's first label for a bucket.
        """
        return f"http://{_FAMILIES[0][1]}:{_port(self.sockets)}"

    async def serve(
        self, endpoint: Endpoint, api_id: str, buckets: Sequence[str], allowed: CrossOrigins
    ) -> None:
        """Forward requests to an HTTP API or buckets of the emulator, until cancelled.

        Pages of other origins are answered as `allowed`.

        Raises:
            LocalError: another process that had also reserved the port listens there now.
        """
        self._listen()
        config = Config()
        # Duplicates, since the server closes its sockets.
        config.bind = [f"fd://{listener.dup().detach()}" for listener in self.sockets]
        config.loglevel = "WARNING"
        config.graceful_timeout = _GRACE_SECONDS
        # The HTTP API's own headers are forwarded.
        config.include_server_header = config.include_date_header = False
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        async with httpx.AsyncHTTPTransport(
            verify=endpoint.trust(), limits=limits, trust_env=False
        ) as transport:
            application = LoopbackHosts(
                Browsers(Gateway(endpoint.url, api_id, transport, buckets), allowed, buckets)
            )
            await _until_cancelled(serve(application, config, shutdown_trigger=asyncio.Event().wait))

    def _listen(self) -> None:
        try:
            for listener in self.sockets:
                listener.listen()
        except OSError as failure:
            raise _refusal(_port(self.sockets), failure) from None


async def _until_cancelled(serving: Coroutine[None, None, None]) -> None:
    task = asyncio.create_task(serving)
    try:
        await asyncio.shield(task)
    finally:
        # From Python 3.12 on, closing a server waits for its clients, one of which may never end its request.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=_GRACE_SECONDS)


def _port(sockets: tuple[socket.socket, ...]) -> int:
    port: int = sockets[0].getsockname()[1]
    return port


def _bind(port: int, stack: ExitStack) -> tuple[socket.socket, ...]:
    # A port that is free in one address family may be taken in the other; then another port is tried.
    for _ in range(1 if port else _FREE_PORT_TRIALS):
        with ExitStack() as trial:
            try:
                sockets = _bind_families(port, trial)
            except OSError as error:
                failure = error
            else:
                stack.push(trial.pop_all())
                return sockets
    raise _refusal(port, failure)


def _refusal(port: int, failure: OSError) -> LocalError:
    reason = "taken" if failure.errno == errno.EADDRINUSE else f"not available ({failure.strerror})"
    another = local_command("port", "8081")
    return LocalError(f"Port {port} is {reason}: stop what uses it, or choose another, as in: {another}")


def _bind_families(port: int, trial: ExitStack) -> tuple[socket.socket, ...]:
    sockets: tuple[socket.socket, ...] = ()
    for family, host in _FAMILIES:
        try:
            listener = trial.enter_context(socket.socket(family, socket.SOCK_STREAM))
            # Connections that an earlier run has closed must not block the port for minutes.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, _port(sockets) if sockets else port))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in _NO_SUCH_FAMILY:
                continue
            raise
        sockets += (listener,)
    return sockets
