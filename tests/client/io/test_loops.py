"""One `AsyncNoukai` in several event loops, one after the other and at once."""

import asyncio
import gc
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from time import monotonic, sleep

import pytest

from noukai import AsyncNoukai, NoukaiError
from tests.client.conftest import Colour
from tests.client.servers.echo_api import FLOW, EchoApi, echo_api

_WAITS = 20


@pytest.fixture(name="api")
def echoing() -> Iterator[EchoApi]:
    with echo_api() as api:
        yield api


async def waits_of(client: AsyncNoukai, name: str) -> None:
    ids = [f"job_{name}_{number}" for number in range(_WAITS)]
    results = await asyncio.gather(*(client.job(job_id).wait() for job_id in ids))
    assert [result.output for result in results] == ids


def test_loops_one_after_the_other(api: EchoApi) -> None:
    """Each `asyncio.run` has connections of its own, closed with its loop, without a warning."""
    client = AsyncNoukai("nk_test", base_url=api.base_url)
    for number in range(3):
        asyncio.run(waits_of(client, f"run{number}"))
        _until_closed(api)
    asyncio.run(client.aclose())


def test_loops_at_once(api: EchoApi) -> None:
    """A loop in each of several threads uses the client, each on its own connections."""
    client = AsyncNoukai("nk_test", base_url=api.base_url)
    failures: list[BaseException] = []

    def run(name: str) -> None:
        try:
            asyncio.run(waits_of(client, name))
        except BaseException as failure:  # noqa: BLE001 - it is shown in the thread of the test
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(f"thread{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    ports = [{port for path, port in api.requests if f"thread{n}_" in path} for n in range(4)]
    assert sum(map(len, ports)) == len(set().union(*ports))
    _until_closed(api)


def test_a_loop_begins_while_another_one_does(api: EchoApi) -> None:
    """Neither loop sees the other's half-made connections, whichever is first."""
    client = AsyncNoukai("nk_test", base_url=api.base_url)
    others: list[threading.Thread] = []
    failures: list[BaseException] = []

    def run(name: str) -> None:
        try:
            asyncio.run(waits_of(client, name))
        except BaseException as failure:  # noqa: BLE001 - it is shown in the thread of the test
            failures.append(failure)

    class Asked(asyncio.SelectorEventLoop):
        is_first_time = False

        def is_closed(self) -> bool:
            if self.is_first_time:
                self.is_first_time = False
                others.append(threading.Thread(target=run, args=("other",)))
                others[0].start()
                others[0].join(0.3)
            return super().is_closed()

    loop = Asked()
    loop.run_until_complete(waits_of(client, "first"))
    loop.is_first_time = True
    run("second")
    others[0].join()
    assert failures == []
    loop.run_until_complete(client.aclose())
    loop.close()


def test_closing_in_one_loop_closes_in_all(api: EchoApi) -> None:
    """The connections of a loop that runs elsewhere are closed in that loop."""
    client = AsyncNoukai("nk_test", base_url=api.base_url)
    asked, closed = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        await waits_of(client, "elsewhere")
        asked.set()
        await asyncio.to_thread(closed.wait, 10)

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    assert asked.wait(10)
    try:
        asyncio.run(client.aclose())
        _until_closed(api)
    finally:
        closed.set()
        thread.join()


def test_a_loop_that_is_kept(api: EchoApi) -> None:
    """Calls in one loop, as in a notebook, reuse the connection."""
    with asyncio.Runner() as runner:
        client = AsyncNoukai("nk_test", base_url=api.base_url)
        for number in range(5):
            job_id = f"job_{number}"
            assert runner.run(client.job(job_id).wait()).output == job_id
        runner.run(client.aclose())
    assert len({port for _, port in api.requests}) == 1


def test_a_loop_that_is_closed_without_its_generators(api: EchoApi) -> None:
    """The client goes on in the next loop."""
    client = AsyncNoukai("nk_test", base_url=api.base_url)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(waits_of(client, "first"))
    loop.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # Python's own, of what the loop has left
        asyncio.run(waits_of(client, "second"))
        asyncio.run(client.aclose())
        del loop
        gc.collect()
    _until_closed(api)


def test_a_client_that_is_dropped_closes_its_connections(api: EchoApi) -> None:
    """One warning says that nobody has closed it."""

    async def dropped() -> None:
        await waits_of(AsyncNoukai("nk_test", base_url=api.base_url), "dropped")
        gc.collect()
        await asyncio.to_thread(_until_closed, api)

    with pytest.warns(ResourceWarning, match="AsyncNoukai was not closed") as said:
        asyncio.run(dropped())
    assert len(said) == 1


def test_a_lost_answer_makes_no_second_job(colour: Colour, api: EchoApi) -> None:
    """A submission that is retried, here in several loops, keeps its key and makes one job."""
    api.dropped = 2
    with colour.connected(api.base_url) as client:
        submitted = colour.run(client.flow(FLOW).job("hello"))
        assert colour.run(submitted.wait()).output == submitted.id
    assert (len(api.jobs), sum(path.endswith("/jobs") for path, _ in api.requests)) == (1, 3)


def test_another_library_than_asyncio_is_refused() -> None:
    """Without a loop of asyncio, as in trio, the error says what to do."""
    waiting = AsyncNoukai("nk_test").job("job_1").wait()
    with pytest.raises(NoukaiError, match=r"trio.to_thread.run_sync"):
        waiting.send(None)


def test_nothing_is_said_at_the_end_of_a_program(api: EchoApi) -> None:
    """Two loops and a client that nobody closes cause neither errors nor warnings."""
    program = (
        "import asyncio, noukai\n"
        f"client = noukai.AsyncNoukai('nk_test', base_url={api.base_url!r})\n"
        "for n in range(2):\n"
        "    assert asyncio.run(client.job(f'job_{n}').wait()).output == f'job_{n}'\n"
    )
    command = [sys.executable, "-W", "always", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _until_closed(api: EchoApi) -> None:
    until = monotonic() + 10
    while api.open:
        assert monotonic() < until
        sleep(0.01)
