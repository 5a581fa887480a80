"""An API on loopback with a bucket, which sends and receives large content slowly, piece by piece."""

import hashlib
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.client.script import ACCEPTED, job

PIECES = 12
INTERVAL_SECONDS = 0.05
LARGE = "x" * 300_000


class SlowLink(ThreadingHTTPServer):
    """A server that transfers large content in `PIECES`; it stops halfway if it `stalls`, or `breaks`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stalls = False
        self.breaks = 0
        self.downloads = 0
        self.ended = threading.Event()
        self.objects: dict[str, bytes] = {}
        self.putting = 0
        self.most_putting = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: SlowLink

    def do_GET(self) -> None:
        content = json.dumps(LARGE).encode()
        if self.path.startswith("/bucket/"):
            self.server.downloads += 1
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self._slowly(lambda at, size: self.wfile.write(content[at : at + size]), len(content))
            return
        if self.path.endswith("/flows"):
            self._answer(200, {"flows": []})
            return
        self._answer(200, self._ended(content))

    def _ended(self, content: bytes) -> dict[str, Any]:
        """Return a job whose output is behind a URL."""
        sha256 = hashlib.sha256(content).hexdigest()
        result = {
            "status": "completed",
            "outputUrl": f"{self.server.url}/bucket/out",
            "outputBytes": len(content),
        }
        return job("completed", result={**result, "outputSha256": sha256})

    def do_PUT(self) -> None:
        taken: list[bytes] = []
        with self.server.lock:
            self.server.putting += 1
            self.server.most_putting = max(self.server.most_putting, self.server.putting)
        self._slowly(lambda _, size: taken.append(self.rfile.read(size)), int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.putting -= 1
        self.server.objects[self.path] = b"".join(taken)
        self._answer(200, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/uploads"):
            target = {
                "input": f"keep-16d/{body['sha256']}",
                "url": f"{self.server.url}/bucket/{body['sha256']}",
            }
            self._answer(200, {**target, "headers": {"Content-Length": str(body["bytes"])}})
        elif self.path.endswith("/batch"):
            self._answer(202, {"jobs": [{"job": ACCEPTED} for _ in body["jobs"]]})
        elif self.path.endswith("/status"):
            ended = self._ended(json.dumps(LARGE).encode())
            self._answer(200, {"jobs": [{"id": each, "job": ended} for each in body["ids"]]})
        else:
            self._answer(202, ACCEPTED)

    def _slowly(self, move: Any, size: int) -> None:
        step = -(-size // PIECES)
        for number, at in enumerate(range(0, size, step)):
            if self.server.stalls and number == PIECES // 2:
                self.server.ended.wait(10)
                return
            if self.server.breaks and number == PIECES // 2:
                self.server.breaks -= 1
                self.close_connection = True
                return
            self.server.ended.wait(INTERVAL_SECONDS)
            move(at, min(step, size - at))

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def slow_link() -> Generator[SlowLink]:
    """Serve while the context lasts."""
    with SlowLink() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
