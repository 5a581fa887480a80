"""Flows that end their own process, or whose worker is ended. Each attempt adds a line to `mark` when it begins."""

import faulthandler
import os
import signal
import time
from pathlib import Path
from typing import Literal

from functions.flow import Context, flow


@flow(backoff=0.1)
def die(mark: str, how: Literal["kill", "segfault", "exit"], context: Context) -> str:
    """Die in the first attempt."""
    _say(mark)
    if context.attempt == 1:
        faulthandler.disable()
        if how == "exit":
            os._exit(3)
        os.kill(os.getpid(), signal.SIGKILL if how == "kill" else signal.SIGSEGV)
    return "alive"


@flow
def outlast(mark: str, seconds: float, context: Context) -> str:
    """Take long in the first attempt only."""
    _say(mark)
    if context.attempt == 1:
        time.sleep(seconds)
    return f"attempt {context.attempt}"


def _say(mark: str) -> None:
    with Path(mark).open("a") as file:
        file.write(f"{os.getpid()} {os.getppid()} {time.time()}\n")
