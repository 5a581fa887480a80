"""An API on loopback that keeps its connections open, and records the connection of each request."""

import json
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.client.script import job

FLOW = "acme/demo/echo"


class EchoApi(ThreadingHTTPServer):
    """An API that answers each request with a job whose output is its id; it accepts each submission once."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, context: ssl.SSLContext | None = None, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self._context = context
        self.requests: list[tuple[str, tuple[str, int]]] = []
        """The path and the client's port of each, with one for each job where many are asked for."""
        self.jobs: dict[str, str] = {}
        """The job of each idempotency key."""
        self.dropped = 0
        """So many of the next submissions are accepted without an answer: the connection is closed."""
        self.open: set[tuple[str, int]] = set()
        self._lock = threading.Lock()

    def get_request(self) -> Any:
        """Accept a connection; its handshake is made by the thread that serves it."""
        connection, address = super().get_request()
        if self._context is not None:
            connection = self._context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        return connection, address

    @property
    def base_url(self) -> str:
        """Return what a client is given."""
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://localhost:{self.server_address[1]}/api/v1"

    def accept(self, key: str) -> str | None:
        """Return the job of an idempotency key, or None if the answer is to be lost."""
        with self._lock:
            job_id = self.jobs.setdefault(key, f"job_{len(self.jobs)}")
            self.dropped -= 1
            return None if self.dropped >= 0 else job_id

    def handle_error(self, *_: object) -> None:
        """Ignore connections that the client has dropped."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: EchoApi

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.client_address)

    def finish(self) -> None:
        self.server.open.discard(self.client_address)
        super().finish()

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.client_address))
        self._answer(_ended(self.path.partition("/jobs/")[2].partition("/")[0]))

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/jobs/status"):
            ids: list[str] = json.loads(content)["ids"]
            self.server.requests += [(f"{self.path}/{job_id}", self.client_address) for job_id in ids]
            self._answer({"jobs": [{"id": job_id, "job": _ended(job_id)} for job_id in ids]})
            return
        self.server.requests.append((self.path, self.client_address))
        job_id = self.server.accept(self.headers["Idempotency-Key"])
        if job_id is None:
            self.close_connection = True
        else:
            self._answer({**job("pending"), "id": job_id, "flow": FLOW})

    def _answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


def _ended(job_id: str) -> dict[str, Any]:
    return {**job("completed", result={"status": "completed", "output": job_id}), "id": job_id}


@contextmanager
def echo_api(context: ssl.SSLContext | None = None) -> Generator[EchoApi]:
    """Serve while the context lasts."""
    with EchoApi(context) as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            api.shutdown()
            thread.join()
