"""Jobs, statuses, results and errors as values: pickled, copied, compared, and used in other processes."""

import asyncio
import copy
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import httpx
import pytest

import noukai
from noukai import (
    ApiError,
    AsyncJob,
    AsyncNoukai,
    ExecuteResult,
    InvalidInputError,
    Job,
    JobCancelledError,
    JobFailedError,
    JobStatus,
    Noukai,
    NoukaiError,
    WaitTimeoutError,
    as_completed,
)
from noukai_wire.models import JobList
from tests.client.conftest import Colour
from tests.client.script import ACCEPTED, job
from tests.client.servers.fake_api import KEY, USAGE, FakeApi

ERRORS = [
    value for value in vars(noukai).values() if isinstance(value, type) and issubclass(value, NoukaiError)
]
FULL = job(
    "completed",
    progress={"percent": 100, "steps": ["a"]},
    metadata={"for": "you"},
    result={"status": "completed", "output": {"words": [1, 2], "none": None}},
)
MODELS = [
    JobStatus.model_validate(FULL),
    JobStatus.model_validate(job("running")),
    JobStatus.model_validate(FULL).result,
    ExecuteResult(status="completed", output=[{"a": 1}]),
    noukai.JobAccepted.model_validate(ACCEPTED),
    noukai.UsageReport.model_validate(USAGE),
    JobList(jobs=[JobStatus.model_validate(FULL)]),
]


def duplicates(value: Any) -> Iterator[Any]:
    """Return copies of a value, made by pickle, copy and deepcopy."""
    yield from (
        pickle.loads(pickle.dumps(value, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    )
    yield copy.copy(value)
    yield copy.deepcopy(value)


@pytest.mark.parametrize("value", MODELS, ids=lambda value: type(value).__name__)
def test_answers_are_values(value: Any) -> None:
    """A duplicate is equal and has the same hash; a different answer differs."""
    for duplicate in duplicates(value):
        assert (duplicate, hash(duplicate), repr(duplicate)) == (value, hash(value), repr(value))
        assert {value: "known"}[duplicate] == "known"
    assert value != JobStatus.model_validate(job("failed"))


def test_equal_results_have_equal_hashes() -> None:
    """1, 1.0 and True are equal in Python, so results of them are, and so are the hashes."""
    results = [ExecuteResult(status="completed", output=output) for output in (1, 1.0, True)]
    assert len(set(results)) == 1
    assert ExecuteResult(status="completed", output=[1]) != ExecuteResult(status="completed", output=[2])


def made(kind: type[NoukaiError]) -> NoukaiError:
    """Return an error with all attributes of its kind."""
    if issubclass(kind, noukai.JobError):
        return kind("no words", JobStatus.model_validate(FULL))
    facts: dict[str, Any] = {"status_code": 422, "code": "NO", "request_id": "req_1"}
    if issubclass(kind, ApiError):
        facts |= {"retry_after": 2.0, "detail": {"errors": [{"path": "a", "message": "b"}]}}
    return kind("no words", **facts)


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_is_a_value(kind: type[NoukaiError]) -> None:
    """A duplicate is equal, of the same kind, and has all attributes."""
    error = made(kind)
    for duplicate in duplicates(error):
        assert (type(duplicate), str(duplicate)) == (kind, "no words")
        assert (duplicate, hash(duplicate), duplicate.args) == (error, hash(error), error.args)
        for name in ("status_code", "code", "request_id", "retry_after", "detail", "errors", "status"):
            assert getattr(duplicate, name, None) == getattr(error, name, None)
    error.add_note("where it was raised does not count")
    assert error == made(kind)
    assert (
        error != kind("other words", None)
        if issubclass(kind, noukai.JobError)
        else error != kind("other words")
    )
    assert made(kind) not in [made(other) for other in ERRORS if other is not kind]


def test_jobs_and_flows_are_compared_by_their_names(colour: Colour) -> None:
    """Two objects of the same job and API are equal; those of another job or API are not."""
    kinds: list[Callable[[Any], Any]] = [lambda it: it.job("job_1"), lambda it: it.flow("acme/demo/echo")]
    one, same = colour.client(answer), colour.client(answer)
    elsewhere = colour.client(answer, base_url="https://other.test/api/v1")
    for named in kinds:
        assert {named(one), named(same)} == {named(one)}
        assert named(one) != named(elsewhere)
        assert named(one) != "job_1"
        assert copy.copy(named(one)) == copy.deepcopy(named(one)) == named(one)
    assert one.job("job_1") != one.job("job_2")


def answer(_: httpx.Request) -> httpx.Response:
    raise AssertionError("nothing is asked for")


def test_job_of_an_own_transport_says_what_to_hand_over(colour: Colour) -> None:
    """A job whose client has an `http_client` cannot be pickled; the error says what to pass on."""
    with pytest.raises(TypeError, match="pass on 'job_1'"):
        pickle.dumps(colour.client(answer).job("job_1"))
    with pytest.raises(TypeError, match="pass on 'acme/demo/echo'"):
        pickle.dumps(colour.client(answer).flow("acme/demo/echo"))


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Return a pool of processes that inherit nothing from this one."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def waited(one: Job | AsyncJob) -> ExecuteResult:
    """Wait for a job, in either colour."""
    return asyncio.run(one.wait()) if isinstance(one, AsyncJob) else one.wait()


def submitted(flow: Any) -> Job | AsyncJob:
    """Submit a job, in either colour."""
    found = flow.job("to be")
    return asyncio.run(found) if asyncio.iscoroutine(found) else found  # type: ignore[no-any-return]


def client_of(colour: Colour, api: FakeApi) -> Any:
    """Return a client whose settings are its own: no variable tells another process of them."""
    kind = AsyncNoukai if colour.is_awaiting else Noukai
    return kind(KEY, base_url=api.base_url)


def test_jobs_are_used_in_other_processes(
    api: FakeApi, colour: Colour, processes: ProcessPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process waits for a job; its result or error comes back unchanged."""
    monkeypatch.delenv("NOUKAI_API_KEY")
    client = client_of(colour, api)
    assert processes.submit(waited, client.job("job_done")).result().output == "grüße"
    with pytest.raises(JobFailedError, match="no words") as failed:
        processes.submit(waited, client.job("job_failed")).result()
    assert failed.value.status == JobStatus.model_validate(api.lives["job_failed"][0])
    with pytest.raises(JobCancelledError):
        processes.submit(waited, client.job("job_cancelled")).result()
    found = list(processes.map(submitted, [client.flow("acme/demo/done"), client.flow("acme/demo/counted")]))
    assert found == [client.job("job_done"), client.job("job_counted")]
    assert [each.accepted.flow for each in found if each.accepted] == ["acme/demo/done", "acme/demo/counted"]
    # Those that have come back and those from here are asked for together.
    jobs = [*found, client.job("job_failed")]
    assert sorted(each.id for each in colour.collect(as_completed(jobs))) == [
        "job_counted",
        "job_done",
        "job_failed",
    ]
    # What was seen of them goes along.
    api.lives.clear()
    assert processes.submit(waited, jobs[0]).result().output == "grüße"
    colour.run(client.aclose() if colour.is_awaiting else client.close())


def refused() -> None:
    raise InvalidInputError("no", status_code=422, detail={"errors": [{"path": "a", "message": "b"}]})


def late() -> None:
    raise WaitTimeoutError("late", JobStatus.model_validate(FULL))


def test_errors_come_back_from_other_processes(processes: ProcessPoolExecutor) -> None:
    """They have all their attributes."""
    with pytest.raises(InvalidInputError) as raised:
        processes.submit(refused).result()
    assert raised.value.errors == [{"path": "a", "message": "b"}]
    with pytest.raises(WaitTimeoutError) as outlasted:
        processes.submit(late).result()
    assert outlasted.value.status == JobStatus.model_validate(FULL)
