"""A small API for many jobs: it accepts them by the hundred; each ends after some status checks."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.client.conftest import Colour, Handler
from tests.client.script import job

UNAVAILABLE = {"code": "UNAVAILABLE", "message": "send it again"}
AT_ONCE = 4
"""How many requests of the client are in flight at most."""


class CrowdApi:
    """An API that answers the requests of a client; `checks` returns after how many checks a job ends."""

    def __init__(
        self, checks: Callable[[str], int] = lambda _: 1, *, poll_interval_ms: int | None = 1000
    ) -> None:
        self.requests: Counter[str] = Counter()
        """By the last part of the path."""
        self.sizes: list[int] = []
        """How many jobs each request was about."""
        self.entries: list[dict[str, Any]] = []
        self.ids: dict[str, str] = {}
        """The job of each idempotency key."""
        self.most_in_flight = 0
        self.refusals: dict[str, list[dict[str, Any]]] = {}
        """Of a message the errors that its entry gets, one after the other, before it is accepted."""
        self.unknown: set[str] = set()
        self._checks = checks
        self._poll_interval_ms = poll_interval_ms
        self._left: dict[str, int] = {}
        self._in_flight = 0
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._flying():
            kind = request.url.path.rpartition("/")[2]
            body = json.loads(request.content)
            with self._lock:
                self.requests[kind] += 1
                many = body["jobs"] if kind == "batch" else body["ids"]
                self.sizes.append(len(many))
                entries = [self._accept(each) if kind == "batch" else self._look(each) for each in many]
            return httpx.Response(202 if kind == "batch" else 200, json={"jobs": entries})

    def _accept(self, entry: dict[str, Any]) -> dict[str, Any]:
        self.entries.append(entry)
        refusals = self.refusals.get(entry.get("message", ""), [])
        if refusals:
            return {"error": refusals.pop(0)}
        # Requests at once arrive in any order, so an id goes by the message.
        plain = f"job_{entry.get('message')}"
        job_id = self.ids.setdefault(
            entry["idempotencyKey"], f"{plain}_{len(self.ids)}" if plain in self._left else plain
        )
        self._left.setdefault(job_id, self._checks(entry.get("message", "")))
        return {"job": {**job("pending"), "id": job_id, "flow": "acme/demo/echo"}}

    def _look(self, job_id: str) -> dict[str, Any]:
        if job_id in self.unknown:
            return {"id": job_id, "error": {"code": "JOB_NOT_FOUND", "message": "there is none"}}
        self._left[job_id] -= 1
        if self._left[job_id] > 0:
            interval = {} if self._poll_interval_ms is None else {"retryAfterMs": self._poll_interval_ms}
            return {"id": job_id, "job": {**job("running"), "id": job_id}, **interval}
        result = {"status": "completed", "output": f"of {job_id}"}
        return {"id": job_id, "job": {**job("completed", result=result), "id": job_id}}

    @contextmanager
    def _flying(self) -> Any:
        with self._lock:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1


def client(colour: Colour, api: Handler, **options: Any) -> Any:
    """Return a client on whose clock only sleeping takes time."""
    return colour.client(api, clock=lambda: sum(colour.sleeps), **options)


def echo(colour: Colour, api: Handler, **options: Any) -> Any:
    return client(colour, api, **options).flow("acme/demo/echo")


class Numbers:
    """Messages that are made as they are wanted."""

    def __init__(self, count: int) -> None:
        self.made = 0
        self._count = count

    def __iter__(self) -> Iterator[str]:
        for number in range(self._count):
            self.made += 1
            yield str(number)


def noted(colour: Colour, jobs: Any, given: list[Any]) -> Any:
    """Return the jobs, each of which is noted as it comes."""
    if colour.is_awaiting:

        async def awaited() -> Any:
            async for job in jobs:
                given.append(job)
                yield job

        return awaited()

    def blocking() -> Any:
        for each in jobs:
            given.append(each)
            yield each

    return blocking()
