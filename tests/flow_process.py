"""Flow processes in which a test runs a function instead of a flow."""

import resource
from collections.abc import Callable
from functools import cache
from pathlib import Path

from noukai_functions.worker.exchange import Answer, Call, Outcome, ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.inside.surroundings import flush_output
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.reaper import Reaper

CALL = Call("trial/add", "job_x", "acme", 1, 0, 3600, 60_000, 60_000, "/tmp", {})
MEMORY = 10 << 30
"""The most that Lambda allows: a fork counts the memory that it shares with all tests before it."""


@cache
def reaper() -> Reaper:
    """Return this process's reaper."""
    return Reaper()


def started(run: Callable[[ProgressBoard], Outcome], *, memory: int = MEMORY) -> FlowProcess:
    """Start a process that answers its first call with the function's outcome, and ends."""

    def body(channel: Channel, board: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        received = channel.next_call()
        assert received is not None
        outcome = run(board)
        flush_output()
        channel.say(Answer(outcome, is_clean=True), received[1])

    process = FlowProcess.start("trial", body, reaper(), memory)
    process.begin(CALL)
    return process


def serving(run: Callable[[ProgressBoard], Outcome]) -> FlowProcess:
    """Start a process that answers each call with the function's outcome."""

    def body(channel: Channel, board: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        while (received := channel.next_call()) is not None:
            outcome = run(board)
            flush_output()
            channel.say(Answer(outcome, is_clean=True), received[1])

    return FlowProcess.start("trial", body, reaper(), MEMORY)


def called(process: FlowProcess) -> Outcome:
    """Return the outcome of one call."""
    process.begin(CALL)
    while (outcome := process.receive(5)) is None:
        pass
    return outcome


def receive(process: FlowProcess, seconds: float) -> Outcome | None:
    """Return what it reports within that many seconds, once it runs."""
    return (
        process.receive(seconds) if process.has_imported else process.receive(5) or process.receive(seconds)
    )


def ended(process: FlowProcess) -> Outcome:
    """Return the outcome of a process, and close it."""
    try:
        while (outcome := process.receive(5)) is None:
            pass
    finally:
        process.close()
    return outcome


def memory(pid: int) -> int:
    """Return the bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def traces(pid: int) -> tuple[int, int]:
    """Return the number of a process's descriptors and threads."""
    files, threads = (len(list(Path(f"/proc/{pid}/{kind}").iterdir())) for kind in ("fd", "task"))
    return files, threads
