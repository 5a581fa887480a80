"""A client that is made before a fork, in the parent and its children at once."""

import asyncio
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from noukai import AsyncNoukai, InvalidArgumentError, Noukai, UnexpectedAnswerError, as_completed
from tests.client.conftest import Colour
from tests.client.script import ACCEPTED, JOB, held, job
from tests.client.servers.crowd_api import CrowdApi
from tests.client.servers.echo_api import FLOW, EchoApi, echo_api

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")

_CHILDREN = 3
_WAITS = 30


@pytest.fixture(name="api")
def echoing() -> Iterator[EchoApi]:
    with echo_api() as api:
        yield api


def exit_code_of(program: Callable[[], object]) -> int:
    """Run a program in a forked process; its exit code is 1 if that raises."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            program()
            code = 0
        finally:
            os._exit(code)  # whatever happens, the tests go on in the parent process alone
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def waits_of(client: Noukai, name: str) -> None:
    for number in range(_WAITS):
        job_id = f"job_{name}_{number}"
        assert client.job(job_id).wait().output == job_id


async def waits_of_loop(client: AsyncNoukai, name: str) -> None:
    ids = [f"job_{name}_{number}" for number in range(_WAITS)]
    results = await asyncio.gather(*(client.job(job_id).wait() for job_id in ids))
    assert [result.output for result in results] == ids


def run_waits_of_loop(client: AsyncNoukai, name: str) -> None:
    asyncio.run(waits_of_loop(client, name))


def test_parent_and_children_share_no_connection(api: EchoApi) -> None:
    """Each process gets the answers to its own requests, on connections of its own."""
    with Noukai("nk_test", base_url=api.base_url) as client:
        waits_of(client, "before")
        context = multiprocessing.get_context("fork")
        children = [context.Process(target=waits_of, args=(client, f"child{n}")) for n in range(_CHILDREN)]
        for child in children:
            child.start()
        waits_of(client, "parent")
        for child in children:
            child.join()
    assert [child.exitcode for child in children] == [0] * _CHILDREN
    assert len(_ports(api, "child")) == _CHILDREN
    assert len(_ports(api, "before") | _ports(api, "parent")) == 1
    assert not _ports(api, "child") & _ports(api, "parent")


def test_a_loop_goes_on_while_children_run_their_own(api: EchoApi) -> None:
    """An `AsyncNoukai` is forked in the middle of a loop, whose connections stay the parent's."""

    async def forking(client: AsyncNoukai) -> list[int | None]:
        await waits_of_loop(client, "before")
        context = multiprocessing.get_context("fork")
        children = [
            context.Process(target=run_waits_of_loop, args=(client, f"child{n}")) for n in range(_CHILDREN)
        ]
        for child in children:
            child.start()
        await waits_of_loop(client, "parent")
        for child in children:
            await asyncio.to_thread(child.join)
        await client.aclose()
        return [child.exitcode for child in children]

    assert asyncio.run(forking(AsyncNoukai("nk_test", base_url=api.base_url))) == [0] * _CHILDREN
    assert not _ports(api, "child") & (_ports(api, "parent") | _ports(api, "before"))


def test_a_fork_while_requests_are_under_way(api: EchoApi) -> None:
    """While one thread forks, others wait: the child gets neither their locks nor their answers."""
    failures: list[BaseException] = []
    with Noukai("nk_test", base_url=api.base_url) as client:

        def busy(name: str) -> None:
            try:
                for _ in range(5):
                    waits_of(client, name)
            except BaseException as failure:  # noqa: BLE001 - it is shown in the thread of the test
                failures.append(failure)

        threads = [threading.Thread(target=busy, args=(f"thread{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        codes = [exit_code_of(partial(waits_of, client, f"child{n}")) for n in range(5)]
        for thread in threads:
            thread.join()
    assert (failures, codes) == ([], [0] * 5)
    assert not _ports(api, "child") & _ports(api, "thread")


def test_a_child_leaves_the_parents_connections_to_it(api: EchoApi) -> None:
    """A child that ends or closes the client neither closes its parent's connections nor keeps them open."""
    read, write = os.pipe()
    with Noukai("nk_test", base_url=api.base_url) as client:
        waits_of(client, "before")
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        try:
            assert exit_code_of(client.close) == 0
            waits_of(client, "after")
            client.close()
            # The child that is still there has no copy of the connection: the API sees its end.
            _until(lambda: not api.open)
        finally:
            os.close(write)
            os.close(read)
            os.waitpid(child, 0)
    assert _ports(api, "before") == _ports(api, "after")


def test_children_of_children(api: EchoApi) -> None:
    """A fork of a fork has connections of its own, too."""

    def child() -> None:
        waits_of(client, "child")
        assert exit_code_of(lambda: waits_of(client, "grandchild")) == 0
        waits_of(client, "child")

    with Noukai("nk_test", base_url=api.base_url) as client:
        waits_of(client, "parent")
        assert exit_code_of(child) == 0
    assert not _ports(api, "_child") & _ports(api, "grandchild")


def test_a_pool_of_processes_uses_the_client(api: EchoApi) -> None:
    """A client that is global to a module works in the workers of a pool."""
    with Noukai("nk_test", base_url=api.base_url) as client:
        _GLOBAL.append(client)
        waits_of(client, "parent")
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
            assert list(pool.map(_submitted, range(6))) == [True] * 6
        _GLOBAL.clear()
    assert len(api.jobs) == 6


def test_an_http_client_that_was_used_is_refused_in_a_child(api: EchoApi) -> None:
    """It cannot be made anew; one without open connections works in the child too."""

    def refused() -> None:
        with pytest.raises(InvalidArgumentError, match="before this process was forked"):
            client.job(JOB).wait()

    with (
        httpx.Client() as http_client,
        Noukai("nk_test", base_url=api.base_url, http_client=http_client) as client,
    ):
        assert exit_code_of(lambda: waits_of(client, "child")) == 0
        waits_of(client, "parent")
        assert exit_code_of(refused) == 0
        waits_of(client, "parent")


@pytest.mark.parametrize("call", ["wait", "status", "cancel"])
def test_another_jobs_answer_is_never_taken(colour: Colour, call: str) -> None:
    """An answer is read only if it is about the requested job."""
    client = colour.client(lambda request: held("completed").to(request))
    with pytest.raises(UnexpectedAnswerError, match="about job job_1"):
        colour.run(getattr(client.job("job_2"), call)())


def test_another_flows_job_is_never_taken(colour: Colour) -> None:
    """A submission accepts only a job of its flow, alone and in a batch."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = {"jobs": [{"job": ACCEPTED}]} if request.url.path.endswith("batch") else ACCEPTED
        return httpx.Response(202, json=body)

    flow = colour.client(answer).flow(FLOW)
    with pytest.raises(UnexpectedAnswerError, match="a job of acme/demo/word-count"):
        colour.run(flow.job("hello"))
    with pytest.raises(UnexpectedAnswerError, match="a job of acme/demo/word-count"):
        colour.collect(flow.map(["hello"]))


def test_another_jobs_end_is_never_taken(colour: Colour) -> None:
    """An entry about a job that was not requested ends no wait."""

    def answer(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("status"):
            return CrowdApi()(request)
        return httpx.Response(200, json={"jobs": [{"id": "job_0", "job": job("completed")}]})

    jobs = colour.collect(colour.client(answer).flow(FLOW).map(["0"]))
    with pytest.raises(UnexpectedAnswerError, match="about job job_1"):
        colour.collect(as_completed(jobs))


_GLOBAL: list[Noukai] = []


def _submitted(number: int) -> bool:
    submitted = _GLOBAL[0].flow(FLOW).job(str(number))
    return bool(submitted.wait().output == submitted.id)


def _ports(api: EchoApi, name: str) -> set[Any]:
    return {port for path, port in api.requests if name in path}


def _until(condition: Callable[[], bool]) -> None:
    until = monotonic() + 5
    while not condition():
        assert monotonic() < until
        sleep(0.01)
