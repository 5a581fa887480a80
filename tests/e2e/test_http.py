"""HTTP that any client may use, on real sockets: HEAD, OPTIONS, compressed bodies, marks, ids, queries."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from noukai_wire import limits

JOBS = "/seq/acme/demo/echo/jobs"
SENT = {"message": "grüße"}


@pytest.fixture
def http(base_url: str, api_key: str) -> Iterator[httpx.Client]:
    """Return a client that knows the address and the key, and nothing of the API."""
    with httpx.Client(
        base_url=base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=60
    ) as client:
        yield client


def submitted(http: httpx.Client, content: bytes, **headers: str) -> httpx.Response:
    return http.post(JOBS, content=content, headers=headers)


def refusal(response: httpx.Response) -> tuple[int, Any]:
    return response.status_code, response.json()["detail"]["code"]


def test_head_answers_as_get(http: httpx.Client) -> None:
    """Status and headers are the same, without the body, for refusals too."""
    job_id = submitted(http, json.dumps(SENT).encode()).json()["id"]
    for path in (
        "/flows",
        "/healthz",
        "/openapi.json",
        f"/jobs/{job_id}",
        f"{JOBS}?limit=1",
        f"{JOBS}/{job_id}",
    ):
        head, shown = http.head(path), http.get(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["Content-Type"] == shown.headers["Content-Type"]
        assert head.headers["X-Request-ID"]
    assert http.head("/jobs/job_none").status_code == 404
    assert http.head("/flows", headers={"Authorization": "Bearer nk_wrong"}).status_code == 401
    assert http.head(JOBS.replace("jobs", "uploads")).status_code == 404


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (JOBS, "GET, HEAD, OPTIONS, POST"),
        ("/jobs/job_x/cancel", "OPTIONS, POST"),
        ("/flows", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_lists_the_methods(http: httpx.Client, path: str, methods: str) -> None:
    """It needs no key; an unknown path is not found."""
    answer = http.options(path, headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["Allow"], answer.content) == (204, methods, b"")
    assert http.options("/nowhere").status_code == 404


def test_compressed_bodies_are_inflated(http: httpx.Client) -> None:
    """gzip in one or several pieces is accepted; the size after inflating counts."""
    plain = json.dumps(SENT).encode()
    packed = {"Content-Encoding": "gzip", "Content-Type": "application/gzip"}
    for content in (gzip.compress(plain), gzip.compress(plain[:5]) + gzip.compress(plain[5:])):
        job_id = submitted(http, content, **packed).json()["id"]
        shown = http.get(f"/jobs/{job_id}/wait", params={"seconds": 20}).json()
        assert shown["result"]["output"]["message"] == SENT["message"]
    bomb = gzip.compress(b" " * (50 * limits.MAX_BODY_BYTES))
    assert len(bomb) < limits.MAX_BODY_BYTES
    assert refusal(submitted(http, bomb, **packed)) == (413, "PAYLOAD_TOO_LARGE")
    just_fits = gzip.compress(plain + b" " * (limits.MAX_BODY_BYTES - len(plain)))
    assert submitted(http, just_fits, **packed).status_code == 202
    for broken in (gzip.compress(plain)[:-9], b"no gzip", gzip.compress(plain) + b"more"):
        assert refusal(submitted(http, broken, **packed)) == (400, "INVALID_JSON")
    assert refusal(submitted(http, plain, **{**packed, "Content-Encoding": "br"})) == (422, "INVALID_INPUT")
    # Requests without permission are refused before anything is inflated.
    stranger = {**packed, "Authorization": "Bearer nk_wrong"}
    assert refusal(submitted(http, bomb, **stranger)) == (401, "UNAUTHENTICATED")


def test_byte_order_mark_of_a_body_is_ignored(http: httpx.Client) -> None:
    """Some editors and languages write a byte-order mark before UTF-8."""
    body = b"\xef\xbb\xbf" + json.dumps(SENT).encode()
    assert submitted(http, body, **{"Content-Type": "application/json"}).status_code == 202


def test_id_of_the_caller_is_kept(http: httpx.Client) -> None:
    """An answer has the request's own id, if that is usable."""
    for path in ("/flows", "/jobs/job_none", "/nowhere"):
        for own in ("trace-7", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
            assert http.get(path, headers={"X-Request-ID": own}).headers["X-Request-ID"] == own
        for unusable in ("x" * 129, "two words", '"quoted"'):
            answered = http.get(path, headers={"X-Request-ID": unusable}).headers["X-Request-ID"]
            assert answered not in ("", unusable)


def test_plus_in_a_query_is_a_plus(http: httpx.Client) -> None:
    """The zone of a time may be written plainly or escaped."""
    for zone in ("+01:00", "%2B01:00", "%2b0100"):
        for begun in ("2026-01-01T00:00:00", "2026-01-01T00:00:00.123"):
            answer = http.get(f"{JOBS}?createdAfter={begun}{zone}&limit=1")
            assert (answer.status_code, next(iter(answer.json()))) == (200, "jobs"), answer.text
    assert refusal(http.get(f"{JOBS}?createdAfter=2026-01-01T00:00:00&limit=1")) == (422, "INVALID_INPUT")
