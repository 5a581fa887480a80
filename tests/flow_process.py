"""Flow processes in which a test runs a function instead of a flow."""

import resource
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from noukai_functions.worker.exchange import Answer, Call, Outcome, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.inside.surroundings import flush_output
from noukai_functions.worker.process.output import Listener
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.reaper import Reaper

CALL = Call("trial/add", "job_x", "acme", 1, 0, 3600, 60_000, 60_000, "/tmp", {})
MEMORY = 10 << 30
"""The most that Lambda allows: a fork counts the memory that it shares with all tests before it."""


Running = Iterator[Outcome | None]
"""A call that was sent: None while it runs, and at last its outcome."""


@cache
def reaper() -> Reaper:
    """Return this process's reaper."""
    return Reaper()


def started(
    run: Callable[[ProgressBoard], Outcome], *, memory: int = MEMORY, seconds: float = 5
) -> tuple[FlowProcess, Running]:
    """Start a process that answers its first call with the function's outcome, and ends; send the call."""

    def body(channel: Channel, board: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        received = channel.next_call()
        assert received is not None
        outcome = run(board)
        flush_output()
        channel.say(Answer(outcome, is_clean=True), received[1])

    process = FlowProcess.start("trial", body, reaper(), memory)
    return process, begin(process, seconds=seconds)


def serving(run: Callable[[ProgressBoard], Outcome]) -> FlowProcess:
    """Start a process that answers each call with the function's outcome."""

    def body(channel: Channel, board: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        while (received := channel.next_call()) is not None:
            outcome = run(board)
            flush_output()
            channel.say(Answer(outcome, is_clean=True), received[1])

    return FlowProcess.start("trial", body, reaper(), MEMORY)


def begin(
    process: FlowProcess, call: Call = CALL, listener: Listener | None = None, *, seconds: float = 5
) -> Running:
    """Send a call to a process, which is looked at every `seconds`."""
    running = process.run(call, listener, seconds)
    assert next(running) is None
    return running


def awaited(running: Running) -> Outcome:
    """Wait for the outcome of a call."""
    return next(outcome for outcome in running if outcome is not None)


def called(process: FlowProcess, call: Call = CALL, listener: Listener | None = None) -> Outcome:
    """Return the outcome of one call."""
    return awaited(begin(process, call, listener))


def ended(process: FlowProcess, running: Running) -> Outcome:
    """Return the outcome of a process's call, and close the process."""
    try:
        return awaited(running)
    finally:
        process.close()


def in_turns(process: Any, call: Call, listener: Listener | None, seconds: float) -> Running:
    """Run a call in a stand-in for a process, whose `begin` starts it and whose `receive` lets time pass."""
    process.begin(call, listener)
    outcome = None
    while outcome is None:
        yield None
        outcome = process.receive(seconds)
    yield outcome


class Heard:
    """A listener that keeps what it takes, and is full from a number of bytes on."""

    def __init__(self, most: int = 1 << 30) -> None:
        self.printed = [b"", b"", b""]
        self.dropped = (0, 0)
        self._most = most

    @property
    def is_full(self) -> bool:
        """Return whether it takes no more."""
        return sum(map(len, self.printed)) >= self._most

    def hear(self, stream: int, data: bytes) -> bytes:
        """Take what was read."""
        self.printed[stream] += data
        return b""

    def finish(self) -> bytes:
        """Take nothing more."""
        return b""

    def skip(self, lines: int, size: int) -> None:
        """Count what the flow's process has dropped."""
        self.dropped = (self.dropped[0] + lines, self.dropped[1] + size)


def heard(run: Callable[[Any], Any], most: int = 1 << 30) -> Heard:
    """Return what a listener has heard of one call."""
    process, listener = serving(run), Heard(most)
    try:
        called(process, CALL, listener)
    finally:
        process.close()
    return listener


def memory(pid: int) -> int:
    """Return the bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def traces(pid: int) -> tuple[int, int]:
    """Return the number of a process's descriptors and threads."""
    files, threads = (len(list(Path(f"/proc/{pid}/{kind}").iterdir())) for kind in ("fd", "task"))
    return files, threads
