"""The local system of a test: its processes, its folder and its end."""

import signal
from pathlib import Path

import psutil

from noukai_infra.local import processes
from noukai_infra.local.running import Running

START_SECONDS = 90
STOP_SECONDS = 5


def first_child(system: Running) -> psutil.Process:
    """Wait for the system's first process, which is its emulator."""
    parent = psutil.Process(system.process.pid)
    # Until it has become another program, a new process has its parent's environment.
    while not (children := [child for child in parent.children() if processes.MARK in child.environ()]):
        assert system.process.poll() is None, system.output
    return min(children, key=psutil.Process.create_time)


def run_of(system: Running) -> str:
    """Return the mark of the system's processes, read from one of them."""
    return first_child(system).environ()[processes.MARK]


def folder_of(run: str) -> Path:
    """Return the temporary folder of a run, which is the home of its emulator."""
    homes = [Path(process.environ()["HOME"]) for process in processes.marked(run)]
    return next(home for home in homes if home.name.startswith("noukai-local-"))


def stop(system: Running, number: signal.Signals) -> int:
    """Send a signal and return the exit status, which must come in time."""
    system.process.send_signal(number)
    return system.process.wait(STOP_SECONDS)
