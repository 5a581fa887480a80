"""Flows that behave in every way a flow can."""

import asyncio
import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from noukai.flow import Context, PermanentError, flow


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    article: str
    pieces: Annotated[int, Field(ge=1, le=99)] = 1


class OverloadedError(Exception):
    retry_after = 7


@flow
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@flow
async def add_later(a: int, b: int = 1) -> int:
    await asyncio.sleep(0)
    return a + b


@flow
def greet(message: str) -> str:
    return f"hello {message}"


@flow
def perhaps(message: str | None) -> str:
    return f"got {message}"


@flow
def order(
    lines: list[Line], colour: Colour, due: datetime, size: int | Literal["any"], tags: set[str] | None = None
) -> dict[str, Any]:
    pieces = sum(line.pieces for line in lines)
    return {
        "pieces": pieces,
        "colour": colour.name,
        "year": due.year,
        "size": size,
        "tags": sorted(tags or ()),
    }


@flow
def pair(pair: tuple[int, str], rest: tuple[int, ...] = ()) -> list[Any]:
    return [*pair, *rest]


@flow(max_attempts=2)
def fail(message: str, ballast: list[float] | None = None) -> None:  # noqa: ARG001 - it is only carried
    raise ValueError(message)


@flow(keep=7200)
def forget_soon() -> None: ...


@flow
def refuse() -> None:
    raise PermanentError("never again")


@flow
def ask_for_time() -> None:
    raise OverloadedError("busy")


PAUSES: dict[str, Callable[[], Any]] = {
    "no time": lambda: 0,
    "half a second": lambda: 0.5,
    "years": lambda: 1e9,
    "too long for a float": lambda: 10**400,
    "for ever": lambda: float("inf"),
    "two minutes": lambda: timedelta(minutes=2),
    "nine days": lambda: timedelta(days=9),
    "the past": lambda: -1,
    "no number": lambda: float("nan"),
    "text": lambda: "7",
    "nothing": lambda: None,
    "a date": lambda: datetime(2030, 1, 1),  # noqa: DTZ001 - it is what no pause can be
    "an error": lambda: 1 / 0,
}


class BusyError(Exception):
    """An error with members that a flow author may define; reading them may raise."""

    def __init__(self, asked: str) -> None:
        super().__init__("busy")
        self.asked = asked

    @property
    def retry_after(self) -> Any:
        return PAUSES[self.asked]()


@flow
def ask_for(message: str) -> None:
    raise BusyError(message)


@flow
def say_who(context: Context) -> dict[str, Any]:
    context.logger.info("a line of the flow")
    return {
        "job": context.job_id,
        "attempt": context.attempt,
        "org": context.org,
        "cancelled": context.cancelled,
    }


@flow
def remaining(*, context: Context) -> float:
    return context.remaining_seconds


@flow(max_attempts=1)
def end_process(how: Literal["exit", "sys-exit", "kill", "segfault"]) -> None:
    if how == "sys-exit":
        sys.exit(3)
    if how == "exit":
        os._exit(3)
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGKILL if how == "kill" else signal.SIGSEGV)


@flow
def close_streams() -> str:
    print("to the log")  # noqa: T201 - what a flow prints is part of what is tested
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    return "still here"


@flow(max_attempts=1)
def hang(begun: str, ended: str, stubborn: bool = False) -> None:
    """Begin, and wait to be stopped; write both to files."""
    try:
        Path(begun).touch()
        while True:
            try:
                time.sleep(600)
            except BaseException:
                if not stubborn:
                    raise
    finally:
        Path(ended).touch()


@flow(max_attempts=1)
async def hang_later(begun: str, ended: str) -> None:
    try:
        Path(begun).touch()
        await asyncio.Event().wait()
    finally:
        Path(ended).touch()


@flow(max_attempts=1)
async def hang_in_a_task(begun: str, ended: str) -> None:
    """Wait for ever, while another task blocks the event loop."""

    async def block() -> None:
        Path(begun).touch()
        time.sleep(600)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(block())
            await asyncio.Event().wait()
    finally:
        Path(ended).touch()


@flow
def leave_a_thread() -> str:
    """Return while a thread that nobody waits for still runs."""
    threading.Thread(target=time.sleep, args=(600,)).start()
    return "returned"


@flow
def leave_a_daemon(pid_file: str) -> str:
    """Return while a process in its own session still runs."""
    daemon = subprocess.Popen(["sleep", "600"], start_new_session=True, close_fds=False)
    Path(pid_file).write_text(str(daemon.pid))
    return "returned"


@flow
def talk(megabytes: int) -> str:
    """Write that much to the log."""
    for stream in (sys.stdout, sys.stderr):
        stream.write("x" * (megabytes << 19))
    return "said"


@flow(max_attempts=1)
def recurse() -> None:
    recurse.function()


@flow(max_attempts=1)
def ignore_signals(begun: str, ended: str) -> None:
    """Refuse to be interrupted."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    hang(begun, ended)


@flow
def count(steps: int, *, context: Context) -> int:
    for step in range(steps):
        context.progress(percent=100 * step / steps, message=f"step {step} \ud800")
    return steps


@flow
def repeat(value: Any, times: int = 1) -> Any:
    return value * times
