"""Flow processes, for real."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from functions.outcome import Outcome, Progress, Raised, Returned
from functions.process import FlowProcess, Say


def ended(process: FlowProcess) -> list[Progress | Outcome]:
    """Everything a process says until its outcome; it is closed then."""
    said: list[Progress | Outcome] = []
    try:
        while not said or isinstance(said[-1], Progress):
            said.extend(process.receive(5))
    finally:
        process.close()
    return said


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"


def test_what_the_flow_says_arrives_in_order() -> None:
    """Progress and outcome arrive as they were said."""

    def body(say: Say) -> Outcome:
        say(Progress({"percent": 50}))
        return Returned("1")

    assert ended(FlowProcess.start(body)) == [Progress({"percent": 50}), Returned("1")]


def test_result_larger_than_the_pipe() -> None:
    """A result of any size arrives whole."""
    text = '"' + "x" * 1_000_000 + '"'
    assert ended(FlowProcess.start(lambda _: Returned(text))) == [Returned(text)]


def test_process_that_dies_is_seen_although_its_child_lives() -> None:
    """The death of the flow's process is seen at once, also while a child of its own holds the pipe open."""

    def body(_: Say) -> Outcome:
        if os.fork() == 0:
            time.sleep(600)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    begun = time.monotonic()
    process = FlowProcess.start(body)
    said: list[Progress | Outcome] = []
    while not said:
        said.extend(process.receive(0.05))
    process.close()
    assert said == [Raised("ProcessDied: the flow's process was ended by SIGKILL (out of memory?)")]
    assert time.monotonic() - begun < 2


def test_nothing_of_a_closed_process_runs(tmp_path: Path) -> None:
    """What a flow has started in its group ends with it, whether it ends well or not."""
    pid_file = tmp_path / "pid"

    def body(_: Say) -> Outcome:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        pid_file.write_text(str(sleeper.pid))
        return Returned("null")

    assert ended(FlowProcess.start(body)) == [Returned("null")]
    sleeper = int(pid_file.read_text())
    deadline = time.monotonic() + 2
    while is_alive(sleeper) and time.monotonic() < deadline:
        os.sched_yield()
    assert not is_alive(sleeper)


def descriptors() -> set[int]:
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir()}


def test_scribbles_on_the_pipe_are_ignored() -> None:
    """What is no line of ours on the pipe is passed over."""

    before = descriptors()

    def body(say: Say) -> Outcome:
        for descriptor in descriptors() - before:
            with suppress(OSError):
                os.write(descriptor, b'no json\n{"Returned": 1}\n[]\n\xff\n')
        say(Progress({}))
        return Returned("2")

    assert ended(FlowProcess.start(body)) == [Progress({}), Returned("2")]


@pytest.mark.parametrize("how", [lambda: os._exit(0), lambda: os.closerange(3, 256)], ids=["exits", "closes the pipe"])
def test_process_that_says_no_outcome(how: Callable[[], object]) -> None:
    """A process that can say no more is dead, and is made so."""

    def body(_: Say) -> Outcome:
        how()
        time.sleep(600)
        raise AssertionError

    process = FlowProcess.start(body)
    (outcome,) = ended(process)
    assert isinstance(outcome, Raised)
    assert not is_alive(process.pid)
