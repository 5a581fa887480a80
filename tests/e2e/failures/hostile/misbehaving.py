"""Flows that harm their process while they run."""

import asyncio
import ctypes
import faulthandler
import io
import logging.config
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import _left_overs as left_overs  # type: ignore[import-not-found]  # a neighbour, wherever the folder lies

from noukai.flow import Context, flow

POOL = ThreadPoolExecutor(1)


class Unspeakable(Exception):  # noqa: N818 - it is one
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise ValueError

    __repr__ = __str__


class Stubborn(io.StringIO):
    """A stream that cannot be flushed."""

    def flush(self) -> None:
        """Fail."""
        raise SystemExit


def fork_and_return() -> None:
    os.fork()


def raise_from_timer() -> None:
    def handle(*_: Any) -> None:
        raise RuntimeError("from a timer")

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.3, 0.01)


def hold_out() -> None:
    """Ignore every signal and do not end."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(600)


def run_out_of_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
    bytearray(2**28)


def crash() -> None:
    faulthandler.disable()
    ctypes.string_at(0)


def scribble() -> None:
    for number in range(1024):
        with suppress(OSError):
            os.set_blocking(number, False)
            os.write(number, b'["Returned", "done", {"x": [[[[\0\n')


def scribble_into_log() -> None:
    """Write text that is no log line into the worker's log, past the pipes that lead there."""
    with suppress(OSError):
        log = os.open(f"/proc/{os.getppid()}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
        os.write(log, b'{"level": "ERROR"\0\x1b[2J' * 1024)


def flood() -> None:
    line = b"x" * 2**16 + b"\n"
    for _ in range(256):
        os.write(1, line)


def litter() -> None:
    """Leave files that are hard to delete."""
    folder = Path(tempfile.mkdtemp()) / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "file").touch(0)
    (folder / "link").symlink_to("/")
    for each in (folder, folder.parent):
        each.chmod(0)


def configure_logging() -> None:
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": True, "root": {"handlers": []}})
    logging.disable()


def move_region() -> None:
    os.environ.update(
        AWS_REGION="mars-north-1", AWS_ACCESS_KEY_ID="nobody", AWS_ENDPOINT_URL="https://localhost:1"
    )


def replace_environment() -> None:
    os.environ = {}  # type: ignore[assignment]  # noqa: B003 - as flows do


def replace_output() -> None:
    sys.stdout, sys.stderr = Stubborn(), io.StringIO()


def close_output() -> None:
    sys.stdout.close()
    os.close(2)


def redirect_everything() -> None:
    for number in range(256):
        os.dup2(os.open(os.devnull, os.O_RDWR), number)


def unmake_python() -> None:
    os.write = os.fstat = os.environ.copy = time.monotonic = None  # type: ignore[assignment, method-assign]


def raise_group_of_itself() -> None:
    errors: list[Exception] = [ValueError("within")]
    group = ExceptionGroup("a group", errors)
    group.__cause__ = group
    raise group


def raise_(error: BaseException) -> None:
    raise error


def leave_work_in_loop() -> None:
    async def work() -> None:
        asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(work())
    loop.close()


ACTS: dict[str, Callable[[], object]] = {
    "ignore children": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    "ignore the interrupt": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "block signals": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()),
    "alarm": lambda: signal.setitimer(signal.ITIMER_REAL, 0.3),
    "timer that raises": raise_from_timer,
    "region": move_region,
    "no environment": os.environ.clear,
    "other environment": replace_environment,
    "logging": configure_logging,
    "seed": lambda: random.seed(1),
    "folder": lambda: os.chdir("/proc"),
    "mask of files": lambda: os.umask(0o777),
    "few descriptors": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)),
    "path": sys.path.clear,
    "other output": replace_output,
    "closed output": close_output,
    "closed descriptors": lambda: os.closerange(3, 256),
    "redirected descriptors": redirect_everything,
    "scribble": scribble,
    "scribble into the log": scribble_into_log,
    "flood": flood,
    "fork and return": fork_and_return,
    "child": left_overs.have_child,
    "grandchild": left_overs.have_grandchild,
    "daemon": left_overs.have_daemon,
    "stopped child": left_overs.have_stopped_child,
    "thread": lambda: threading.Thread(target=time.sleep, args=(600,)).start(),
    "work in a pool": lambda: POOL.submit(time.sleep, 600),
    "work in a loop": leave_work_in_loop,
    "litter": litter,
    "unmade Python": unmake_python,
    "exit": lambda: os._exit(7),
    "leave": lambda: sys.exit("no licence"),
    "crash": crash,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "memory": run_out_of_memory,
    "all descriptors": lambda: os.closerange(0, 65536),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "hold out": hold_out,
    "keyboard": lambda: raise_(KeyboardInterrupt()),
    "cancelled": lambda: raise_(asyncio.CancelledError()),
    "unspeakable": lambda: raise_(Unspeakable()),
    "group": raise_group_of_itself,
}


@flow(max_attempts=1, timeout=4)
def act(kind: str, pids: str) -> str:
    """Act and return, if that is possible."""
    os.environ["PIDS"] = pids
    if kind not in ("child", "daemon", "grandchild", "stopped child"):
        left_overs.say_pid()
    ACTS[kind]()
    return "done"


@flow(max_attempts=1, timeout=20)
def look(seconds: float, context: Context) -> dict[str, Any]:
    """Report the state of the process, after a while for delayed effects."""
    time.sleep(seconds)
    print("a line")
    context.logger.info("another line")
    mask = os.umask(0)
    os.umask(mask)
    return {
        "handlers": [str(signal.getsignal(each)) for each in (signal.SIGCHLD, signal.SIGALRM)],
        "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
        "region": os.environ.get("AWS_REGION"),
        "variables": sorted(os.environ),
        "folder": os.getcwd(),
        "mask": mask,
        "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE),
        "temporary files": os.listdir(tempfile.gettempdir()),
        "streams": [type(sys.stdout).__name__, type(sys.stderr).__name__],
        "children": subprocess.run(["true"], check=True).returncode,
    }
