"""The iteration over many jobs as they end."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from noukai import (
    AsyncNoukai,
    InvalidArgumentError,
    JobNotFoundError,
    WaitTimeoutError,
    as_completed,
)
from tests.client.conftest import Colour
from tests.client.servers.crowd_api import UNAVAILABLE, CrowdApi, Numbers, client, echo, noted


def test_jobs_are_asked_for_no_sooner_than_the_api_says(colour: Colour) -> None:
    """Each job has its own poll interval; jobs due within a second are checked together."""
    intervals = {"job_0": 900, "job_1": 1100, "job_2": 1900, "job_3": 7000}
    asked: list[tuple[float, list[str]]] = []
    api = CrowdApi()

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("status"):
            return api(request)
        ids = json.loads(request.content)["ids"]
        is_first = not asked
        asked.append((sum(colour.sleeps), sorted(ids)))
        state = {"state": "running" if is_first else "completed", "createdAt": "2026-01-01T00:00:00.000Z"}
        entries = [
            {"id": each, "job": {"id": each, **state}, "retryAfterMs": intervals[each]} for each in ids
        ]
        return httpx.Response(200, json={"jobs": entries})

    colour.collect(as_completed(colour.collect(echo(colour, answer).map(Numbers(4)))))
    assert asked == [
        (0, ["job_0", "job_1", "job_2", "job_3"]),
        (1, ["job_0"]),
        (2, ["job_1", "job_2"]),
        (7, ["job_3"]),
    ]


def test_jobs_come_as_they_end(colour: Colour) -> None:
    """Their order does not matter; a job that is given twice comes once."""
    api = CrowdApi(lambda message: {"0": 3, "1": 1, "2": 2}[message], poll_interval_ms=None)
    jobs = colour.collect(echo(colour, api).map(Numbers(3)))
    assert [job.id for job in colour.collect(as_completed([*jobs, jobs[0]]))] == ["job_1", "job_2", "job_0"]


def test_a_map_can_be_waited_for_as_it_is(colour: Colour) -> None:
    """It need not be made a list first."""
    api = CrowdApi()
    assert len(colour.collect(as_completed(echo(colour, api).map(Numbers(3))))) == 3


def test_an_unknown_job_comes_too(colour: Colour) -> None:
    """Its `wait` raises that it is unknown; the others are waited for."""
    api = CrowdApi(lambda _: 2)
    api.unknown = {"job_1"}
    known, unknown = colour.collect(echo(colour, api).map(Numbers(2)))
    assert colour.collect(as_completed([known, unknown])) == [unknown, known]
    with pytest.raises(JobNotFoundError, match="there is none"):
        colour.run(unknown.wait())


def test_jobs_missing_in_an_answer_are_checked_again(colour: Colour) -> None:
    """An entry may be unavailable, or missing."""
    first = [{"id": "job_0", "error": UNAVAILABLE}]
    api = CrowdApi()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("status") and first:
            return httpx.Response(200, json={"jobs": [first.pop()]})
        return api(request)

    assert len(colour.collect(as_completed(colour.collect(echo(colour, answer).map(Numbers(2)))))) == 2


def test_jobs_that_do_not_end_in_time(colour: Colour) -> None:
    """At the deadline the error says how many are left."""
    api = CrowdApi(lambda message: 1 + 1000 * int(message))
    jobs = colour.collect(echo(colour, api).map(Numbers(2)))
    given: list[Any] = []
    with pytest.raises(WaitTimeoutError, match="1 of 2 jobs"):
        colour.collect(noted(colour, as_completed(jobs, timeout_ms=2500), given))
    assert (given, sum(colour.sleeps)) == ([jobs[0]], 2.5)


def test_ended_jobs_come_before_a_timeout(colour: Colour) -> None:
    """Ended jobs are yielded first; the error counts the rest, those of the failed request included."""
    api = CrowdApi()
    given: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("status") and b'"job_149"' in request.content:
            return httpx.Response(503, headers={"Retry-After": "2"})
        return api(request)

    jobs = colour.collect(echo(colour, answer).map(Numbers(150)))
    with pytest.raises(WaitTimeoutError, match="50 of 150 jobs"):
        colour.collect(noted(colour, as_completed(jobs, timeout_ms=1500), given))
    assert len(given) == 100


def test_ended_jobs_come_before_an_error(colour: Colour) -> None:
    """Ended jobs are yielded first; the others can be waited for again."""
    api, broken = CrowdApi(), [True]
    given: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("status") and b'"job_150"' in request.content and broken:
            return httpx.Response(403)
        return api(request)

    jobs = colour.collect(echo(colour, answer).map(Numbers(300)))
    with pytest.raises(Exception, match="403"):
        colour.collect(noted(colour, as_completed(jobs), given))
    assert len(given) == 200
    broken.clear()
    left = [job for job in jobs if job not in given]
    assert len(colour.collect(as_completed(left))) == 100


@pytest.mark.parametrize("timeout_ms", [0, -1, float("inf"), float("nan")])
def test_invalid_timeouts_are_refused(colour: Colour, timeout_ms: float) -> None:
    """An invalid timeout is refused before anything is sent."""
    (job,) = colour.collect(echo(colour, CrowdApi()).map(Numbers(1)))
    with pytest.raises(InvalidArgumentError, match="timeout_ms"):
        colour.collect(as_completed([job], timeout_ms=timeout_ms))


def test_jobs_of_several_clients_are_refused(colour: Colour) -> None:
    """They have several API keys."""
    jobs = [each for _ in range(2) for each in colour.collect(echo(colour, CrowdApi()).map(Numbers(1)))]
    other = client(colour, CrowdApi()).job("job_2")
    with pytest.raises(InvalidArgumentError, match="several clients"):
        colour.collect(as_completed([*jobs, other]))


def test_jobs_of_a_map_can_be_gathered() -> None:
    """Their waits can be awaited at once."""
    api = CrowdApi()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("wait"):
            state = {"state": "completed", "createdAt": "2026-01-01T00:00:00.000Z"}
            job_id = request.url.path.split("/")[-2]
            return httpx.Response(
                200, json={"id": job_id, **state, "result": {"status": "completed", "output": job_id}}
            )
        return api(request)

    async def gathered() -> list[Any]:
        async with AsyncNoukai(
            "nk", http_client=httpx.AsyncClient(transport=httpx.MockTransport(answer))
        ) as noukai:
            jobs = [job async for job in noukai.flow("acme/demo/echo").map(Numbers(5))]
            return await asyncio.gather(*(job.wait() for job in jobs))

    assert [result.output for result in asyncio.run(gathered())] == [f"job_{number}" for number in range(5)]


def test_a_bar_shows_how_many_are_done(monkeypatch: pytest.MonkeyPatch, colour: Colour) -> None:
    """It shows of how many, if that is known."""
    told: list[dict[str, Any]] = []
    monkeypatch.setattr("noukai._display.bar._bar", lambda _: shown(told))
    flow = echo(colour, CrowdApi(lambda message: 1 + int(message) % 2))
    colour.collect(flow.map(Numbers(500), progress=True))
    jobs = colour.collect(flow.map([str(number) for number in range(500)], progress=True))
    colour.collect(as_completed(jobs, progress=True))
    assert told == [
        {"message": "400 jobs"},
        {"message": "500 jobs"},
        {"percent": 80, "message": "400 of 500 jobs"},
        {"percent": 100, "message": "500 of 500 jobs"},
        {"percent": 40, "message": "200 of 500 jobs"},
        {"percent": 50, "message": "250 of 500 jobs"},
        {"percent": 100, "message": "500 of 500 jobs"},
    ]


def shown(told: list[dict[str, Any]]) -> Any:
    from contextlib import nullcontext  # noqa: PLC0415

    return nullcontext(told.append)
