"""The memory limit of the local system's workers, on real processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from noukai_infra.local.emulator.memory_limit import keep_within

FAMILY = """
import os, sys
shared = bytearray(b"x") * (int(sys.argv[1]) << 20)
if os.fork() == 0:
    own = bytearray(b"x") * (int(sys.argv[2]) << 20)
    mapped = bytearray(0) if len(sys.argv) < 4 else __import__("mmap").mmap(-1, int(sys.argv[3]) << 20)
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.wait()[1]) and 9)
"""


@contextmanager
def family(*megabytes: int) -> Iterator[subprocess.Popen[str]]:
    """Yield a worker and a child with so many megabytes of its own, and a map that it never touches."""
    arguments = [sys.executable, "-c", FAMILY, *map(str, megabytes)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def test_the_largest_process_is_killed_and_not_its_worker(capsys: pytest.CaptureFixture[str]) -> None:
    """The worker lives to tell its job, and the line says what was used of what."""
    with family(1, 120) as worker:
        keep_within(worker.pid, 100, "worker")
        assert worker.wait(10) == 9
    said = capsys.readouterr().out
    assert said.startswith("worker\tout of memory: 1")
    assert "this worker has 100 MB" in said


def test_what_is_only_mapped_or_shared_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses are no memory, and what parent and child share is there once."""
    with family(80, 20, 4000) as worker:
        [child] = psutil.Process(worker.pid).children()
        keep_within(worker.pid, 160, "worker")
        assert child.is_running()
        assert child.status() != psutil.STATUS_ZOMBIE
    assert capsys.readouterr().out == ""
