"""A console without a system: its own files, and answers of an API that a test decides.

Each request and each answer is checked against the OpenAPI document, so that no test rests on a shape that
the API does not have.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator
from playwright.sync_api import Route

from noukai_functions.build.openapi.document import openapi
from noukai_functions.console import answer_console

ORIGIN = "https://console.test"
BASE = "/api/v1"
SCOPES = ["cancel", "limits", "ops", "read", "schedules", "submit", "usage", "webhooks"]
START = datetime(2026, 11, 30, 9, tzinfo=UTC)
NO_USE = dict.fromkeys(
    ("jobs", "completed", "failed", "cancelled", "attempts", "computeMs", "gbSeconds", "costUsd"), 0
)
_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"


def job_id(number: int) -> str:
    """Return the id of a job of a test."""
    digits = ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits = _DIGITS[digit] + digits
    return f"job_{digits}"


def instant(seconds: float) -> str:
    """Return an instant after the start of a test's story, as the API writes it."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job(number: int, state: str = "completed", **more: Any) -> dict[str, Any]:
    """Return a job; those with a higher number are newer."""
    made: dict[str, Any] = {
        "id": job_id(number),
        "state": state,
        "flow": "acme/studio/greet",
        "createdAt": instant(number),
    }
    if state != "pending":
        made |= {"startedAt": instant(number + 1), "attempt": 1}
    if state not in ("pending", "running"):
        made["completedAt"] = instant(number + 3)
    return {**made, "maxAttempts": 3, **more}


@dataclass(frozen=True)
class Asked:
    """A request of the page."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Mapping[str, str]
    text: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer to it."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """The body as it is sent, if its numbers matter."""


class Held:
    """Requests of the page that wait until a test lets them go on."""

    def __init__(self) -> None:
        """Hold none yet."""
        self.routes: list[Route] = []

    def take(self, route: Route) -> None:
        """Hold a request."""
        self.routes.append(route)


Handler = Callable[[Asked], Answer | dict[str, Any]]


def refused(status: int, code: str, message: str, **more: Any) -> Answer:
    """Return a refusal of the API."""
    headers = more.pop("headers", {})
    return Answer({"detail": {"code": code, "message": message, **more}}, status, headers)


@dataclass
class CannedApi:
    """The API, as a test wants it: `handlers` take precedence over the answers from `jobs` and `flows`."""

    files: Path
    jobs: list[dict[str, Any]] = field(default_factory=list)
    flows: list[dict[str, Any]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    handlers: dict[str, Handler] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What does not follow the OpenAPI document."""

    def on(self, pattern: str, handler: Handler) -> None:
        """Answer the requests that match, such as `GET /usage`."""
        self.handlers[pattern] = handler

    def requests(self, pattern: str = "") -> list[Asked]:
        """Return the requests that match."""
        return [each for each in self.asked if re.search(pattern, f"{each.method} {each.path}")]

    def serve(self, route: Route) -> None:
        """Answer a request of the browser."""
        address = urlsplit(route.request.url)
        path = address.path.removeprefix(BASE)
        if address.path == f"{BASE}/console" or path.startswith("/console/console."):
            self._serve_file(route, address.path)
            return
        text = route.request.post_data or ""
        asked = Asked(
            route.request.method,
            path,
            dict(parse_qsl(address.query)),
            json.loads(text) if text else None,
            route.request.headers,
            text,
        )
        self.asked.append(asked)
        answer = self._answer(asked)
        if path != "/console/key":
            self.wrong += [f"{asked.method} {path}: {each}" for each in problems_of(asked, answer)]
        headers = {"Content-Type": "application/json", **answer.headers}
        body = answer.text if answer.text is not None else json.dumps(answer.body)
        route.fulfill(status=answer.status, headers=headers, body="" if answer.status == 204 else body)

    def _serve_file(self, route: Route, path: str) -> None:
        event = {
            "rawPath": path,
            "headers": {},
            "requestContext": {"http": {"method": "GET"}, "requestId": "canned"},
        }
        environment = {"PAYLOADS_BUCKET": "payloads", "AWS_REGION": "eu-central-1"}
        served = answer_console(event, self.files, environment, lambda _event: {})
        assert served is not None, path
        route.fulfill(status=200, headers=served["headers"], body=base64.b64decode(served["body"]))

    def _answer(self, asked: Asked) -> Answer:
        for pattern, handler in reversed({**self._usual(), **self.handlers}.items()):
            if re.fullmatch(pattern, f"{asked.method} {asked.path}"):
                answer = handler(asked)
                return answer if isinstance(answer, Answer) else Answer(answer)
        return refused(404, "NOT_FOUND", f"There is nothing at {unquote(asked.path)}.")

    def _usual(self) -> dict[str, Handler]:
        """Return the answers of an API that works; the last pattern that matches counts."""
        return {
            "GET /jobs/[^/]+": self._job,
            "GET /jobs/[^/]+/input": lambda _asked: {"parameters": {}},
            "GET /jobs/[^/]+/events": lambda _asked: {"events": []},
            "GET /jobs/[^/]+/logs": lambda _asked: {"lines": [], "after": "end", "done": True},
            "POST /jobs/status": self._statuses,
            "GET /seq/.+/jobs": self.page_of,
            "GET /flows": lambda _asked: {"flows": self.flows},
            "GET /schedules": lambda _asked: {"schedules": []},
            "GET /webhooks": lambda _asked: {"webhooks": []},
            "GET /usage": lambda _asked: {
                "from": "2026-11-01",
                "to": "2026-11-30",
                "days": [],
                "total": NO_USE,
            },
            "GET /console/key": lambda _asked: {"name": "tests", "org": "acme", "scopes": self.scopes},
        }

    def _job(self, asked: Asked) -> Answer:
        found = [each for each in self.jobs if asked.path == f"/jobs/{each['id']}"]
        return Answer(found[0]) if found else refused(404, "JOB_NOT_FOUND", "There is no such job.")

    def _statuses(self, asked: Asked) -> dict[str, Any]:
        known = {each["id"]: each for each in self.jobs}
        return {"jobs": [{"id": each, "job": known[each], "retryAfterMs": 500} for each in asked.body["ids"]]}

    def page_of(self, asked: Asked) -> dict[str, Any]:
        """Return a page of the list of jobs."""
        kept = [each for each in self.jobs if asked.query.get("state") in (None, each["state"])]
        newest = sorted(kept, key=lambda each: each["createdAt"], reverse=True)
        start, limit = int(asked.query.get("cursor", 0)), int(asked.query["limit"])
        page: dict[str, Any] = {"jobs": newest[start : start + limit]}
        return page | ({"cursor": str(start + limit)} if start + limit < len(newest) else {})


@cache
def _document() -> dict[str, Any]:
    return openapi({}, 600, {})


@cache
def _validator(schema: str) -> Any:
    return Draft202012Validator({**json.loads(schema), "components": _document()["components"]})


@cache
def _operation(method: str, path: str) -> str | None:
    """Return the template of a path; one without a variable first."""
    for template in sorted(_document()["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"\{\w+\}", "[^/]+", template)
        if re.fullmatch(pattern, path) and method.lower() in _document()["paths"][template]:
            return str(template)
    return None


def problems_of(asked: Asked, answer: Answer) -> list[str]:
    """Return how a request or its answer differs from the OpenAPI document."""
    template = _operation(asked.method, asked.path)
    if template is None:
        return [] if answer.status == 404 else ["there is no such operation"]
    operation = _document()["paths"][template][asked.method.lower()]
    queries = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    found = [f"has no query parameter {name}" for name in asked.query if name not in queries]
    if asked.body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        found += [each.message for each in _validator(json.dumps(schema)).iter_errors(asked.body)]
    described = operation["responses"].get(str(answer.status))
    if described is None:
        return [*found, f"never answers {answer.status}"]
    if "$ref" in described:
        described = _document()["components"]["responses"][described["$ref"].rpartition("/")[2]]
    content = described.get("content", {}).get("application/json")
    body = json.loads(answer.text) if answer.text is not None else answer.body
    if content is None:
        return found
    return found + [each.message for each in _validator(json.dumps(content["schema"])).iter_errors(body)]
