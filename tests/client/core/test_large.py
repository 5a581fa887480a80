"""Inputs and outputs that are too large for a body: callers of the client see no difference."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from noukai import (
    InvalidArgumentError,
    PermissionDeniedError,
    ResultLostError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)
from noukai._core.requests import TOTAL_SECONDS
from noukai._io.stream import Pieces
from noukai_wire import limits
from tests.client.conftest import Colour
from tests.client.script import job

LARGE = "grüße " * 50_000
FLOW = "acme/demo/echo"


@dataclass
class LargeApi:
    """An API with a bucket beside it; `failures` are the answers that the bucket gives first."""

    output: Any = LARGE
    failures: list[httpx.Response | Exception] = field(default_factory=list)
    is_lost: bool = False
    requests: list[httpx.Request] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host == "bucket.test":
            return self._of_bucket(request)
        path = request.url.path.removeprefix("/api/v1/")
        if path.endswith("/uploads"):
            body = json.loads(request.content)
            headers = {"Content-Length": str(body["bytes"]), "x-amz-checksum-sha256": body["sha256"]}
            url = f"https://bucket.test/{body['sha256']}?signature=secret{len(self.requests)}"
            return httpx.Response(
                200, json={"input": f"keep-16d/{body['sha256']}", "url": url, "headers": headers}
            )
        if path.endswith("/jobs/batch"):
            entries = json.loads(request.content)["jobs"]
            accepted = [
                {"job": {**job("pending"), "flow": FLOW, "id": f"job_{at}"}} for at in range(len(entries))
            ]
            return httpx.Response(202, json={"jobs": accepted})
        if path == "jobs/status":
            ids = json.loads(request.content)["ids"]
            return httpx.Response(
                200, json={"jobs": [{"id": id_, "job": {**self.status, "id": id_}} for id_ in ids]}
            )
        return httpx.Response(202 if request.method == "POST" else 200, json=self.status)

    @property
    def status(self) -> dict[str, Any]:
        if self.is_lost:
            lost = {"status": "failed", "error": "ResultLost: it is gone"}
            return {**job("completed"), **lost, "result": None}
        content = json.dumps(self.output).encode()
        sha256 = hashlib.sha256(content).hexdigest()
        self.objects.setdefault(sha256, content)
        url = f"https://bucket.test/{sha256}?signature=secret"
        result = {
            "status": "completed",
            "outputUrl": url,
            "outputBytes": len(content),
            "outputSha256": sha256,
        }
        return {**job("completed", result=result), "flow": FLOW}

    def _of_bucket(self, request: httpx.Request) -> httpx.Response:
        assert "Authorization" not in request.headers
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return httpx.Response(failure.status_code, content=failure.content)
        name = request.url.path[1:]
        if request.method == "PUT":
            assert request.headers["Content-Length"] == str(len(request.content))
            assert request.headers["Host"] == "bucket.test"
            assert (
                hashlib.sha256(request.content).hexdigest()
                == request.headers["x-amz-checksum-sha256"]
                == name
            )
            self.objects[name] = request.content
            return httpx.Response(200)
        return httpx.Response(200, content=self.objects[name])

    def sent_to(self, suffix: str) -> list[Any]:
        return [json.loads(each.content) for each in self.requests if each.url.path.endswith(suffix)]


def flow_of(colour: Colour, api: LargeApi, **options: Any) -> Any:
    return colour.client(api, **options).flow("acme/demo/echo")


def test_large_input_is_uploaded_and_submitted_by_reference(colour: Colour) -> None:
    """Both requests have the options, which decide how long the input is kept."""
    api = LargeApi()
    colour.run(flow_of(colour, api).job(LARGE, {"top": 3}, keep_seconds=7200))
    content = next(iter(api.objects.values()))
    assert json.loads(content) == {"message": LARGE, "parameters": {"top": 3}}
    sha256 = hashlib.sha256(content).hexdigest()
    options = {"keepSeconds": 7200}
    assert api.sent_to("/uploads") == [{"bytes": len(content), "sha256": sha256, "options": options}]
    assert api.sent_to("/jobs") == [{"input": f"keep-16d/{sha256}", "options": options}]


def test_input_that_fits_is_sent_as_ever(colour: Colour) -> None:
    """It goes in one request if it would fit into an entry of a batch."""
    api = LargeApi()
    around = len('{"jobs":[{"message":"","idempotencyKey":"k"}]}')
    for size, asked in (
        (limits.MAX_BODY_BYTES - around, ["POST"]),
        (limits.MAX_BODY_BYTES, ["POST", "PUT", "POST"]),
    ):
        api.requests.clear()
        colour.run(flow_of(colour, api).job("x" * size, idempotency_key="k"))
        assert [each.method for each in api.requests] == asked


def test_input_beyond_the_limit_is_refused_before_anything_is_sent(
    colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the limit."""
    monkeypatch.setattr("noukai._core.sending.submission.MAX_PAYLOAD_BYTES", 300_000)
    api = LargeApi()
    with pytest.raises(InvalidArgumentError, match="at most 300000"):
        colour.run(flow_of(colour, api).job("x" * 300_000))
    assert api.requests == []


@pytest.mark.parametrize("call", ["wait", "status", "execute"])
def test_large_output_is_fetched(colour: Colour, call: str) -> None:
    """It is in the same place as a small one."""
    api = LargeApi()
    client = colour.client(api)
    calls = {
        "wait": lambda: client.job("job_1").wait(),
        "status": lambda: client.job("job_1").status(),
        "execute": lambda: client.flow("acme/demo/echo").execute("x"),
    }
    outcome = colour.run(calls[call]())
    result = outcome.result if call == "status" else outcome
    assert result.output == LARGE
    assert result.model_dump(by_alias=True, exclude_unset=True).keys() == {"status", "output"}


FAILURES = {
    "busy": httpx.Response(503),
    "unreachable": httpx.ConnectError("no"),
    "broken": httpx.ReadError("broken"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_transfers_are_repeated(colour: Colour, failure: httpx.Response | Exception) -> None:
    """They begin again, as every request does."""
    api = LargeApi(failures=[failure])
    colour.run(flow_of(colour, api).job(LARGE))
    assert [json.loads(content) for content in api.objects.values()] == [{"message": LARGE}, LARGE]
    api.failures.append(failure)
    assert colour.run(colour.client(api).job("job_1").wait()).output == LARGE


def test_expired_url_is_asked_for_anew(colour: Colour) -> None:
    """An upload and a download ask once for another URL."""
    expired = httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>")
    api = LargeApi(failures=[expired])
    colour.run(flow_of(colour, api).job(LARGE))
    assert len(api.sent_to("/uploads")) == 2
    api.failures.append(expired)
    assert colour.run(colour.client(api).job("job_1").wait()).output == LARGE
    api.failures += [expired, expired]
    with pytest.raises(PermissionDeniedError) as raised:
        colour.run(colour.client(api).job("job_1").wait())
    assert "secret" not in str(raised.value)


def test_unreachable_bucket_tells_no_signature(colour: Colour) -> None:
    """The error leaves out the query, since anybody with the whole URL can read the output."""
    api = LargeApi(failures=[httpx.ConnectError("no")])
    with pytest.raises(Exception, match=r"bucket\.test") as raised:
        colour.run(colour.client(api, max_retries=0).job("job_1").wait())
    assert "secret" not in str(raised.value)


def test_lost_output_is_told(colour: Colour) -> None:
    """Either the API reports it, or the bucket and then the API."""
    api = LargeApi(is_lost=True)
    with pytest.raises(ResultLostError, match="it is gone") as raised:
        colour.run(colour.client(api).job("job_1").wait())
    assert raised.value.status.state == "completed"
    api = LargeApi()

    def lose(request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket.test":
            api.is_lost = True
            return httpx.Response(404)
        return api(request)

    with pytest.raises(ResultLostError, match="it is gone"):
        colour.run(colour.client(lose).job("job_1").wait())


def test_output_of_another_content_is_refused(colour: Colour) -> None:
    """An output that does not match its checksum is an error."""
    api = LargeApi()
    api.objects[hashlib.sha256(json.dumps(LARGE).encode()).hexdigest()] = b'"forged"'
    with pytest.raises(UnexpectedAnswerError, match="does not match the job's checksum"):
        colour.run(colour.client(api).job("job_1").wait())


def test_wait_ends_at_its_deadline_though_the_output_is_slow(colour: Colour) -> None:
    """The error says that the job has ended."""
    now = [0.0]
    api = LargeApi()

    def slow(request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket.test":
            now[0] += 10
            return httpx.Response(503)
        return api(request)

    with pytest.raises(WaitTimeoutError, match="has ended, but its result did not arrive within 5000 ms"):
        colour.run(colour.client(slow, clock=lambda: now[0]).job("job_1").wait(timeout_ms=5000))


def test_transfer_has_time_for_its_size(colour: Colour) -> None:
    """Each step has its timeout, and the transfer has none: a slow connection is not a broken one."""
    api = LargeApi()
    colour.run(flow_of(colour, api, timeout=30).job(LARGE))
    put = next(each for each in api.requests if each.method == "PUT")
    steps = put.extensions["timeout"]
    assert (steps["connect"], steps["write"], put.extensions[TOTAL_SECONDS]) == (30, 30, None)
    assert steps["read"] > 30  # what the system holds back is yet to be sent


def test_map_uploads_each_large_input(colour: Colour) -> None:
    """Each is uploaded after the one before, and submitted in a request of its own."""
    api = LargeApi()
    jobs = colour.collect(flow_of(colour, api).map(["a", LARGE, "b", "c"]))
    assert len(jobs) == 4
    batches = [[sorted(entry) for entry in body["jobs"]] for body in api.sent_to("/jobs/batch")]
    small, large = ["idempotencyKey", "message"], ["idempotencyKey", "input"]
    assert sorted(batches) == sorted([[small], [large], [small, small]])


def test_jobs_that_end_with_large_outputs(colour: Colour) -> None:
    """Each output is fetched when it is read."""
    import noukai  # noqa: PLC0415 - beside the client's own names

    api = LargeApi()
    client = colour.client(api)
    ended = colour.collect(noukai.as_completed([client.job("job_1"), client.job("job_b")]))
    assert not [each for each in api.requests if each.url.host == "bucket.test"]
    assert [colour.run(each.wait()).output for each in ended] == [LARGE, LARGE]


def test_content_is_sent_in_pieces() -> None:
    """httpx would copy the remainder for each packet otherwise."""
    pieces = list(Pieces(b"x" * 200_000))
    assert b"".join(pieces) == b"x" * 200_000
    assert max(map(len, pieces)) == 1 << 16
