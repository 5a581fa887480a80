"""The limits of a worker's process pool, each test in its own worker."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.worker import watch
from noukai_functions.worker.exchange import Answer, Call, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.process import output, process, reaper
from noukai_functions.worker.process import pool as module
from noukai_functions.worker.process.pool import ProcessPool
from noukai_functions.worker.process.process import Body, FlowProcess
from noukai_infra.settings import WorkerKind
from tests.flow_process import CALL, called
from tests.unit.own_process import in_fresh_process, in_own_process

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="only Linux tells what a process holds"
)

MEBIBYTE = 1 << 20
SETTLING_SECONDS = 15
"""A call of AWS has three tries of four seconds each."""


def pool_of(mebibytes: Callable[[Call], int], memory: int = 1 << 30) -> ProcessPool:
    """Return a pool whose processes keep that much more memory after each call."""

    def body(channel: Channel, _: ProgressBoard, token: str) -> None:
        kept = []
        channel.say(Answer(), token)
        while received := channel.next_call():
            kept.append(b"x" * (mebibytes(received[0]) * MEBIBYTE))
            channel.say(Answer(Returned("null"), is_clean=True), received[1])

    return ProcessPool(lambda _: body, memory)


def used(processes: ProcessPool, project: str) -> FlowProcess:
    """Return the process that an attempt of the project had."""
    process = processes.take(project, fresh=False)
    call = replace(CALL, folder=process.folder, attempt=process.attempts)
    assert called(process, call) == Returned("null")
    processes.give_back(process)
    return process


def test_at_most_four_are_kept() -> None:
    """For a fifth project, the least recently used process is ended."""

    def worker() -> None:
        processes = pool_of(lambda _: 0)
        by_project = {project: used(processes, project) for project in "abcd"}
        assert used(processes, "a") is by_project["a"]
        by_project["e"] = used(processes, "e")
        assert [project for project, process in by_project.items() if process.is_alive] == [
            "a",
            "c",
            "d",
            "e",
        ]
        processes.close()

    in_own_process(worker)


def test_none_is_started_ahead_once_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many projects there are; here, three seconds pass between two looks at the clock."""

    def worker() -> None:
        ticks, started = count(0, 3), list[str]()
        monkeypatch.setattr(module, "monotonic", lambda: next(ticks))
        processes = pool_of(lambda _: 0)
        body = processes.body

        def noted(project: str) -> Body:
            started.append(project)
            return body(project)

        processes.body = noted
        processes.get_ready("abc", 8)
        assert started == ["a"]
        processes.close()

    in_own_process(worker)


def test_idle_ones_hold_a_quarter_of_the_memory() -> None:
    """When another project needs a process, the least recently used ones end until the rest holds less."""
    in_fresh_process(_hold_too_much)


def _hold_too_much() -> None:
    processes = pool_of(lambda _: 30, memory=256 * MEBIBYTE)
    kept = [used(processes, project) for project in "abc"]
    another = processes.take("d", fresh=False)
    assert [process.is_alive for process in kept] == [False, True, True]
    processes.give_back(another)
    processes.close()


def test_process_that_grows_is_replaced() -> None:
    """Its first attempt may load much; after that it may grow by an eighth of the memory."""
    in_fresh_process(_use_a_process_that_grows)


def _use_a_process_that_grows() -> None:
    processes = pool_of(lambda call: 20 if call.attempt else 200, memory=256 * MEBIBYTE)
    first, second, third, fourth = (used(processes, "a") for _ in range(4))
    assert first is second is third
    assert not third.is_alive
    assert fourth is not third
    processes.close()


def test_process_is_replaced_after_so_many_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds even for a clean process."""
    monkeypatch.setattr(module, "_MOST_ATTEMPTS", 2)

    def worker() -> None:
        processes = pool_of(lambda _: 0)
        first, second, third = (used(processes, "a") for _ in range(3))
        assert first is second is not third
        assert not second.is_alive
        processes.close()

    in_own_process(worker)


def test_lease_outlasts_the_end_of_a_process() -> None:
    """Heartbeats stop while a process ends, before the settling: each step may take its longest."""
    ending = process._LEAVING_SECONDS + reaper.PATIENCE_SECONDS + 2 * output._LAST_SECONDS
    lease = WorkerKind().lease_seconds
    assert lease - lease / watch.EXTENSIONS > watch.BEAT_SECONDS + ending + SETTLING_SECONDS
