"""Web pages that call the local system, as a deployment with the setting `cors` lets them."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from noukai_infra.local.address.browsers import Browsers, CrossOrigins
from noukai_infra.local.address.gateway import Receive, Send
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS
from noukai_infra.local.running import started
from noukai_wire.routes import BASE_PATH, Route
from tests.infra.local.browser import BlockedError, Page
from tests.infra.stack.template import Template

APP, OTHER = "https://app.acme.com", "https://app.acme.com.evil.example"
API = "http://localhost/api/v1"
JSON = {"Authorization": "Bearer nk_x", "Content-Type": "application/json"}


def sender(
    template: Template, status: int, headers: dict[str, str]
) -> Callable[[httpx.Request], httpx.Response]:
    """Return a gateway by a template before functions that always answer the same."""

    async def functions(scope: Any, _receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"{}"})

    transport: Any = httpx.ASGITransport(Browsers(functions, CrossOrigins.of(template.text), ["payloads"]))

    def send(request: httpx.Request) -> httpx.Response:
        async def answered() -> httpx.Response:
            answer: httpx.Response = await transport.handle_async_request(request)
            await answer.aread()
            return answer

        return asyncio.run(answered())

    return send


@pytest.fixture(scope="module")
def allowing(template_for: Callable[..., Template]) -> Template:
    return template_for(cors={"origins": [APP, "http://localhost:5173"]})


@pytest.mark.parametrize("status", [200, 202, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503])
def test_page_reads_answers_and_errors(allowing: Template, status: int) -> None:
    """The key, the idempotency key and a trace are sent; what a client needs is read."""
    said = {"Retry-After": "1", "Retry-After-Ms": "50", "X-Request-ID": "r", "Location": "/api/v1/x"}
    page = Page(APP, sender(allowing, status, {**said, "WWW-Authenticate": "Bearer", "Server": "s"}))
    sent = {**JSON, "Idempotency-Key": "k", "X-Request-ID": "r", "traceparent": "t", "tracestate": "s"}
    answer = page.fetch(f"{API}/seq/a/b/c/jobs", "POST", {**sent, "Content-Encoding": "gzip"}, b"{}")
    assert answer.status_code == status
    assert {**said, "WWW-Authenticate": "Bearer"}.items() <= {
        name: answer.headers.get(name) for name in (*said, "WWW-Authenticate")
    }.items()
    assert "server" not in answer.headers


@pytest.mark.parametrize("route", Route)
def test_every_method_of_a_route_is_allowed(allowing: Template, route: Route) -> None:
    """A page may do whatever its key may."""
    page = Page("http://localhost:5173", sender(allowing, 200, {}))
    assert page.fetch(f"{API}/x", route.method, JSON).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        OTHER,
        "null",
        "http://app.acme.com",
        "https://app.acme.com:8443",
        "https://x.app.acme.com",
        "https://APP.ACME.COM",
    ],
)
def test_pages_of_other_origins_read_nothing(allowing: Template, origin: str) -> None:
    """What a function says about origins does not reach them: the gateway replaces it."""
    page = Page(origin, sender(allowing, 200, {"Access-Control-Allow-Origin": "*"}))
    with pytest.raises(BlockedError, match="not allowed"):
        page.fetch(f"{API}/flows", headers=JSON)
    with pytest.raises(BlockedError, match="not allowed"):
        page.fetch(f"{API}/health")
    with pytest.raises(BlockedError, match="not allowed"):
        page.fetch("http://localhost/payloads/a?X-Amz-Signature=s", "PUT", {}, b"x")


def test_unknown_headers_are_not_sent(allowing: Template) -> None:
    """The list is that of what the functions read."""
    with pytest.raises(BlockedError, match="x-own is not in"):
        Page(APP, sender(allowing, 200, {})).fetch(f"{API}/flows", headers={**JSON, "X-Own": "1"})


def test_without_the_setting_no_page_reads_anything(template: Template) -> None:
    """As before there was one."""
    page = Page(APP, sender(template, 200, {"Access-Control-Allow-Origin": "*"}))
    for url in (f"{API}/health", "http://localhost/payloads/a"):
        with pytest.raises(BlockedError):
            page.fetch(url)


def test_options_without_a_page_reaches_the_function(allowing: Template) -> None:
    """It is no preflight: the answer is the path's methods."""
    answer = sender(allowing, 204, {"Allow": "GET"})(httpx.Request("OPTIONS", f"{API}/flows"))
    assert answer.headers["allow"] == "GET"
    assert "access-control-allow-origin" not in answer.headers


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    context = {"cors": {"origins": [APP]}, "domain": {"name": "jobs.acme.com", "zone": "Z1"}}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with started({**environ, "CDK_CONTEXT_JSON": json.dumps(context)}) as system:
        yield system.wait_until_ready()


def test_page_submits_uploads_and_reads_a_result(base_url: str) -> None:
    """All of it through localhost, with preflights; a page of another origin does none of it."""
    key = {"Authorization": f"Bearer {LOCAL_KEYS['acme']}"}
    with httpx.Client(timeout=30, trust_env=False) as client:
        page = Page(APP, client.send)
        flow = {"org": "acme", "project": "demo", "flow": "word-count"}
        content = json.dumps({"message": "to be or not to be"}).encode()
        body = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        headers = {**key, "Content-Type": "application/json"}
        url = f"{base_url}{Route.UPLOAD.path(**flow)}"
        upload = page.fetch(url, "POST", headers, json.dumps(body).encode())
        assert upload.status_code == 200, upload.text
        target = upload.json()
        # A browser states the length itself, and ignores what a page says about it.
        stated = {name: value for name, value in target["headers"].items() if name != "Content-Length"}
        put = page.fetch(target["url"], "PUT", stated, content)
        assert put.status_code == 200, put.text
        assert "etag" in put.headers
        submission = json.dumps({"input": target["input"]}).encode()
        url = f"{base_url}{Route.SUBMIT.path(**flow)}"
        accepted = page.fetch(url, "POST", {**headers, "Idempotency-Key": "k"}, submission)
        assert accepted.status_code == 202, accepted.text
        assert accepted.headers["location"].startswith(f"{BASE_PATH}/seq/acme/demo/word-count/jobs/")
        ended = _ended(page, f"{base_url}{Route.WAIT_BY_ID.path(id=accepted.json()['id'])}?seconds=20", key)
        assert ended["state"] == "completed"
        wrong = page.fetch(f"{base_url}/flows", headers={"Authorization": "Bearer nk_wrong"})
        assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")
        with pytest.raises(BlockedError):
            Page(OTHER, client.send).fetch(f"{base_url}/flows", headers=key)
        with pytest.raises(BlockedError):
            Page(OTHER, client.send).fetch(target["url"], "PUT", stated, content)


def _ended(page: Page, url: str, headers: dict[str, str]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        status: dict[str, Any] = page.fetch(url, headers=headers).json()
        if status["state"] not in ("pending", "running") or time.monotonic() > deadline:
            return status
