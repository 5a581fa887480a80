"""A server on loopback that sends its answers byte by byte."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

_INTERVAL_SECONDS = 0.03
_PIECES = 100
"""Three seconds in all, so that a client that waits for the end is seen to do so."""


class Trickle:
    """Answers one request with a beginning, and then a byte at a time."""

    def __init__(self, server: socket.socket, beginning: bytes) -> None:
        self._server = server
        self._beginning = beginning
        self.base_url = f"http://127.0.0.1:{server.getsockname()[1]}/api/v1"
        self.stopping = threading.Event()
        self.left = threading.Event()
        """Set when the client has disconnected."""

    def serve(self) -> None:
        """Answer until the asking side goes, or this one is to stop."""
        connection, _ = self._server.accept()
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(self._beginning)
                for _ in range(_PIECES):
                    if self.stopping.wait(_INTERVAL_SECONDS):
                        return
                    connection.sendall(b" ")
            except ConnectionError:
                self.left.set()


@contextmanager
def trickling(beginning: bytes) -> Generator[Trickle]:
    """Serve one request while the context lasts."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        trickle = Trickle(server, beginning)
        thread = threading.Thread(target=trickle.serve)
        thread.start()
        try:
            yield trickle
        finally:
            trickle.stopping.set()
            thread.join()
