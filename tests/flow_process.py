"""Processes of flows in which a test runs a function instead of a flow."""

import resource
from collections.abc import Callable
from functools import cache
from pathlib import Path

from noukai_functions.worker.exchange.answer import Answer, Outcome
from noukai_functions.worker.exchange.call import Call
from noukai_functions.worker.exchange.progress_board import ProgressBoard
from noukai_functions.worker.inside.channel import Channel
from noukai_functions.worker.inside.surroundings import flush_output
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.reaper import Reaper

CALL = Call("trial/add", "job_x", "acme", 1, 0, 3600, 60_000, 60_000, "/tmp", {})
MEMORY = 10 << 30
"""The most that a function of Lambda has: a fork counts what it shares with the process of all tests before it."""


@cache
def reaper() -> Reaper:
    """The one of this process."""
    return Reaper()


def started(run: Callable[[ProgressBoard], Outcome], *, memory: int = MEMORY) -> FlowProcess:
    """A process that answers its first call by what the function gives, and ends."""

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
    """A process that answers each call by what the function gives."""

    def body(channel: Channel, board: ProgressBoard, token: str) -> None:
        channel.say(Answer(), token)
        while (received := channel.next_call()) is not None:
            outcome = run(board)
            flush_output()
            channel.say(Answer(outcome, is_clean=True), received[1])

    return FlowProcess.start("trial", body, reaper(), MEMORY)


def called(process: FlowProcess) -> Outcome:
    """The outcome of one call."""
    process.begin(CALL)
    while (outcome := process.receive(5)) is None:
        pass
    return outcome


def receive(process: FlowProcess, seconds: float) -> Outcome | None:
    """What it says within so many seconds, once it runs."""
    return (
        process.receive(seconds) if process.has_imported else process.receive(5) or process.receive(seconds)
    )


def ended(process: FlowProcess) -> Outcome:
    """The outcome of a process, which is closed then."""
    try:
        while (outcome := process.receive(5)) is None:
            pass
    finally:
        process.close()
    return outcome


def memory(pid: int) -> int:
    """Bytes that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def traces(pid: int) -> tuple[int, int]:
    """How many descriptors and threads a process has."""
    files, threads = (len(list(Path(f"/proc/{pid}/{kind}").iterdir())) for kind in ("fd", "task"))
    return files, threads
