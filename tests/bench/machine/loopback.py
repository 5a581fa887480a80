"""Servers on this machine that cost their clients no more CPU than AWS would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread
from typing import Any

import trustme

HOST = "localhost"


class Handler(BaseHTTPRequestHandler):
    """A handler that keeps connections alive and sends each answer in one piece."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def body(self) -> bytes:
        """Return the body of the request."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        """Send an answer; `_` in the name of a header stands for a hyphen."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print no requests into the report."""


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine; with a `context` it speaks TLS."""

    daemon_threads = True

    def __init__(self, handler: type[Handler], context: SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._context = context

    def get_request(self) -> Any:
        """Accept a connection; the thread that serves it makes the handshake."""
        connection, address = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    def handle_error(self, *_: object) -> None:
        """Ignore a connection that its client has dropped."""

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"{HOST}:{self.server_address[1]}"


@contextmanager
def serving(server: Server) -> Iterator[None]:
    """Serve in a thread while the context lasts."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Authority:
    """Our own authority, in a bundle of those that AWS clients trust: reading certificates takes CPU."""

    def __init__(self, folder: Path, others: Path) -> None:
        authority = trustme.CA(key_type=trustme.KeyType.RSA)
        self.context = SSLContext(PROTOCOL_TLS_SERVER)
        authority.issue_cert(HOST, key_type=trustme.KeyType.RSA).configure_cert(self.context)
        self._certificate = authority.cert_pem
        self.bundle = folder / "everybody.pem"
        self.bundle.write_bytes(others.read_bytes())
        self.join(self.bundle)

    def join(self, bundle: Path) -> None:
        """Add this authority to a bundle."""
        self._certificate.write_to_path(str(bundle), append=True)


def json_bytes(value: object) -> bytes:
    """Write compact JSON, as AWS does."""
    return json.dumps(value, separators=(",", ":")).encode()
