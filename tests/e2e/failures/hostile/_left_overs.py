"""Leftovers of attempts; each writes its process id to `PIDS`."""

import os
import subprocess
import time
from pathlib import Path


def say_pid() -> None:
    """Write down a process that must not outlive the attempt."""
    with Path(os.environ["PIDS"]).open("a") as file:
        file.write(f"{os.getpid()}\n")


def live_on() -> None:
    """Outlive the attempt."""
    say_pid()
    time.sleep(600)
    os._exit(0)


def have_child() -> None:
    if os.fork() == 0:
        live_on()


def have_daemon() -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 1024)
            live_on()
        os._exit(0)
    os.wait()


def have_grandchild() -> None:
    if os.fork() == 0:
        have_child()
        os._exit(0)
    os.wait()


def have_stopped_child() -> None:
    with subprocess.Popen(["sh", "-c", "kill -STOP $$; sleep 600"], start_new_session=True) as child:
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        with Path(os.environ["PIDS"]).open("a") as file:
            file.write(f"{child.pid}\n")
        child.wait = lambda *_: 0  # type: ignore[method-assign]  # nobody waits for it
