"""Jobs from submission to their end, through the whole system, in both colours of the client."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from noukai import (
    ApiError,
    AuthenticationError,
    ConflictError,
    FlowNotFoundError,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    JobNotFoundError,
    Noukai,
    PermissionDeniedError,
    WaitTimeoutError,
)
from tests.e2e.conftest import Colour

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = (Path(__file__).resolve().parents[2] / "LICENSE").read_text()


def test_job_runs_to_its_result(colour: Colour) -> None:
    """A job is submitted, waited for and returns its flow's result."""
    job = colour.run(
        colour.client.flow("word-count").job(message=TEXT, parameters={"top": 2}, metadata={"for": "e2e"})
    )
    result = colour.run(job.wait(timeout_ms=60_000))
    status = colour.run(job.status())

    assert result.output["words"] > 160
    assert list(result.output["top"]) == ["the", "software"]
    assert (status.state, status.attempt, status.metadata) == ("completed", 1, {"for": "e2e"})
    assert status.created_at <= status.started_at <= status.completed_at


def test_job_of_an_async_flow(colour: Colour) -> None:
    """A coroutine function runs as well as any."""
    value: dict[str, Any] = {"unicode": "größer 🎈", "nested": [None, 1.5, {"a": []}]}
    job = colour.run(colour.client.flow("echo").job(message="hi", parameters={"value": value}))
    assert colour.run(job.wait(timeout_ms=60_000)).output == {"message": "hi", "value": value}


def test_job_is_taken_up_by_its_id(colour: Colour) -> None:
    """Another process can follow a job whose id it knows."""
    job = colour.run(colour.client.flow("echo").job(message="hi"))
    taken_up = colour.client.job(job.id)
    assert colour.run(taken_up.wait(timeout_ms=60_000)).output["message"] == "hi"


def test_progress_is_seen_while_the_job_runs(colour: Colour) -> None:
    """A wait reports the flow's progress."""
    job = colour.run(colour.client.flow("sleep").job(parameters={"seconds": 4, "steps": 20}))
    seen: list[Any] = []
    colour.run(job.wait(timeout_ms=60_000, on_progress=seen.append))
    percents = [progress["percent"] for progress in seen]
    assert percents
    assert percents == sorted(percents)


def test_cancelled_job_stops(colour: Colour) -> None:
    """Every reader sees it cancelled at once, and its code stops within seconds."""
    job = colour.run(colour.client.flow("sleep").job(parameters={"seconds": 600}))
    deadline = time.monotonic() + 30
    while colour.run(job.status()).state == "pending" and time.monotonic() < deadline:
        pass
    assert colour.run(job.status()).state == "running"

    colour.run(job.cancel())
    assert colour.run(job.status()).state == "cancelled"
    with pytest.raises(JobCancelledError):
        colour.run(job.wait(timeout_ms=1000))
    while colour.run(job.status()).stopped_at is None and time.monotonic() < deadline:
        pass
    assert colour.run(job.status()).stopped_at is not None
    colour.run(job.cancel())


def test_failing_job(colour: Colour) -> None:
    """A flow that takes too long fails with a reason; waiting for it raises an error with the status."""
    job = colour.run(
        colour.client.flow("sleep").job(parameters={"seconds": 600}, timeout_seconds=1, max_attempts=1)
    )
    with pytest.raises(JobFailedError, match="TimeoutError") as failed:
        colour.run(job.wait(timeout_ms=60_000))
    assert failed.value.status.state == "failed"


def test_retried_job_runs_again(colour: Colour) -> None:
    """A stopped job's input is submitted again, as one new job that names the job it retries."""
    parameters = {"seconds": 600}
    job = colour.run(
        colour.client.flow("sleep").job(parameters=parameters, timeout_seconds=1, max_attempts=1)
    )
    with pytest.raises(JobFailedError):
        colour.run(job.wait(timeout_ms=60_000))
    again, twice = colour.run(job.retry()), colour.run(job.retry())
    assert again.id == twice.id != job.id
    with pytest.raises(JobFailedError) as failed:
        colour.run(again.wait(timeout_ms=60_000))
    assert failed.value.status.retry_of == job.id


def test_job_continues_after_a_wait_ends(colour: Colour) -> None:
    """A wait ends at its deadline; the job continues."""
    job = colour.run(colour.client.flow("sleep").job(parameters={"seconds": 3}))
    begun = time.monotonic()
    with pytest.raises(WaitTimeoutError):
        colour.run(job.wait(timeout_ms=1000))
    assert 0.9 <= time.monotonic() - begun < 2.5
    assert colour.run(job.wait(timeout_ms=60_000)).output == {"slept": 3}


def test_same_key_is_the_same_job(colour: Colour) -> None:
    """An idempotency key names one job; with another body it is a conflict."""
    key = f"e2e {time.time_ns()}"
    flow = colour.client.flow("echo")
    first = colour.run(flow.job(message="a", idempotency_key=key))
    assert colour.run(flow.job(message="a", idempotency_key=key)).id == first.id
    with pytest.raises(ConflictError):
        colour.run(flow.job(message="b", idempotency_key=key))


def test_flows_are_listed(colour: Colour) -> None:
    """The deployment lists its flows and their inputs."""
    flows = {flow.flow.partition("/")[2]: flow for flow in colour.run(colour.client.flows())}
    assert {"demo/echo", "demo/sleep", "demo/word-count"} <= flows.keys()
    assert flows["demo/word-count"].input["required"] == ["message"]


def test_jobs_are_listed_and_cancelled(colour: Colour) -> None:
    """A flow's jobs are listed newest first, in pages and by state, and cancelled together."""
    flow = colour.client.flow("sleep")
    began = datetime.now(UTC)
    ids = [colour.run(flow.job(parameters={"seconds": 1}, delay_seconds=600)).id for _ in range(3)]
    for jobs in (flow.jobs, colour.client.jobs):
        assert [each.id for each in colour.collect(jobs(created_after=began, page_size=2))] == ids[::-1]
    assert colour.run(flow.cancel_jobs(state="pending", created_after=began)) == 3
    assert colour.collect(flow.jobs(state="pending", created_after=began)) == []
    cancelled = colour.collect(colour.client.jobs(project="demo", state="cancelled", created_after=began))
    assert [each.id for each in cancelled] == ids[::-1]


def test_errors_are_those_of_the_contract(colour: Colour) -> None:
    """Each wrong call raises its own class, with code and request id."""
    flow = colour.client.flow("word-count")
    calls: list[tuple[Callable[[], Any], type[ApiError], str]] = [
        (flow.job, InvalidInputError, "MISSING_MESSAGE"),
        (lambda: flow.job(message="x", parameters={"top": 0}), InvalidInputError, "INVALID_INPUT"),
        (colour.client.flow("nothing").job, FlowNotFoundError, "FLOW_NOT_FOUND"),
        (colour.client.flow("other/demo/echo").job, PermissionDeniedError, "FORBIDDEN"),
        (colour.client.flow("nothing").cancel_jobs, FlowNotFoundError, "FLOW_NOT_FOUND"),
        (colour.client.flow("other/demo/echo").cancel_jobs, PermissionDeniedError, "FORBIDDEN"),
        (colour.client.job("job_" + "a" * 26).status, JobNotFoundError, "JOB_NOT_FOUND"),
    ]
    for wrong, error, code in calls:
        with pytest.raises(error) as raised:
            colour.run(wrong())
        assert raised.value.code == code
        assert raised.value.request_id


def test_wrong_key(base_url: str) -> None:
    """A wrong key is refused."""
    with Noukai(api_key="nk_wrong", base_url=base_url) as client, pytest.raises(AuthenticationError):
        client.flows()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/nowhere", 404, "NOT_FOUND"),
        ("/seq/acme/demo%2Fecho/echo/jobs", 404, "FLOW_NOT_FOUND"),
        ("/seq/acme/demo/ec%2Fho/jobs", 404, "FLOW_NOT_FOUND"),
        ("/seq/acme%2Fdemo%2Fecho/jobs/x%2Fcancel%2F", 404, "NOT_FOUND"),
        ("/seq/acme/demo/word%2Dcount%00/jobs", 404, "FLOW_NOT_FOUND"),
        ("/seq/acme/../../jobs", 404, None),
        ("/seq/acme/demo/%FF%FE/jobs", 404, "FLOW_NOT_FOUND"),
        ("//seq/acme/demo/echo/jobs", 404, None),
    ],
)
def test_strange_paths(base_url: str, api_key: str, path: str, status: int, code: str | None) -> None:
    """A path that is no route, however it is spelled, is the API's own 404."""
    url = httpx.URL(base_url)
    request = httpx.Request(
        "POST", url, headers={"authorization": f"Bearer {api_key}"}, json={"message": "x"}
    )
    request.extensions["target"] = url.raw_path + path.encode()
    with httpx.HTTPTransport() as transport:
        response = transport.handle_request(request)
        detail = httpx.Response(response.status_code, content=response.read()).json()["detail"]
    assert response.status_code == status
    assert code in (None, detail["code"])
    assert response.headers["x-request-id"]


def test_malformed_bodies(base_url: str, api_key: str) -> None:
    """The gateway passes wrong bodies on, base64 included, and they get the contract's error."""
    url = f"{base_url}/seq/acme/demo/echo/jobs"
    headers = {"authorization": f"Bearer {api_key}"}
    for content, content_type, status in (
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe", "application/octet-stream", 400),
        (b'{"message": "x"}', "application/octet-stream", 202),
        (b'{"surprise": 1}', "application/json", 422),
        (b'{"message": "' + b"x" * 300_000 + b'"}', "application/json", 413),
    ):
        answer = httpx.post(url, content=content, headers={**headers, "content-type": content_type})
        assert answer.status_code == status, answer.text
        assert answer.headers["x-request-id"]
