"""The submission of a job for each of many inputs."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from noukai import (
    ConnectionFailedError,
    InvalidArgumentError,
    InvalidInputError,
    Noukai,
    PayloadTooLargeError,
    ServerError,
    UnexpectedAnswerError,
    as_completed,
)
from noukai_wire.limits import MAX_BATCH_SIZE, MAX_BODY_BYTES
from tests.client.conftest import Colour
from tests.client.servers.crowd_api import AT_ONCE, UNAVAILABLE, CrowdApi, Numbers, echo, noted

MANY = 10_000


def test_ten_thousand_jobs(colour: Colour) -> None:
    """A hundred requests submit them; a round of checks takes one for every hundred that are left."""
    api = CrowdApi(lambda message: 1 + int(message) % 3)
    numbers = Numbers(MANY)
    jobs = colour.collect(echo(colour, api).map(numbers))
    assert [job.id for job in jobs] == [f"job_{number}" for number in range(MANY)]
    assert [entry["message"] for entry in sorted(api.entries, key=lambda entry: int(entry["message"]))] == [
        str(number) for number in range(MANY)
    ]
    assert api.requests == {"batch": 100}

    ended = colour.collect(as_completed(jobs))
    rounds = [-(-left // MAX_BATCH_SIZE) for left in (10_000, 6_666, 3_333)]
    assert api.requests == {"batch": 100, "status": sum(rounds)} == {"batch": 100, "status": 201}
    assert {job.id for job in ended} == {job.id for job in jobs}
    assert colour.sleeps == [1.0, 1.0]
    assert [colour.run(job.wait()).output for job in ended[:3]] == [f"of {job.id}" for job in ended[:3]]
    assert sum(api.requests.values()) == 301
    assert api.most_in_flight <= AT_ONCE
    assert max(api.sizes) == MAX_BATCH_SIZE


def test_inputs_are_consumed_as_needed(colour: Colour) -> None:
    """Inputs are consumed for a few requests at a time, and one more to see whether there are more."""
    api, numbers = CrowdApi(), Numbers(MANY)
    assert len(colour.collect(echo(colour, api).map(numbers), 1)) == 1
    assert numbers.made == AT_ONCE * MAX_BATCH_SIZE + 1
    assert api.requests == {"batch": AT_ONCE}


def test_a_few_requests_are_in_flight_at_once(colour: Colour) -> None:
    """None of four requests is answered before all four are there."""
    together = threading.Barrier(AT_ONCE)
    arrived = 0
    everybody = asyncio.Event()
    api = CrowdApi()

    async def answer_when_all_are_there(request: httpx.Request) -> httpx.Response:
        nonlocal arrived
        arrived += 1
        if arrived == AT_ONCE:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 5)
        return api(request)

    def answer(request: httpx.Request) -> httpx.Response:
        together.wait(5)
        return api(request)

    handler: Any = answer_when_all_are_there if colour.is_awaiting else answer
    assert len(colour.collect(echo(colour, handler).map(Numbers(AT_ONCE * MAX_BATCH_SIZE)))) == 400


@pytest.mark.parametrize("inputs", [[], ["x"], [f"{number}" for number in range(100)]])
def test_batches_are_no_more_than_there_are_inputs(colour: Colour, inputs: list[str]) -> None:
    """Without inputs no request is sent."""
    api = CrowdApi()
    assert len(colour.collect(echo(colour, api).map(inputs))) == len(inputs)
    assert api.sizes == ([len(inputs)] if inputs else [])
    assert colour.collect(as_completed([])) == []


def test_an_input_is_a_message_or_arguments(colour: Colour) -> None:
    """`message` is one of the arguments; the options apply to every job."""
    api = CrowdApi()
    inputs = ["text", {"message": "text", "top": 3}, {"top": 3}, {}]
    colour.collect(echo(colour, api).map(inputs, max_attempts=2, idempotency_key="k"))
    options = {"options": {"maxAttempts": 2}}
    assert api.entries == [
        {"message": "text", **options, "idempotencyKey": "k/0"},
        {"message": "text", "parameters": {"top": 3}, **options, "idempotencyKey": "k/1"},
        {"parameters": {"top": 3}, **options, "idempotencyKey": "k/2"},
        {**options, "idempotencyKey": "k/3"},
    ]


def test_an_empty_input_is_an_entry(colour: Colour) -> None:
    """A flow may have no arguments."""
    api = CrowdApi()
    colour.collect(echo(colour, api).map([{}], idempotency_key='a "key"'))
    assert api.entries == [{"idempotencyKey": 'a "key"/0'}]


def test_a_map_that_is_repeated_gives_the_same_jobs(colour: Colour) -> None:
    """This needs a key; without one every map makes new jobs."""
    api, inputs = CrowdApi(), Numbers(250)
    flow = echo(colour, api)
    first, again = (
        [job.id for job in colour.collect(flow.map(inputs, idempotency_key="k"))] for _ in range(2)
    )
    assert first == again
    assert not {*first} & {job.id for job in colour.collect(flow.map(inputs))}


def test_batches_are_cut_by_their_size(colour: Colour) -> None:
    """No body is larger than the API accepts, and each is as large as possible."""
    bodies: list[int] = []
    api = CrowdApi()

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(len(request.content))
        return api(request)

    colour.collect(echo(colour, answer).map(["x" * 60_000] * 9))
    assert sorted(api.sizes) == [1, 4, 4]
    assert max(bodies) <= MAX_BODY_BYTES


def test_one_input_that_is_too_large(colour: Colour) -> None:
    """It is sent alone, and the API says that it must be uploaded."""
    api = CrowdApi()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if request.url.path.endswith("/uploads") else api(request)

    with pytest.raises(PayloadTooLargeError):
        colour.collect(echo(colour, answer).map(["x", "x" * MAX_BODY_BYTES, "x"]))


def test_unavailable_entries_are_submitted_again(colour: Colour) -> None:
    """Only those entries are sent again, with their keys."""
    api = CrowdApi()
    api.refusals = {"7": [UNAVAILABLE, UNAVAILABLE], "8": [UNAVAILABLE]}
    jobs = colour.collect(echo(colour, api, jitter=lambda: 1.0).map(Numbers(50)))
    assert len(jobs) == 50
    assert api.sizes == [50, 2, 1]
    assert len({entry["idempotencyKey"] for entry in api.entries}) == 50
    assert colour.sleeps == [0.5, 1.0]


def test_entries_that_stay_unavailable_are_errors(colour: Colour) -> None:
    """The error comes after as many attempts as for any request."""
    api = CrowdApi()
    api.refusals = {"7": [UNAVAILABLE] * 9}
    with pytest.raises(ServerError, match="send it again"):
        colour.collect(echo(colour, api, max_retries=2).map(Numbers(50)))
    assert api.sizes == [50, 1, 1]


def test_accepted_jobs_come_before_a_refusal(colour: Colour) -> None:
    """Accepted jobs are yielded first; later inputs are not submitted."""
    api, numbers = CrowdApi(), Numbers(MANY)
    errors = [{"path": "message", "message": "must be longer"}]
    api.refusals = {"7": [{"code": "INVALID_INPUT", "message": "Correct it", "errors": errors}]}
    given: list[Any] = []
    jobs = echo(colour, api).map(numbers)
    with pytest.raises(InvalidInputError, match="Correct it") as raised:
        colour.collect(noted(colour, jobs, given))
    assert (raised.value.status_code, raised.value.errors) == (422, errors)
    assert len(given) == 399
    assert numbers.made == 401


def test_accepted_jobs_come_before_a_lost_connection(colour: Colour) -> None:
    """The jobs of the other batches are yielded first."""
    api = CrowdApi()
    given: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if b'"message":"150"' in request.content:
            raise httpx.ConnectError("no network", request=request)
        return api(request)

    with pytest.raises(ConnectionFailedError):
        colour.collect(noted(colour, echo(colour, answer, max_retries=1).map(Numbers(MANY)), given))
    assert len(given) == 300


@pytest.mark.parametrize("inputs", ["text", {"message": "text"}])
def test_one_input_is_no_list(colour: Colour, inputs: Any) -> None:
    """A string would be mapped letter by letter, so it is refused at once."""
    with pytest.raises(InvalidArgumentError):
        echo(colour, CrowdApi()).map(inputs)


def test_an_invalid_input_is_named(colour: Colour) -> None:
    """The error has its place; the requests of its page are not sent."""
    api = CrowdApi()
    with pytest.raises(InvalidArgumentError, match="input 1 "):
        colour.collect(echo(colour, api).map(["x", 7]))
    assert not api.requests


@pytest.mark.parametrize("entries", [[], [{}], [{"job": None}, {}]])
def test_an_answer_without_outcomes_is_unexpected(colour: Colour, entries: list[Any]) -> None:
    """Each submission must have an outcome."""
    flow = echo(colour, lambda _: httpx.Response(202, json={"jobs": entries}))
    with pytest.raises(UnexpectedAnswerError):
        colour.collect(flow.map(["x"]))


def test_a_code_of_a_later_version_is_an_error_like_others(colour: Colour) -> None:
    """An unknown code is an `ApiError`."""
    api = CrowdApi()
    api.refusals = {"x": [{"code": "NO_TEAPOT", "message": "short and stout"}]}
    with pytest.raises(InvalidInputError, match="short and stout") as raised:
        colour.collect(echo(colour, api).map(["x"]))
    assert raised.value.code == "NO_TEAPOT"


def test_interrupted_requests_leave_nothing_to_read() -> None:
    """After an interruption of several requests, the client still works."""
    release, api = threading.Event(), CrowdApi()
    interrupted: list[bool] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if not interrupted and b'"message":"0"' in request.content:
            interrupted.append(True)
            raise KeyboardInterrupt
        if len(api.requests) == 0 and not release.is_set():
            release.wait(5)
        return api(request)

    noukai = Noukai("nk", http_client=httpx.Client(transport=httpx.MockTransport(answer)))
    flow = noukai.flow("acme/demo/echo")
    with pytest.raises(KeyboardInterrupt):
        list(flow.map(Numbers(400)))
    release.set()
    assert len(list(flow.map(Numbers(400)))) == 400
