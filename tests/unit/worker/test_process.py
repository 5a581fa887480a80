"""Real flow processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from noukai.flow.runtime import Raised, Returned
from noukai_functions.worker.exchange import Outcome, ProgressBoard
from noukai_functions.worker.process.tether import Tether
from tests.flow_process import awaited, ended, started


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"


def wait_until(happened: Callable[[], bool], seconds: float = 5) -> None:
    """Return as soon as something has happened in another process."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_outcome_arrives() -> None:
    """The parent receives what the body returns in the child."""
    assert ended(*started(lambda _: Returned("1"))) == Returned("1")


def test_result_larger_than_the_pipe() -> None:
    """A result of any size arrives whole."""
    text = '"' + "x" * 1_000_000 + '"'
    assert ended(*started(lambda _: Returned(text))) == Returned(text)


def test_last_progress_is_seen_while_the_flow_is_silent() -> None:
    """The last of a burst of reports counts, although the flow reports nothing more."""

    def body(board: ProgressBoard) -> Outcome:
        for number in range(1000):
            board.write({"percent": number / 10})
        time.sleep(600)
        raise AssertionError

    process, _ = started(body)
    wait_until(lambda: process.board.read() == {"percent": 99.9})
    process.close()


def test_progress_that_is_too_large_is_refused() -> None:
    """An oversized report is the flow's error, and the former report stays."""
    board = ProgressBoard()
    assert board.read() is None
    board.write({"percent": 1})
    with pytest.raises(ValueError, match="4088"):
        board.write({"message": "x" * 5000})
    assert board.read() == {"percent": 1}


def test_awaited_a_process_that_has_already_ended() -> None:
    """The outcome of a process that ended before the look is found, however short the look."""
    process, running = started(lambda _: Returned("1"), seconds=0)
    wait_until(lambda: not is_alive(process.pid))
    assert [*running] == [None, Returned("1")]
    process.close()


def test_death_by_a_signal_without_a_name_is_seen() -> None:
    """Most real-time signals have no name."""

    def body(_: ProgressBoard) -> Outcome:
        os.kill(os.getpid(), signal.SIGRTMIN + 6)
        raise AssertionError

    said = f"ProcessDied: the flow's process was ended by signal {signal.SIGRTMIN + 6}"
    assert ended(*started(body)) == Raised(said)


def test_process_that_dies_is_seen_although_its_child_lives() -> None:
    """It is seen at once, even while a child of the process holds the pipe open."""

    def body(_: ProgressBoard) -> Outcome:
        if os.fork() == 0:
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    process, running = started(body)
    wait_until(lambda: not is_alive(process.pid))
    outcome = awaited(running)
    process.close()
    assert "ended by SIGKILL; it held up to " in repr(outcome)


def test_closing_a_process_ends_its_children(tmp_path: Path) -> None:
    """Whatever a flow started in its group ends with it, however it ends."""
    pid_file = tmp_path / "pid"

    def body(_: ProgressBoard) -> Outcome:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pid_file.write_text(str(sleeper.pid))
        return Returned("null")

    assert ended(*started(body)) == Returned("null")
    sleeper = int(pid_file.read_text())
    wait_until(lambda: not is_alive(sleeper))


def test_flow_that_leaves_its_group_is_killed_all_the_same(tmp_path: Path) -> None:
    """A flow in another process group does not escape its end."""
    moved = tmp_path / "moved"

    def body(_: ProgressBoard) -> Outcome:
        os.setpgid(0, os.getpgid(os.getppid()))
        moved.touch()
        time.sleep(600)
        raise AssertionError

    process, _ = started(body)
    wait_until(moved.exists)
    process.close()
    assert not is_alive(process.pid)


def descriptors() -> set[int]:
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}


def test_scribbles_on_the_pipe_are_ignored() -> None:
    """Bytes that are no line of ours are ignored."""
    before = descriptors()

    def body(_: ProgressBoard) -> Outcome:
        for descriptor in descriptors() - before:
            with suppress(OSError):
                os.write(descriptor, b'no json\n{"Returned": 1}\n[]\n\xff\n')
        return Returned("2")

    assert ended(*started(body)) == Returned("2")


def test_flow_that_floods_the_pipe_is_looked_at_in_time() -> None:
    """Lines faster than they can be read delay neither the heartbeats nor the timeout."""
    before = descriptors()

    def body(_: ProgressBoard) -> Outcome:
        while True:
            for descriptor in descriptors() - before:
                with suppress(OSError):
                    os.write(descriptor, b"\n" * (1 << 16))

    process, running = started(body, seconds=0.05)
    while not process.has_imported:
        next(running)
    begun = time.monotonic()
    try:
        for _ in range(10):
            assert next(running) is None
            # Without a limit it would never return.
            assert time.monotonic() - begun < 30
    finally:
        process.close()


@pytest.mark.parametrize(
    "how", [lambda: os._exit(0), lambda: os.closerange(3, 4096)], ids=["exits", "closes the pipe"]
)
def test_process_without_an_outcome(how: Callable[[], object]) -> None:
    """A process that can no longer answer counts as dead, and is killed."""

    def body(_: ProgressBoard) -> Outcome:
        how()
        time.sleep(600)
        raise AssertionError

    process, running = started(body)
    assert isinstance(ended(process, running), Raised)
    assert not is_alive(process.pid)


def test_printed_output_reaches_the_log() -> None:
    """Buffered output of both streams is written before the process ends."""
    script = """
import sys
from noukai.flow.runtime import Returned
from tests.flow_process import ended, started

def body(_):
    print("printed", end="")
    print("complained", end="", file=sys.stderr)
    return Returned("1")

ended(*started(body))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert sorted(done.stderr.splitlines()) == ["complained", "printed"]


def test_output_before_the_first_attempt_is_masked() -> None:
    """What a module prints while it is imported, and as its process ends: in the worker's log."""
    script = """
import logging, os, sys
from noukai_functions.logs.masking import Masker
from noukai_functions.worker.exchange import Answer
from noukai_functions.worker.process.process import FlowProcess
from tests.flow_process import MEMORY, reaper

def body(channel, board, token):
    print("first s3cret-value")
    logging.getLogger("module").error("second s3cret-value")
    os.write(2, b"third s3cret-")
    os.write(2, b"value\\n")
    channel.say(Answer(), token)
    channel.next_call()
    print("last nk_" + "A" * 43, end="")
    sys.stdout.flush()

process = FlowProcess.start("trial", body, reaper(), MEMORY, masker=Masker(["s3cret-value"]))
assert not process.fails_to_import(10)
process.leave()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    said = done.stderr.splitlines()
    assert {"first ***", "third ***", "last ***"} < set(said)
    assert any("second ***" in line for line in said)
    assert "s3cret" not in done.stderr + done.stdout
    assert "nk_" not in done.stderr + done.stdout


WORKER = """
import subprocess, time
from tests.flow_process import ended, started

def body(_):
    program = subprocess.Popen(["sleep", "600"])
    print(program.pid, flush=True)
    time.sleep(600)

process, running = started(body)
print(process.pid, flush=True)
ended(process, running)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no other kernel can be told to kill")
def test_flow_ends_with_its_worker() -> None:
    """When the worker is killed, neither its flow nor the flow's children run beside the next attempt."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with worker:
        assert worker.stdout is not None
        pids = [int(worker.stdout.readline()) for _ in range(2)]
        assert all(map(is_alive, pids))
        worker.kill()
        wait_until(lambda: not any(map(is_alive, pids)), seconds=1)


def test_worker_that_ends_before_its_flow_is_tied() -> None:
    """A flow whose worker was killed just after the fork does not begin."""
    tether = Tether()
    waiting, going = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(going)
        os.read(waiting, 1)
        tether.tie()
        os._exit(0)
    os.close(waiting)
    tether.close_child_side()
    tether.cut()
    os.close(going)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
