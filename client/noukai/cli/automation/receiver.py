"""The receiver of events on a loopback port."""

import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

Hear = Callable[[bytes, Mapping[str, str]], int]
"""Takes the body and the headers of a request, and returns the status of the answer."""

_MAX_BYTES = 1024 * 1024


class Receiver(ThreadingHTTPServer):
    """A server on a free loopback port, which gives each `POST` to `hear`; it stops at a fault of that."""

    daemon_threads = True

    def __init__(self, hear: Hear) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.hear = hear
        self._fault: BaseException | None = None

    @property
    def url(self) -> str:
        """Return its address, as the local system allows it."""
        return f"http://localhost:{self.server_address[1]}/"

    def receive(self) -> None:
        """Serve until the process is interrupted; raise what `hear` raised."""
        self.serve_forever(poll_interval=0.2)
        if self._fault is not None:
            raise self._fault

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as it is called
        """Stop at a fault of this program; a broken connection is only the other side's."""
        fault = sys.exception()
        if not isinstance(fault, ConnectionError | TimeoutError):
            self._fault = fault
            self.shutdown()


class _Request(BaseHTTPRequestHandler):
    timeout = 15  # a connection that says nothing ends

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_BYTES:
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        return self._answer(cast("Receiver", self.server).hear(body, dict(self.headers.items())))

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Keep the output free of requests."""
