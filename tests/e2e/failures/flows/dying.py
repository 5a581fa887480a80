"""Flows that end their process, or whose worker is ended; each attempt adds a line to `mark`."""

import ctypes
import faulthandler
import os
import resource
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from noukai.flow import Context, flow


def run_out_of_memory() -> None:
    """Get less memory than the flow needs, as on a small machine."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
    bytearray(2**28)


WAYS: dict[str, Callable[[], object]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(3),
    "memory": run_out_of_memory,
}


@flow(backoff=0.1)
def die(mark: str, how: Literal["kill", "segfault", "exit", "memory"], context: Context) -> str:
    """Die in the first attempt."""
    _say(mark)
    if context.attempt == 1:
        faulthandler.disable()
        WAYS[how]()
    return "alive"


@flow
def outlast(mark: str, seconds: float, context: Context) -> str:
    """Take long in the first attempt only."""
    return _take_long_once(mark, seconds, context)


@flow(timeout=15)
def linger(mark: str, seconds: float, context: Context) -> str:
    """Do the same on a worker with a timeout, and so a visibility, of half a minute."""
    return _take_long_once(mark, seconds, context)


def _take_long_once(mark: str, seconds: float, context: Context) -> str:
    _say(mark)
    if context.attempt == 1:
        time.sleep(seconds)
    return f"attempt {context.attempt}"


def _say(mark: str) -> None:
    folder = Path(os.environ["TMPDIR"])
    (folder / "file").touch()
    with Path(mark).open("a") as file:
        file.write(f"{os.getpid()} {os.getppid()} {time.time()} {folder}\n")
