"""Flows that must be stopped in various places; each writes its process, worker and time to `mark`."""

import asyncio
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from noukai.flow import Context, flow

FOR_GOOD = 600


def read_socket() -> None:
    ours, _theirs = socket.socketpair()
    ours.recv(1)


def run_program() -> None:
    subprocess.run(["sleep", str(FOR_GOOD)], check=True)


def loop() -> None:
    while True:
        pass


def join_thread() -> None:
    thread = threading.Thread(target=time.sleep, args=(FOR_GOOD,), daemon=True)
    thread.start()
    thread.join()


def wait_for_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def match_for_good() -> None:
    re.match(r"(a+)+$", "a" * 40 + "b")


PLACES: dict[str, Callable[[], object]] = {
    "sleep": partial(time.sleep, FOR_GOOD),
    "socket": read_socket,
    "subprocess": run_program,
    "loop": loop,
    "join": join_thread,
    "lock": wait_for_lock,
    "regex": match_for_good,
}


@flow(max_attempts=3)
def linger(
    mark: str, place: Literal["sleep", "socket", "subprocess", "loop", "join", "lock", "regex"]
) -> None:
    """Stay in one place for ever."""
    _say(mark)
    PLACES[place]()


@flow(max_attempts=3)
async def linger_later(mark: str) -> None:
    """Await for ever."""
    _say(mark)
    await asyncio.Event().wait()


@flow(max_attempts=1)
def swallow(mark: str) -> None:
    """Catch every interruption."""
    _say(mark)
    while True:
        try:
            time.sleep(FOR_GOOD)
        except BaseException:  # noqa: BLE001 - it is the kind that is tested
            continue


@flow(max_attempts=1)
def hold_interpreter(mark: str) -> None:
    """Make one call that holds the interpreter's lock."""
    _say(mark)
    sum(range(10**12))


@flow(max_attempts=1)
def clean_up(mark: str, context: Context) -> None:
    """Write traces of the clean-up beside `mark`."""
    _say(mark)
    with _manager(Path(f"{mark}.manager")):
        try:
            time.sleep(FOR_GOOD)
        finally:
            Path(f"{mark}.finally").write_text(f"cancelled: {context.cancelled}")


@flow(max_attempts=1)
def leave_tidily(mark: str, context: Context) -> None:
    """Catch the interruption, and leave because the context says so."""
    _say(mark)
    while not context.cancelled:
        try:
            time.sleep(FOR_GOOD)
        except BaseException:  # noqa: BLE001 - it is the kind that is tested
            Path(f"{mark}.swallowed").touch()
    Path(f"{mark}.left").touch()


@flow
def who_runs(seconds: float) -> int:
    """Return the worker's id."""
    time.sleep(seconds)
    return os.getppid()


@contextmanager
def _manager(trace: Path) -> Iterator[None]:
    try:
        yield
    finally:
        trace.touch()


def _say(mark: str) -> None:
    folder = Path(os.environ["TMPDIR"])
    (folder / "file").touch()
    with Path(mark).open("a") as file:
        file.write(f"{os.getpid()} {os.getppid()} {time.time()} {folder}\n")
