"""The reaper of flows' descendants, each test in its own worker."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from noukai_functions.worker.process import reaper as module
from noukai_functions.worker.process.reaper import NotEndedError, Reaper
from tests.unit.own_process import in_own_process

SECONDS = 20
pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="only Linux lets orphans be adopted"
)


def flow_process(reaper: Reaper, act: Callable[[], object]) -> int:
    """Start a flow's process that acts, reports it and stays alive."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        act()
        os.write(writing, b"!")
        os.close(writing)
        linger()
        os._exit(0)
    os.close(writing)
    reaper.keep(pid)
    assert os.read(reading, 1) == b"!"
    os.close(reading)
    return pid


def in_child(act: Callable[[], object]) -> int:
    """Act in a child, which then ends."""
    if (pid := os.fork()) == 0:
        act()
        os._exit(0)
    return pid


def linger() -> None:
    """Outlive a test, but not for ever in case the test fails."""
    time.sleep(SECONDS)


def stay() -> None:
    in_child(linger)


def fork_twice() -> None:
    os.waitpid(in_child(stay), 0)


def become_daemon() -> None:
    def lead_session() -> None:
        os.setsid()
        stay()

    os.waitpid(in_child(lead_session), 0)


def join_the_worker() -> None:
    group = os.getpgid(os.getppid())

    def join_group() -> None:
        os.setpgid(0, group)
        stay()

    os.waitpid(in_child(join_group), 0)


def plant_tree() -> None:
    def branch() -> None:
        os.setsid()
        stay()
        stay()
        linger()

    def root() -> None:
        os.setsid()
        for _ in range(3):
            in_child(branch)
        linger()

    os.waitpid(in_child(lambda: in_child(root)), 0)


def hop() -> None:
    """Fork and end repeatedly, each time in a session of its own."""

    def jump() -> None:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if os.fork():
                os._exit(0)
            os.setsid()

    os.waitpid(in_child(lambda: in_child(jump)), 0)


def fork_on() -> None:
    """Keep 16 processes that continually start others."""

    def burst() -> None:
        os.setsid()
        for _ in range(4):
            os.fork()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            os.waitpid(in_child(lambda: time.sleep(0.001)), 0)

    os.waitpid(in_child(lambda: in_child(burst)), 0)


LEFT: dict[str, Callable[[], object]] = {
    "double fork": fork_twice,
    "daemon": become_daemon,
    "in the worker's group": join_the_worker,
    "tree of sessions": plant_tree,
    "one session after the other": hop,
    "fork bomb": fork_on,
}


@pytest.mark.parametrize("kind", LEFT)
def test_orphans_are_found_and_ended(kind: str) -> None:
    """Whichever way it left the flow's group, it is seen while the flow's process lives, and ends with it."""

    def worker() -> None:
        reaper = Reaper()
        other, pid = flow_process(reaper, lambda: None), flow_process(reaper, LEFT[kind])
        assert reaper.has_orphans()
        assert reaper.end(pid).code == -signal.SIGKILL
        assert not reaper.has_orphans()
        assert not reaper.has_ended(other)
        reaper.end(other)
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    in_own_process(worker)


def test_group_ends_with_its_process() -> None:
    """Descendants are no orphans until their flow's process ends, and end with it."""

    def live_with_child() -> None:
        stay()
        linger()

    def worker() -> None:
        reaper = Reaper()
        pid = flow_process(reaper, lambda: in_child(live_with_child))
        assert not reaper.has_orphans()
        reaper.end(pid)
        assert not reaper.has_orphans()

    in_own_process(worker)


def test_clean_process_has_no_orphans() -> None:
    """A process without leftovers is recognized; those that ended without a parent are reaped and ignored."""

    def worker() -> None:
        reaper = Reaper()
        pid = flow_process(reaper, lambda: os.waitpid(in_child(lambda: in_child(lambda: None)), 0))
        deadline = time.monotonic() + SECONDS
        while reaper.has_orphans():
            assert time.monotonic() < deadline
        assert Path(f"/proc/self/task/{os.getpid()}/children").read_text().split() == [str(pid)]
        reaper.end(pid)

    in_own_process(worker)


@pytest.mark.parametrize(
    ("act", "code"),
    [(lambda: os._exit(7), 7), (lambda: signal.raise_signal(signal.SIGUSR1), -signal.SIGUSR1)],
)
def test_death_is_seen_with_its_cause(act: Callable[[], object], code: int) -> None:
    """A process that ended by itself keeps its exit code; its leftovers are ended."""

    def worker() -> None:
        reaper = Reaper()
        reading, writing = os.pipe()

        def live_until_told() -> None:
            os.setpgid(0, 0)
            os.close(writing)
            stay()
            os.read(reading, 1)
            act()

        reaper.keep(pid := in_child(live_until_told))
        assert not reaper.has_ended(pid)
        os.close(writing)
        deadline = time.monotonic() + SECONDS
        while not reaper.has_ended(pid):
            assert time.monotonic() < deadline
        assert reaper.has_orphans()
        assert reaper.end(pid).code == code
        assert not reaper.has_orphans()

    in_own_process(worker)


def test_older_children_are_left_alone() -> None:
    """A child from before the flows lives on, and its exit status is not taken."""

    def worker() -> None:
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as older:
            reaper = Reaper()
            reaper.end(flow_process(reaper, become_daemon))
            assert older.poll() is None
        assert older.returncode == 0

    in_own_process(worker)


def test_end_of_a_process_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that cannot be ended is an error of the worker, in time."""
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)

    def worker() -> None:
        reaper = Reaper()
        pid = flow_process(reaper, lambda: None)
        monkeypatch.setattr(os, "kill", lambda *_: None)
        monkeypatch.setattr(os, "killpg", lambda *_: None)
        with pytest.raises(NotEndedError, match=str(pid)):
            reaper.end(pid)

    in_own_process(worker)
