"""A flow's process that takes many calls."""

import json
import os
import random
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace

import pytest

from noukai.flow.runtime import Raised, Returned, outcome_of
from noukai_functions.worker.exchange import Outcome, ProgressBoard
from noukai_functions.worker.inside.child import Guard, TraceLog
from tests.flow_process import CALL, awaited, begin, called, memory, serving, traces

RACES = 3000
INTERRUPTED = Raised("Interrupted: the flow was told to stop")


def test_interrupt_at_the_end_of_a_call_harms_no_other() -> None:
    """Of thousands around a call's end, each ends that call or none; the next call returns."""

    def run(_: ProgressBoard) -> Outcome:
        guard = Guard()
        guard.arm()
        return outcome_of(lambda: guard.run(lambda: sum(range(50))), TraceLog)

    choose = random.Random(1)
    process = serving(run)
    ends = {type(called(process)): 0}
    begun = time.perf_counter()
    for _ in range(100):
        called(process)
    usual = (time.perf_counter() - begun) / 100
    try:
        for _ in range(RACES):
            running = begin(process)
            until = time.perf_counter() + choose.uniform(0, 1.5 * usual)
            while time.perf_counter() < until:
                pass
            process.interrupt()
            outcome = awaited(running)
            assert outcome in (Returned("1225"), INTERRUPTED)
            ends[type(outcome)] = ends.get(type(outcome), 0) + 1
            assert called(process) == Returned("1225")
    finally:
        process.close()
    assert ends[Returned] > RACES // 100


def test_call_larger_than_a_pipe() -> None:
    """A call of a megabyte arrives, also while the module is still being imported."""
    process = serving(lambda _: Returned("1"))
    outcome = called(process, replace(CALL, arguments={"a": "x" * 1_000_000}))
    process.close()
    assert outcome == Returned("1")


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_output_of_any_size_needs_no_memory_of_the_worker(capfd: pytest.CaptureFixture[str]) -> None:
    """A hundred megabytes go through to the log, and the answer follows them."""

    def run(_: ProgressBoard) -> Outcome:
        line = b"x" * 1023 + b"\n"
        for _each in range(100):
            os.write(1, line * 1024)
        return Returned("1")

    process = serving(run)
    called_once = memory(os.getpid())
    outcome = called(process)
    grown = memory(os.getpid()) - called_once
    process.close()
    assert outcome == Returned("1")
    assert grown < 16 << 20
    capfd.readouterr()


@pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
def test_calls_leave_nothing_in_either_process() -> None:
    """After a thousand calls, neither process has more descriptors, threads or memory."""
    process = serving(lambda _: Returned("1"))
    for _ in range(50):
        called(process)
    pids = (os.getpid(), process.pid)
    before = [(*traces(pid), memory(pid)) for pid in pids]
    for _ in range(1000):
        assert called(process) == Returned("1")
    after = [(*traces(pid), memory(pid)) for pid in pids]
    process.close()
    for (files, threads, size), (more_files, more_threads, more_size) in zip(before, after, strict=True):
        assert (more_files, more_threads) == (files, threads)
        assert more_size - size < 1 << 20


def replace_functions() -> None:
    """Do what flows do to suppress output or handlers, and more."""
    modules = (
        (json, "dumps", "loads"),
        (signal, "signal", "pthread_sigmask"),
        (traceback, "extract_tb", "format_list"),
    )
    for module, *names in (*modules, (os, "getpid", "write", "read", "fstat")):
        for name in names:
            setattr(module, name, lambda *_, **__: None)


@pytest.mark.parametrize("raises", [False, True])
def test_functions_that_a_flow_replaces_are_not_called(raises: bool) -> None:
    """A flow may replace any function of Python's: its outcome arrives, and so do interruptions."""

    def flow() -> int:
        replace_functions()
        if raises:
            raise ValueError("its own")
        return 1

    def run(_: ProgressBoard) -> Outcome:
        guard = Guard()
        guard.arm()
        return outcome_of(lambda: guard.run(flow), TraceLog)

    process = serving(run)
    outcomes = [called(process) for _ in range(2)]
    process.close()
    assert outcomes == 2 * [Raised("ValueError: its own") if raises else Returned("1")]


def test_answer_with_an_earlier_token_is_ignored() -> None:
    """A line without the call's token, however well formed, is no answer."""

    def run(board: ProgressBoard) -> Outcome:
        for number in range(3, 1024):
            try:
                os.write(number, b'\n0123456789abcdef [{"Returned": {"result": "2"}}, true]\n' + b"[" * 5000)
            except OSError:
                continue
        board.clear()
        return Returned("1")

    process = serving(run)
    outcome = called(process)
    process.close()
    assert outcome == Returned("1")


def test_flood_of_empty_lines_takes_the_worker_little_time() -> None:
    """Four million of them in every pipe keep the worker busy only for a moment."""

    def run(_: ProgressBoard) -> Outcome:
        for number in range(3, 1024):
            with suppress(OSError):
                for _chunk in range(64):
                    os.write(number, b"\n" * (1 << 16))
        return Returned("1")

    process = serving(run)
    before = time.process_time()
    outcome = called(process)
    taken = time.process_time() - before
    process.close()
    assert outcome == Returned("1")
    assert taken < 10


def test_process_in_a_call_is_not_clean() -> None:
    """A process with an unfinished call gets no other, whatever keeps its worker from waiting."""
    process = serving(lambda _: Returned("1"))
    running = begin(process)
    assert not process.is_clean
    while next(running) is None:
        assert not process.is_clean
    assert process.is_clean
    process.close()
    assert not process.is_clean
