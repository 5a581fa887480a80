"""Many waits at once in one process: they share their looks, and all of them end."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from noukai import AsyncNoukai, JobNotFoundError, Noukai
from tests.client.script import job

_LOOKS = 3
UNKNOWN = "job_unknown"


class _Api(ThreadingHTTPServer):
    """Jobs that end when they are looked at for the third time; counts the requests by what they are for."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: Counter[str] = Counter()
        self.sizes: list[int] = []
        self.looks: Counter[str] = Counter()
        self.lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1"

    def look(self, job_id: str) -> dict[str, Any]:
        self.looks[job_id] += 1
        if self.looks[job_id] < _LOOKS:
            return {**job("running"), "id": job_id}
        return {**job("completed", result={"status": "completed", "output": job_id}), "id": job_id}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Api

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.requests["alone"] += 1
            self._answer(self.server.look(self.path.partition("/jobs/")[2].partition("/")[0]))

    def do_POST(self) -> None:
        ids = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["ids"]
        with self.server.lock:
            self.server.requests["shared"] += 1
            self.server.sizes.append(len(ids))
            self._answer({"jobs": [self._entry(each) for each in ids]})

    def _entry(self, job_id: str) -> dict[str, Any]:
        if job_id == UNKNOWN:
            return {"id": job_id, "error": {"code": "JOB_NOT_FOUND", "message": "there is none"}}
        return {"id": job_id, "job": self.server.look(job_id), "retryAfterMs": 800}

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
def _serving() -> Generator[_Api]:
    with _Api() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            api.shutdown()
            thread.join()


Outcomes = list[Any]


def _in_threads(base_url: str, ids: list[str]) -> Outcomes:
    with Noukai("nk", base_url=base_url) as client, ThreadPoolExecutor(len(ids)) as pool:
        waits = [pool.submit(client.job(each).wait) for each in ids]
        return [wait.exception() or wait.result().output for wait in waits]


def _gathered(base_url: str, ids: list[str]) -> Outcomes:
    async def gathered() -> Outcomes:
        async with AsyncNoukai("nk", base_url=base_url) as client:
            waits = [client.job(each).wait() for each in ids]
            found = await asyncio.gather(*waits, return_exceptions=True)
            return [each if isinstance(each, BaseException) else each.output for each in found]

    return asyncio.run(gathered())


ways = pytest.mark.parametrize("wait_for", [_in_threads, _gathered])


@ways
def test_five_hundred_waits_share_their_looks(wait_for: Callable[[str, list[str]], Outcomes]) -> None:
    """Each gets its own job's result; ten times as many waits make few requests more, and all of them few."""
    asked: dict[int, int] = {}
    for count in (50, 500):
        ids = [f"job_{number}" for number in range(count)]
        with _serving() as api:
            assert wait_for(api.base_url, ids) == ids
        asked[count] = api.requests.total()
        assert max(api.sizes) <= 100
        assert api.requests["alone"] <= 2 * 10 * _LOOKS  # of the first ten and of the last
    assert asked[500] < 4 * asked[50]
    assert asked[500] < 500 * _LOOKS / 8


@ways
def test_who_waits_for_an_unknown_job_among_many(wait_for: Callable[[str, list[str]], Outcomes]) -> None:
    """That wait fails, at once, and no other."""
    ids = [f"job_{number}" for number in range(20)]
    with _serving() as api:
        *outcomes, unknown = wait_for(api.base_url, [*ids, UNKNOWN])
    assert outcomes == ids
    assert isinstance(unknown, JobNotFoundError)
