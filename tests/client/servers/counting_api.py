"""An API on loopback that counts the requests of many waits."""

import json
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.client.script import job

CHECKS = 3
UNKNOWN = "job_unknown"


class CountingApi(ThreadingHTTPServer):
    """An API whose jobs end at their third status check; it counts the requests by their purpose."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.checks: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Return the `base_url` of its clients."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1"

    def check(self, job_id: str) -> dict[str, Any]:
        """Return the job, one status check later."""
        self.checks[job_id] += 1
        if self.checks[job_id] < CHECKS:
            return {**job("running"), "id": job_id}
        return {**job("completed", result={"status": "completed", "output": job_id}), "id": job_id}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: CountingApi

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.requests["alone"] += 1
            self._answer(self.server.check(self.path.partition("/jobs/")[2].partition("/")[0]))

    def do_POST(self) -> None:
        ids = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["ids"]
        with self.server.lock:
            self.server.requests["shared"] += 1
            self.server.sizes.append(len(ids))
            self._answer({"jobs": [self._entry(each) for each in ids]})

    def _entry(self, job_id: str) -> dict[str, Any]:
        if job_id == UNKNOWN:
            return {"id": job_id, "error": {"code": "JOB_NOT_FOUND", "message": "there is none"}}
        return {"id": job_id, "job": self.server.check(job_id), "retryAfterMs": 800}

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Retry-After-Ms", "800")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


@contextmanager
def counting_api() -> Generator[CountingApi]:
    """Serve while the context lasts."""
    with CountingApi() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            api.shutdown()
            thread.join()
