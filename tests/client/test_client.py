"""The public surface in both colours, over a transport that answers as the API does."""

import asyncio
import json
from datetime import date
from typing import Any

import httpx
import pytest

from noukai import AsyncNoukai, InvalidArgumentError, JobFailedError, Noukai, WaitTimeoutError
from tests.client.conftest import Colour
from tests.client.script import ACCEPTED, JOB, Answer, held, job, polled, refused


class Api:
    """Answers from a script and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self._script = iter(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return next(self._script).to(request)

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.raw_path.decode()}" for request in self.requests]


def test_a_job_is_submitted_and_waited_for(colour: Colour) -> None:
    """flow() → job() → wait() submits the input under the flow's address and returns the output."""
    api = Api(Answer(202, ACCEPTED), held("completed"))
    flow = colour.client(api, org="acme", project="demo").flow("word-count")
    submitted = colour.run(flow.job("to be", {"top": 3}, metadata={"a": "b"}))
    assert (submitted.id, submitted.accepted.created_at) == (JOB, ACCEPTED["createdAt"])
    assert colour.run(submitted.wait(timeout_ms=60_000)).output == 42
    assert api.lines[0] == "POST /api/v1/seq/acme/demo/word-count/jobs"
    assert json.loads(api.requests[0].content) == {
        "message": "to be",
        "parameters": {"top": 3},
        "options": {"metadata": {"a": "b"}},
    }
    assert api.requests[0].headers["Content-Type"] == "application/json"


def test_execute_is_job_and_wait(colour: Colour) -> None:
    """execute() submits and waits in one call."""
    api = Api(Answer(202, ACCEPTED), held("completed", result={"status": "completed", "output": None}))
    result = colour.run(
        colour.client(api).flow("acme/demo/word-count").execute(message="to be", timeout_ms=9_000)
    )
    assert result.output is None
    assert api.lines[1] == "GET /api/v1/jobs/job_1/wait?seconds=8"


def test_a_job_is_taken_up_by_its_id(colour: Colour) -> None:
    """client.job(id) sends no request; status and cancellation go to the job's own path."""
    api = Api(polled("running", progress={"percent": 40}), Answer(body=job("cancelled")))
    taken = colour.client(api).job(JOB)
    assert (taken.id, taken.accepted, api.lines) == (JOB, None, [])
    assert colour.run(taken.status()).progress == {"percent": 40}
    assert colour.run(taken.cancel()) is None
    assert api.lines == ["GET /api/v1/jobs/job_1", "POST /api/v1/jobs/job_1/cancel"]


def test_a_job_is_retried(colour: Colour) -> None:
    """retry() returns the new job; a retry whose answer was lost is repeated, and makes one job."""
    api = Api(Answer(failure=httpx.ReadError), Answer(202, {**ACCEPTED, "id": "job_2"}))
    new = colour.run(colour.client(api).job(JOB).retry())
    assert (new.id, new.accepted.state) == ("job_2", "pending")
    assert api.lines == ["POST /api/v1/jobs/job_1/retry"] * 2


def test_the_flows_are_described(colour: Colour) -> None:
    """flows() gives each flow with its input's schema."""
    flow = {"flow": "demo/echo", "input": {"type": "object"}, "timeoutSeconds": 60, "maxAttempts": 3}
    (described,) = colour.run(colour.client(Api(Answer(body={"flows": [flow]}))).flows())
    assert (described.flow, described.input, described.description) == ("demo/echo", {"type": "object"}, None)


def test_the_use_is_reported(colour: Colour) -> None:
    """usage() returns days and totals; a day is a date or text, and absent bounds are not sent."""
    use: dict[str, float] = {"jobs": 1, "completed": 1, "failed": 0, "cancelled": 0, "attempts": 1}
    use |= {"computeMs": 1500, "gbSeconds": 1.5, "costUsd": 0.00002}
    body = {"from": "2026-11-01", "to": "2026-11-25", "days": [{"day": "2026-11-02", "flow": "a/b/c", **use}]}
    api = Api(*[Answer(body={**body, "total": use})] * 2)
    client = colour.client(api)
    report = colour.run(client.usage(date(2026, 11, 1), "2026-11-25"))
    assert (report.from_, report.days[0].day, report.total.compute_ms) == ("2026-11-01", "2026-11-02", 1500)
    colour.run(client.usage())
    assert api.lines == ["GET /api/v1/usage?from=2026-11-01&to=2026-11-25", "GET /api/v1/usage"]


def test_health_is_reported(colour: Colour) -> None:
    """health() returns the worker kinds; what CloudWatch does not know is None."""
    worker = {"workerKind": "default", "waiting": 3, "running": 2, "delayed": 1}
    body = {"checkedAt": "2026-11-30T09:00:00.000Z", "workers": [worker], "deadLetters": 1, "unprocessed": 0}
    api = Api(Answer(body=body))
    report = colour.run(colour.client(api).health())
    assert (report.dead_letters, report.workers[0].waiting, report.workers[0].oldest_seconds) == (1, 3, None)
    assert api.lines == ["GET /api/v1/health"]


def test_pauses_are_slept(colour: Colour) -> None:
    """Both colours sleep the pauses of the core, and go on after a broken connection."""
    api = Api(refused(503, headers={"Retry-After": "4"}), Answer(failure=httpx.ConnectError), polled())
    colour.run(colour.client(api).job(JOB).status())
    assert colour.sleeps == [4.0, 1.0]


def test_a_failed_job_raises(colour: Colour) -> None:
    """A job's failure is raised in both colours."""
    with pytest.raises(JobFailedError, match="no words"):
        colour.run(colour.client(Api(held("failed", error="no words"))).job(JOB).wait())


def test_a_wait_that_is_over_raises(colour: Colour) -> None:
    """A timeout of a wait is a TimeoutError in both colours."""
    with pytest.raises(TimeoutError) as raised:
        colour.run(colour.client(Api(polled())).job(JOB).wait(0))
    assert isinstance(raised.value, WaitTimeoutError)


def test_progress_is_heard(colour: Colour) -> None:
    """The listener hears each change; it cannot alter the status."""
    heard: list[dict[str, Any]] = []

    def listen(progress: dict[str, Any]) -> None:
        heard.append(dict(progress))
        progress.clear()

    half = {"percent": 50}
    api = Api(held(progress=half), held(progress=half), held("completed", progress={"percent": 100}))
    colour.run(colour.client(api).job(JOB).wait(on_progress=listen))
    assert heard == [{"percent": 50}, {"percent": 100}]


@pytest.mark.parametrize("error", [RuntimeError, StopIteration, httpx.ConnectError])
def test_an_error_of_the_listener_ends_the_wait(colour: Colour, error: type[Exception]) -> None:
    """The exception reaches the caller as it is."""

    def listen(progress: dict[str, Any]) -> None:
        raise error(str(progress))

    client = colour.client(Api(held(progress={"percent": 1})))
    with pytest.raises((error, RuntimeError), match=r"percent|StopIteration"):
        colour.run(client.job(JOB).wait(on_progress=listen))
    assert colour.sleeps == []


def test_wrong_arguments_send_nothing(colour: Colour) -> None:
    """Wrong arguments raise before any request; execute() checks those of the wait first too."""
    api = Api()
    flow = colour.client(api).flow("acme/demo/word-count")
    with pytest.raises(InvalidArgumentError, match="message"):
        colour.run(flow.job(message=5))
    with pytest.raises(InvalidArgumentError, match="timeout_ms"):
        colour.run(flow.execute("to be", timeout_ms=-1))
    with pytest.raises(TypeError, match="colour"):
        colour.run(flow.job("to be", colour="blue"))
    assert api.requests == []


def test_names_show_what_they_are_and_no_key(colour: Colour) -> None:
    """The repr of a client, a flow and a job does not have the API key."""
    client = colour.client(Api())
    texts = f"{client!r} {client.flow('acme/demo/echo')!r} {client.job(JOB)!r}"
    for part in ("https://api.test/api/v1", "acme/demo/echo", JOB):
        assert part in texts
    assert "nk_test" not in texts
    assert client.flow("acme/demo/echo").address == "acme/demo/echo"


def test_a_client_that_is_handed_in_stays_open() -> None:
    """Closing the client leaves an `http_client` of the caller open, in both colours."""

    async def awaiting(http_client: httpx.AsyncClient) -> None:
        async with AsyncNoukai("nk_test", http_client=http_client):
            pass
        assert not http_client.is_closed
        await http_client.aclose()

    with httpx.Client() as http_client:
        with Noukai("nk_test", http_client=http_client):
            pass
        assert not http_client.is_closed
    asyncio.run(awaiting(httpx.AsyncClient()))


def test_a_closed_client_cannot_be_used() -> None:
    """After its context a client of our own making has closed its connections."""
    with Noukai("nk_test") as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        client.flows()
