"""Receivers on loopback that do whatever a test says with each connection."""

import contextlib
import itertools
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Self

Behaviour = Callable[[socket.socket], None]
SLOWLY = 0.02
"""Seconds between two pieces of what comes slowly: far less than any deadline of a test."""


class HostileReceiver:
    """A receiver; `requests` has the bytes of each request that its behaviour read."""

    def __init__(self, behaviour: Behaviour, host: str = "127.0.0.1", port: int = 0) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server((host, port))
        self._accepting = threading.Thread(target=self._accept)
        self._serving: list[threading.Thread] = []
        self._ends = threading.Event()
        self.connections: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ends.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()[:2]).close()
        self._accepting.join()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._serving:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._ends.is_set():
                connection.close()
                return
            self.connections.append(connection)
            self._serving.append(threading.Thread(target=self._serve, args=(connection,)))
            self._serving[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        # The poster has gone, or the test is over.
        with contextlib.suppress(OSError):
            self._behaviour(connection)


def read(connection: socket.socket) -> bytes:
    """Return a request with its body."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += _part(connection)
    head, _, body = request.partition(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < int(length.partition(b":")[2]):
        body += _part(connection)
    return head + b"\r\n\r\n" + body


def _part(connection: socket.socket) -> bytes:
    part = connection.recv(65_536)
    if not part:
        raise ConnectionError("the request ends too early")
    return part


def answers(*parts: bytes | Iterable[bytes], stays: bool = False) -> Behaviour:
    """Read the request, send the parts, and close; one that stays says nothing more until the poster goes."""

    def behaviour(connection: socket.socket) -> None:
        read(connection)
        for part in parts:
            for each in [part] if isinstance(part, bytes) else part:
                connection.sendall(each)
        while stays and connection.recv(1):
            pass
        connection.close()

    return behaviour


def slowly(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield each piece a little later than the one before."""
    for piece in pieces:
        yield piece
        time.sleep(SLOWLY)


def endless(piece: bytes) -> Iterator[bytes]:
    """Yield a piece again and again."""
    return itertools.repeat(piece)


def silent(connection: socket.socket) -> None:
    """Read whatever comes, and say nothing."""
    while connection.recv(65_536):
        pass


def closes(connection: socket.socket) -> None:
    """Close at once."""
    connection.close()


def resets(connection: socket.socket) -> None:
    """Read the request, then break the connection off."""
    read(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reads_slowly(connection: socket.socket) -> None:
    """Take a byte of the request at a time."""
    while connection.recv(1):
        time.sleep(SLOWLY)


def answers_before_reading(connection: socket.socket) -> None:
    """Answer, read nothing of a large body, and close."""
    connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
    connection.shutdown(socket.SHUT_WR)
    silent(connection)


def secured(behaviour: Behaviour, context: ssl.SSLContext) -> Behaviour:
    """Do the same by TLS."""

    def secure(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as wrapped:
            behaviour(wrapped)

    return secure


@contextmanager
def receiver(behaviour: Behaviour, host: str = "127.0.0.1", port: int = 0) -> Iterator[HostileReceiver]:
    """Run a receiver."""
    with HostileReceiver(behaviour, host, port) as running:
        yield running
