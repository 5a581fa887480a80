"""One keep-alive connection to a service."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPMessage, HTTPSConnection
from select import POLLIN, poll
from socket import SO_KEEPALIVE, SOL_SOCKET, socket
from urllib.parse import urlsplit

CONNECT_SECONDS = 1
READ_SECONDS = 3
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's answer. Header names are case-insensitive."""

    status: int
    headers: "HTTPMessage | Mapping[str, str]"
    content: bytes


class Connection:
    """A connection that opens on first use, and reopens after the other side has closed it.

    It is for one thread. A forked process opens its own, because two processes cannot share a TLS session.
    """

    def __init__(self, url: str, authorities: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or parts.hostname is None:
            raise ValueError(f"{url!r} is not an endpoint URL: it must begin with https://")
        self._name, self._port = parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]
        self._context = _context(authorities) if parts.scheme == "https" else None
        self.path = parts.path or "/"
        name = f"[{self._name}]" if ":" in self._name else self._name
        self.host = name if self._port == _DEFAULT_PORTS[parts.scheme] else f"{name}:{self._port}"
        self._kept: HTTPConnection | None = None
        self._owner = 0

    def exchange(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and return the answer.

        Raises:
            OSError: the service could not be reached, or did not answer in time.
            http.client.HTTPException: the answer is not valid HTTP.
        """
        connection = self._usable()
        try:
            connection.request("POST", self.path, body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        except BaseException:
            # Part of an answer may be left unread in it.
            self.close()
            raise

    def open(self) -> None:
        """Connect, if no connection is open."""
        self._usable()

    def close(self) -> None:
        """Close the connection if this process owns one; the next call opens another."""
        kept, self._kept = self._kept, None
        if kept is not None and self._owner == os.getpid():
            kept.close()

    def _usable(self) -> HTTPConnection:
        kept, owner = self._kept, os.getpid()
        if kept is not None and self._owner == owner and kept.sock is not None and not _is_over(kept.sock):
            return kept
        self.close()
        self._kept, self._owner = self._connect(), owner
        return self._kept

    def _connect(self) -> HTTPConnection:
        if self._context is None:
            made = HTTPConnection(self._name, self._port, timeout=CONNECT_SECONDS)
        else:
            made = HTTPSConnection(self._name, self._port, timeout=CONNECT_SECONDS, context=self._context)
        made.connect()
        made.sock.settimeout(READ_SECONDS)
        made.sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
        return made


def _is_over(connection: socket) -> bool:
    """Return whether an idle connection was closed, or holds unrequested data."""
    poller = poll()
    poller.register(connection, POLLIN)
    if not poller.poll(0):
        return False
    connection.settimeout(0)
    try:
        connection.recv(1)
    except (ssl.SSLWantReadError, BlockingIOError):
        # The data belonged to TLS itself, such as session tickets.
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(READ_SECONDS)
    return True


@cache
def _context(authorities: str) -> ssl.SSLContext:
    """Return the TLS context, read once for all services."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authorities)
    return context
