"""The processes that a worker keeps, each test in its own worker."""

import errno
import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.worker.exchange import Answer, Call, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.process import pool as module
from noukai_functions.worker.process import reaper
from noukai_functions.worker.process.pool import ProcessPool, WorkerBrokenError
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.reaper import NotEndedError
from noukai_functions.worker.process.scratch import remove_scratch
from tests.flow_process import CALL, Running, begin
from tests.unit.own_process import in_own_process

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="only Linux lets orphans be adopted"
)


def pool_of(run: Callable[[Call], object]) -> ProcessPool:
    """Return a pool whose processes take one call after the other."""

    def body(channel: Channel, _: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        while received := channel.next_call():
            run(received[0])
            channel.say(Answer(Returned("null"), is_clean=True), received[1])

    return ProcessPool(lambda _: body, memory=1 << 30)


def begun(processes: ProcessPool) -> tuple[FlowProcess, Running]:
    """Return a process of the pool that has been given a call, and the call."""
    process = processes.take("trial", fresh=False)
    running = begin(process, replace(CALL, folder=process.folder), seconds=20)
    while not process.has_imported:
        next(running)
    return process, running


def run_one(processes: ProcessPool) -> FlowProcess:
    process, running = begun(processes)
    assert next(running) == Returned("null")
    processes.give_back(process)
    return process


def test_process_is_kept() -> None:
    """One attempt after the other has the same process."""

    def worker() -> None:
        processes = pool_of(lambda _: None)
        assert run_one(processes).pid == run_one(processes).pid
        processes.close()

    in_own_process(worker)


def test_process_at_work_is_never_kept() -> None:
    """A failed watch leaves its flow running: the process is ended, and no other attempt gets it."""

    def worker() -> None:
        processes = pool_of(lambda _: time.sleep(60))
        at_work, _ = begun(processes)
        processes.give_back(at_work)
        assert not at_work.is_alive
        assert processes.take("trial", fresh=False).pid != at_work.pid

    in_own_process(worker)


def test_worker_without_descriptors_is_broken() -> None:
    """The lack shows when a process is made or given back, and counts as the worker's fault."""

    def worker() -> None:
        processes = pool_of(lambda _: None)
        run_one(processes)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        kept = processes.take("trial", fresh=False)
        with pytest.raises(WorkerBrokenError, match="Too many open files"):
            processes.take("other", fresh=False)
        with pytest.raises(WorkerBrokenError, match="Too many open files"):
            processes.give_back(kept)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        kept.close()
        processes.close()

    in_own_process(worker)


def test_thread_that_goes_on_writing_ends_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon thread that fills the attempt's folder costs its process, not the worker."""

    def worker() -> None:
        processes = pool_of(lambda call: (Path(call.folder) / "cache").touch())
        used, running = begun(processes)
        assert next(running) == Returned("null")

        def remove(path: str) -> None:
            if used.is_alive:
                raise OSError(errno.ENOTEMPTY, "a thread has made a file meanwhile", path)
            remove_scratch(path)

        monkeypatch.setattr(module, "remove_scratch", remove)
        processes.give_back(used)
        assert not used.is_alive
        assert not Path(used.folder).exists()
        run_one(processes)
        processes.close()

    in_own_process(worker)


def test_folder_with_a_late_write_is_not_reused() -> None:
    """An unused folder goes to the next attempt, unless a thread of an earlier one wrote into it."""

    def worker() -> None:
        processes = pool_of(lambda _: None)
        first = run_one(processes).folder
        second = run_one(processes).folder
        (Path(second) / "late").touch()
        third = run_one(processes).folder
        assert first == second != third
        assert not Path(second).exists()
        processes.close()

    in_own_process(worker)


def test_unkillable_leftover_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead flow left something that cannot be killed: waiting for it fails, and so does giving it back."""
    monkeypatch.setattr(reaper, "PATIENCE_SECONDS", 0.05)

    def leave_a_daemon(call: Call) -> None:
        if (pid := os.fork()) == 0:
            os.setsid()
            if os.fork() == 0:
                (Path(call.folder) / "pid").write_text(str(os.getpid()))
                time.sleep(60)
            os._exit(0)
        os.waitpid(pid, 0)
        while not [*Path(call.folder).glob("pid")]:
            time.sleep(0)
        os._exit(7)

    def worker() -> None:
        processes = pool_of(leave_a_daemon)
        used, running = begun(processes)
        with monkeypatch.context() as context:
            context.setattr(os, "kill", lambda *_: None)
            context.setattr(os, "killpg", lambda *_: None)
            with pytest.raises(NotEndedError):
                next(running)
            with pytest.raises(NotEndedError):
                processes.give_back(used)
        os.kill(int((Path(used.folder) / "pid").read_text()), signal.SIGKILL)

    in_own_process(worker)
