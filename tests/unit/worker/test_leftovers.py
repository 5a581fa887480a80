"""The leftovers of an attempt, each test in its own process."""

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from noukai.flow import flow
from noukai.testing import rehearse
from noukai_functions.worker.inside.leftovers import LeftOvers
from tests.unit.own_process import in_own_process

POOL = ThreadPoolExecutor(1)


def use_pool() -> None:
    """Leave an idle thread in a pool that is kept."""
    assert POOL.submit(str, 1).result() == "1"


def keep_pool_busy() -> None:
    POOL.submit(time.sleep, 600)


def leave_work_to_loop() -> None:
    loop = asyncio.new_event_loop()
    loop.run_in_executor(None, time.sleep, 600)
    loop.close()


@flow
async def leave_work() -> None:
    """Return while work continues in the loop's executor."""
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 20)


def run_flow() -> None:
    rehearse(leave_work)


def use_loop() -> None:
    async def work() -> None:
        await asyncio.to_thread(time.sleep, 0)

    asyncio.run(work())


def start_thread(**options: Any) -> None:
    threading.Thread(target=time.sleep, args=(600,), **options).start()


class OddThread(threading.Thread):
    """A thread that hides its state."""

    def is_alive(self) -> bool:
        raise OSError


def start_odd_thread() -> None:
    OddThread(target=time.sleep, args=(600,)).start()


def start_ended_child() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.wait = lambda *_: 0  # type: ignore[method-assign]  # nobody waits for it


def start_ignored_child() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    subprocess.Popen(["sleep", "600"])


LEFT_OVER: dict[str, Callable[[], object]] = {
    "child": lambda: subprocess.Popen(["sleep", "600"]),
    "child that has ended": start_ended_child,
    "child that is ignored": start_ignored_child,
    "thread": start_thread,
    "odd thread": start_odd_thread,
    "work in a pool": keep_pool_busy,
    "work in a loop's executor": leave_work_to_loop,
    "work that a flow has left in its loop": run_flow,
}
CLEAN: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "child that was waited for": lambda: subprocess.run(["true"], check=True),
    "daemon thread": lambda: start_thread(daemon=True),
    "idle pool": use_pool,
    "loop": use_loop,
}


@pytest.mark.parametrize("kind", LEFT_OVER)
def test_running_threads_and_children_are_leftovers(kind: str) -> None:
    """Children and threads that outlast an attempt are found."""

    def attempt() -> None:
        left_overs = LeftOvers()
        LEFT_OVER[kind]()
        assert left_overs.exist()

    in_own_process(attempt)


@pytest.mark.parametrize("kind", CLEAN)
def test_allowed_threads_are_no_leftovers(kind: str) -> None:
    """Threads that end with the attempt, or may stay for the next one, are no leftovers."""

    def attempt() -> None:
        left_overs = LeftOvers()
        CLEAN[kind]()
        assert not left_overs.exist()

    in_own_process(attempt)


def test_thread_of_the_module_is_not_left_over() -> None:
    """A thread started by the module's import is not an attempt's."""

    def attempt() -> None:
        start_thread()
        assert not LeftOvers().exist()

    in_own_process(attempt)


def test_result_from_a_pool_leaves_nothing() -> None:
    """A thread that has just given its result does not count as working."""

    def attempt() -> None:
        left_overs = LeftOvers()
        for _ in range(300):
            use_pool()
            assert not left_overs.exist()

    in_own_process(attempt)
