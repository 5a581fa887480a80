"""The warnings of a worker whose system lacks a feature for processes."""

import ctypes
import errno
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.worker.exchange import Answer, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.process.pool import ProcessPool
from noukai_functions.worker.process.reaper import Reaper
from tests.flow_process import awaited, begin, called
from tests.unit.own_process import in_own_process

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="only Linux has what is warned of"
)


def serve(channel: Channel, _: ProgressBoard, token: str) -> None:
    """Answer every call."""
    channel.say(Answer(), token)
    while received := channel.next_call():
        channel.say(Answer(Returned("null"), is_clean=True), received[1])


def run_one(processes: ProcessPool) -> int:
    """Run a call in a process of the pool; return the process's id."""
    process = processes.take("trial", fresh=False)
    called(process)
    processes.give_back(process)
    return process.pid


def refuse(*_: object) -> int:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def warnings_of(act: Callable[[], object], caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the worker's warnings while it acts."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, "noukai"):
        act()
    return caplog.messages


def test_refusals_at_the_start(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Each is a warning; a system that refuses nothing has none."""

    def worker() -> None:
        assert warnings_of(Reaper, caplog) == []
        with monkeypatch.context() as context:
            context.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(prctl=lambda *_: -1))
            context.setattr(os.path, "exists", lambda _: False)
            assert warnings_of(Reaper, caplog) == [
                "flow processes: orphans cannot be adopted: prctl refuses it",
                "flow processes: orphans cannot be found: /proc does not list children",
            ]

    in_own_process(worker)


def test_death_between_two_attempts(caplog: pytest.LogCaptureFixture) -> None:
    """A kept process that dies is replaced, with a warning."""

    def worker() -> None:
        processes = ProcessPool(lambda _: serve, memory=1 << 30)

        def die_and_run() -> None:
            os.kill(kept, signal.SIGKILL)
            os.waitid(os.P_PID, kept, os.WEXITED | os.WNOWAIT)
            assert run_one(processes) != kept

        kept = run_one(processes)
        assert warnings_of(lambda: run_one(processes), caplog) == []
        assert warnings_of(die_and_run, caplog) == ["flow processes: an idle process died"]
        processes.close()

    in_own_process(worker)


def test_deaths_that_are_reported_late(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker warns once that the system reports no deaths, however many processes it makes."""

    def worker() -> None:
        def run_two() -> None:
            for _ in range(2):
                processes = ProcessPool(lambda _: serve, memory=1 << 30)
                run_one(processes)
                processes.close()

        monkeypatch.setattr(os, "pidfd_open", refuse)
        assert warnings_of(run_two, caplog) == [
            "flow processes: the system does not report deaths: they are polled"
        ]

    in_own_process(worker)


def test_watch_without_descriptors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A worker without a descriptor to look for orphans continues to watch its flow, and looks later."""

    def worker() -> None:
        pool = ProcessPool(lambda _: serve_when_told, memory=1 << 30)
        process = pool.take("trial", fresh=False)
        running = begin(process, seconds=0)
        while not process.has_imported:
            next(running)
        with monkeypatch.context() as context:
            context.setattr(os, "listdir", lack_descriptors)
            assert next(running) is None
        told.touch()
        assert awaited(running) == Returned("null")
        pool.give_back(process)
        pool.close()

    told = tmp_path / "told"

    def serve_when_told(channel: Channel, _: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        while received := channel.next_call():
            while not told.exists():
                os.sched_yield()
            channel.say(Answer(Returned("null"), is_clean=True), received[1])

    def lack_descriptors(_: object) -> list[str]:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    in_own_process(worker)


def test_processes_that_are_not_made_ahead(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A module that cannot be imported is a warning, and so is a fork that is refused."""

    def worker() -> None:
        processes = ProcessPool(lambda _: lambda *_: os._exit(7), memory=1 << 30)
        dying = warnings_of(lambda: processes.get_ready(["trial"], 5), caplog)
        assert dying == ["flow processes: a module could not be imported ahead"]
        monkeypatch.setattr(os, "fork", refuse)
        refused = warnings_of(lambda: processes.get_ready(["trial"], 5), caplog)
        assert refused == ["flow processes: none could be started ahead"]

    in_own_process(worker)
