"""Flows that print and log, in each way that Python has and in some of its own."""

# ruff: noqa: T201

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from noukai.flow import Context, flow


def printed() -> None:
    print("to standard output")
    print("to standard error", file=sys.stderr)
    print(" without an end", end="")


def logged() -> None:
    logging.getLogger("shop").warning("by %s", "logging")
    logging.getLogger("shop").info("of a level", extra={"customer": "u7"})
    logging.getLogger("shop").debug("not heard")


def by_a_child() -> None:
    subprocess.run(["sh", "-c", "echo out of a child; echo error of a child >&2"], check=True)


def by_a_grandchild() -> None:
    """Return while it is still there, which its parent is not."""
    script = "(echo out of a grandchild; echo ready >&3; exec sleep 600) & echo out of its parent"
    reading, writing = os.pipe()
    os.dup2(writing, 3)
    subprocess.run(["sh", "-c", script], check=True, pass_fds=[3])
    os.read(reading, 6)


def by_c() -> None:
    library = ctypes.CDLL(None)
    library.puts(b"by C")
    library.fflush(None)


def by_a_fork() -> None:
    if (pid := os.fork()) == 0:
        logging.getLogger("fork").error("by a fork")
        print("printed by a fork")
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


def by_a_fork_that_returns() -> None:
    if (pid := os.fork()) == 0:
        print("unfinished", end="")
    else:
        os.waitpid(pid, 0)


def by_basic_config() -> None:
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("shop").info("configured")


def closed() -> None:
    os.closerange(3, 2000)
    logging.getLogger("shop").warning("after closing")


def binary() -> None:
    os.write(1, b"\x89PNG\r\n\x1a\n\x00\xff\n")


def bar() -> None:
    for percent in range(0, 101, 10):
        sys.stderr.write(f"\r{percent}%")
    sys.stderr.write("\n\x1b[31mred\x1b[0m\n")


WAYS: dict[str, Callable[[], object]] = {
    each.__name__: each
    for each in (
        printed,
        logged,
        by_a_child,
        by_a_grandchild,
        by_c,
        by_a_fork,
        by_a_fork_that_returns,
        by_basic_config,
        closed,
        binary,
        bar,
    )
}


@flow(max_attempts=1, fresh_process=True)
def say(way: str) -> None:
    WAYS[way]()


@flow(max_attempts=1)
def log(words: int, *, context: Context) -> None:
    context.logger.info("counted", words=words, kind="fast")
    context.logger.warning("about to end")
    try:
        raise ValueError("by itself")  # noqa: TRY301 - it is caught to be logged
    except ValueError:
        context.logger.exception("caught")


@flow(max_attempts=1)
def write(texts: list[str]) -> None:
    """Write each text at once."""
    for text in texts:
        os.write(1, text.encode())


@flow(max_attempts=1)
def print_lines(count: int, size: int = 10) -> None:
    for number in range(count):
        print(f"{number} ".ljust(size - 1, "x"))


@flow(max_attempts=2)
def raise_after(message: str, *, context: Context) -> None:
    print(f"attempt {context.attempt}")
    raise ValueError(message)


@flow(max_attempts=1)
def die(how: str) -> None:
    print("last words")
    sys.stdout.write("unfinished")
    sys.stdout.flush()
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        os._exit(3)
    if how == "fault":
        ctypes.string_at(0)


@flow(max_attempts=1, timeout=1)
def hang(message: str) -> None:
    print(message)
    time.sleep(600)


@flow
def silent() -> None:
    """Say nothing."""


@flow(max_attempts=1)
def report(message: str, *, context: Context) -> None:
    context.progress(percent=50, message=message)
    print(message)
    raise ValueError(message)
