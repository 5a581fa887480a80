"""A small API on a real port, for the command as a real process: a test writes the answers of each job."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.client.script import job, unreadable
from tests.client.servers.automation import Automation

KEY = "nk_fake"
FLOW = {
    "flow": "acme/demo/word-count",
    "description": "Count the words.",
    "input": {"properties": {"message": {}, "top": {}}, "required": ["message"]},
    "timeoutSeconds": 60,
    "maxAttempts": 3,
    "keepSeconds": 604_800,
}

_USE = {
    "jobs": 3,
    "completed": 2,
    "failed": 1,
    "cancelled": 0,
    "attempts": 4,
    "computeMs": 2500,
    "gbSeconds": 2.5,
    "costUsd": 0.000054,
}
USAGE = {
    "from": "2026-11-01",
    "to": "2026-11-25",
    "days": [{"day": "2026-11-24", "flow": "acme/demo/word-count", **_USE}],
    "total": _USE,
}

LINE = {
    "at": "2026-11-25T12:00:01.500Z",
    "attempt": 1,
    "stream": "stdout",
    "level": "info",
    "message": "counting",
}
EVENTS = [
    {"at": "2026-11-25T12:00:00.000Z", "type": "submitted"},
    {"at": "2026-11-25T12:00:01.000Z", "type": "started", "attempt": 1, "message": "on a warm worker"},
]

PICKY = {
    "code": "INVALID_INPUT",
    "message": "Correct the input: parameters.top: must be integer",
    "errors": [{"path": "parameters.top", "message": "must be integer"}, {"path": "message", "message": "?"}],
}
"""How the flow `picky` refuses every input."""


class FakeApi(ThreadingHTTPServer):
    """An API whose jobs are answered with one body after the other, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lives: dict[str, list[dict[str, Any]]] = {}
        self.automation = Automation()
        self.flows: list[dict[str, Any]] = [FLOW]
        self.submissions: list[dict[str, Any]] = []
        self.queries: list[tuple[list[str], dict[str, list[str]]]] = []
        """Of each list request what it names below the org, and its query."""
        self.logs: dict[str, list[dict[str, Any]]] = {}
        """The pages of each job's log, the last one again and again."""
        self.log_queries: list[dict[str, str]] = []
        self.cancellations: list[dict[str, Any]] = []
        self.holds: list[int] = []
        self.follows: list[bool] = []
        """Of each held request, whether it was to be answered with every change of the progress."""
        self.holding = threading.Event()
        """Set when a request for the job `job_held` is held, which is until the API stops."""
        self.stopping = threading.Event()
        self.unreadable: list[str] = []
        """Ids of jobs that lists and cancellations of many cannot read."""
        self.slow: set[str] = set()
        """Where paths end whose requests are held as well."""

    @property
    def base_url(self) -> str:
        """Return what `NOUKAI_BASE_URL` is set to."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1"

    def live(self, job_id: str, *bodies: dict[str, Any]) -> None:
        """Set the answers about a job."""
        self.lives[job_id] = [{**body, "id": job_id} for body in bodies]

    def answer(  # noqa: PLR0911 - one for each route
        self, method: str, path: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        """Return the status and the body of the answer to a request below the base URL."""
        match method, path:
            case "GET", ["flows"]:
                return 200, {"flows": self.flows}
            case "GET", ["usage"]:
                return 200, {**USAGE, **{name: values[0] for name, values in query.items()}}
            case "POST", ["jobs", "status"]:
                return 200, {"jobs": [self._shown(job_id) for job_id in body["ids"]]}
            case _, ["jobs", job_id, *rest] if job_id in self.lives:
                return 200 if rest != ["retry"] else 202, self._answer_about(method, job_id, rest, query)
            case "GET", ["seq", "acme", *names, "jobs"]:
                self.queries.append((names, query))
                return 200, self._page("cursor" in query)
            case "POST", ["seq", "acme", "demo", flow, *rest]:
                return self._submitted_to(flow, rest, body)
            case _, ["keys" | "schedules" | "webhooks", *_]:
                return self.automation.answer(method, path, query, body) or _not_found(path)
        return _not_found(path)

    def _submitted_to(self, flow: str, rest: list[str], body: Any) -> tuple[int, Any]:
        match flow, rest:
            case "picky", ["jobs"]:
                return 422, {"detail": PICKY}
            case "many", ["jobs", "batch"]:
                self.submissions += body["jobs"]
                return 202, {"jobs": [self._accepted(entry) for entry in body["jobs"]]}
            case "busy", ["jobs", "cancel"]:
                self.cancellations.append(body)
                first = {"cancelled": 100, "cursor": "c"}
                return 200, first if "cursor" not in body else self._last(cancelled=7)
            case _, ["jobs"] if f"job_{flow}" in self.lives:
                self.submissions.append(body)
                return 202, {**job("pending"), "id": f"job_{flow}", "flow": f"acme/demo/{flow}"}
        return _not_found(["seq", flow, *rest])

    def _answer_about(self, method: str, job_id: str, rest: list[str], query: dict[str, list[str]]) -> Any:
        life = self.lives[job_id]
        match method, rest:
            case "POST", ["cancel"]:
                if life[0]["state"] == "running":
                    self.live(job_id, job("cancelled"))
                return self.lives[job_id][0]
            case "POST", ["retry"]:
                return {**job("pending"), "id": f"{job_id}_again", "flow": "acme/demo/again"}
            case "GET", ["input"]:
                return {"message": "to be", "parameters": {"top": 3}}
            case "GET", ["events"]:
                return {"events": EVENTS}
            case "GET", ["logs"]:
                self.log_queries.append({name: values[0] for name, values in query.items()})
                pages = self.logs.get(job_id, [{"lines": [LINE], "after": "1", "done": True}])
                return pages.pop(0) if len(pages) > 1 else pages[0]
        if rest == ["wait"]:
            self.follows.append(query.get("progress") == ["true"])
            self._hold(job_id, int(query["seconds"][0]))
        return life.pop(0) if len(life) > 1 else life[0]

    def _page(self, is_last: bool) -> dict[str, Any]:
        jobs = [{**job("running"), "id": f"job_{n}", "flow": "acme/demo/echo"} for n in range(3)]
        return self._last(jobs=jobs[1:]) if is_last else {"jobs": jobs[:1], "cursor": "c"}

    def _last(self, **page: Any) -> dict[str, Any]:
        """Return a last page, with what could not be read."""
        return {**page, "errors": list(map(unreadable, self.unreadable))} if self.unreadable else page

    def _accepted(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Accept an entry of a batch as the job that its message names."""
        if entry["message"] == "wrong":
            return {"error": {"code": "INVALID_INPUT", "message": "Correct it", "errors": []}}
        return {"job": {**job("pending"), "id": f"job_{entry['message']}", "flow": "acme/demo/many"}}

    def _shown(self, job_id: str) -> dict[str, Any]:
        if job_id not in self.lives:
            return {"id": job_id, "error": {"code": "JOB_NOT_FOUND", "message": "there is none"}}
        return {"id": job_id, "job": self.lives[job_id][0], "retryAfterMs": 0}

    def hold_if_slow(self, path: list[str]) -> None:
        """Hold a request if its path is a slow one."""
        if path[-1] in self.slow:
            self.holding.set()
            self.stopping.wait()

    def _hold(self, job_id: str, seconds: int) -> None:
        self.holds.append(seconds)
        if job_id == "job_held":
            self.holding.set()
            self.stopping.wait()


def _not_found(path: list[str]) -> tuple[int, Any]:
    code = {"seq": "FLOW_NOT_FOUND", "jobs": "JOB_NOT_FOUND"}.get(path[0], "NOT_FOUND")
    return 404, {"detail": {"code": code, "message": f"there is none at\n{'/'.join(path)}"}}


class _Handler(BaseHTTPRequestHandler):
    server: FakeApi

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        path = url.path.removeprefix("/api/v1/").split("/")
        self.server.hold_if_slow(path)
        if self.headers["Authorization"] != f"Bearer {KEY}":
            status, answer = 401, {"detail": {"code": "UNAUTHENTICATED", "message": "unknown key"}}
        else:
            status, answer = self.server.answer(
                self.command, path, parse_qs(url.query), json.loads(body or b"null")
            )
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {
            "Retry-After": "0",
            "X-Request-ID": "req_7",
            "Content-Length": len(content),
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        with suppress(BrokenPipeError):  # nobody is left who asked
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output free of requests."""


@contextmanager
def fake_api() -> Generator[FakeApi]:
    """Serve while the context lasts."""
    with FakeApi() as api:
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            api.stopping.set()
            api.shutdown()
            thread.join()
