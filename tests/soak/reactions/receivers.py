"""Receivers of webhooks on one loopback port: most behave, some do not."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from noukai.webhooks import WebhookVerificationError, verify

HANG_SECONDS = 20
"""Longer than a delivery waits."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a receiver got it."""

    id: str
    job_id: str
    at: float
    ended_at: str


@dataclass
class Receivers:
    """The receivers, by number, and what each was told; `secrets` are those of their endpoints."""

    behaviours: Mapping[int, Callable[[BaseHTTPRequestHandler, threading.Event], None]]
    secrets: dict[int, str] = field(default_factory=dict)
    told: dict[int, list[Told]] = field(default_factory=lambda: defaultdict(list))
    tries: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    wrong: list[str] = field(default_factory=list)
    """What could not be verified."""
    port: int = 0
    _is_over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def open(self) -> "Iterator[Receivers]":
        """Serve until the end of the context."""
        receivers = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receivers.take(self)

            def log_message(self, *_: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._is_over.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def url(self, number: int) -> str:
        """Return the URL of a receiver."""
        return f"http://localhost:{self.port}/{number}"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        """Check an event, note it and answer it; or misbehave."""
        number = int(request.path.strip("/"))
        body = request.rfile.read(int(request.headers["Content-Length"]))
        self.tries[number] += 1
        if misbehave := self.behaviours.get(number):
            misbehave(request, self._is_over)
            return
        try:
            data = verify(body, request.headers, self.secrets[number])["data"]
        except WebhookVerificationError as error:
            self.wrong.append(f"receiver {number}: {error}")
        else:
            identifier = str(request.headers["webhook-id"])
            self.told[number].append(Told(identifier, data["id"], time.time(), data["completedAt"]))
        answer(request, 204)


def answer(request: BaseHTTPRequestHandler, status: int, body: bytes = b"") -> None:
    """Answer a request."""
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def hang(_: BaseHTTPRequestHandler, is_over: threading.Event) -> None:
    """Answer nothing for longer than a delivery waits."""
    is_over.wait(HANG_SECONDS)


def fail(request: BaseHTTPRequestHandler, _: threading.Event) -> None:
    """Answer with an error."""
    answer(request, 500, b"it is broken")


def be_gone(request: BaseHTTPRequestHandler, _: threading.Event) -> None:
    """Answer that no event is wanted any more."""
    answer(request, 410)


def drop(request: BaseHTTPRequestHandler, _: threading.Event) -> None:
    """Close the connection without an answer."""
    request.connection.close()


def drip(request: BaseHTTPRequestHandler, is_over: threading.Event) -> None:
    """Answer one byte of a header each second."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * HANG_SECONDS:
        if is_over.wait(1):
            return
        try:
            request.wfile.write(bytes([byte]))
        except OSError:
            return


MISBEHAVIOURS = (hang, fail, be_gone, drop, drip)
