"""The changes of flows to their standard streams, in a process that is kept for the job of another org."""

# ruff: noqa: T201

import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.worker.exchange import Answer
from noukai_functions.worker.inside.surroundings import Surroundings, flush_output
from noukai_functions.worker.process.output import StreamMemory
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.standard_stream import StandardStream
from tests.flow_process import CALL, MEMORY, Heard, called, heard, reaper
from tests.unit.own_process import in_own_process

FLOOD = 40_000
"""The lines of 100 bytes that are more than the pipe holds."""


def attempts(
    *flows: Callable[[], object], importing: Callable[[], object] = int, most: int = 1
) -> list[Heard]:
    """Return what is heard of one attempt after the other, in one process, which stays clean.

    The first one's log is full after `most` bytes.
    """

    def body(channel: Any, _: object, token: str) -> None:
        streams = sys.stdout, sys.stderr
        importing()
        surroundings = Surroundings(*streams)
        channel.say(Answer(), token)
        for flow in flows:
            _, token = channel.next_call()
            flow()
            flush_output()
            channel.say(Answer(Returned("null"), is_clean=surroundings.restore()), token)

    process = FlowProcess.start("trial", body, reaper(), MEMORY)
    listeners = [Heard(most), *(Heard() for _ in flows[1:])]
    try:
        for listener in listeners:
            assert called(process, CALL, listener) == Returned("null")
            assert process.is_clean
    finally:
        process.close()
    return listeners


class Copier(io.TextIOBase):
    """A stream that passes on what is written to it, and forgets to flush, as many do."""

    def __init__(self) -> None:
        self._stream = sys.stdout

    def write(self, text: str) -> int:
        """Pass on a text."""
        return self._stream.write(text)

    def flush(self) -> None:
        """Do nothing."""


def copy_output() -> None:
    """Replace standard output by a stream that copies it."""
    sys.stdout = Copier()


def forget_output() -> None:
    """Replace standard output by a stream that goes nowhere, after an unfinished line."""
    print("begun", end="")
    sys.stdout = io.StringIO()


def print_begun() -> None:
    """Print an unfinished line."""
    print("begun", end="")


def print_much() -> None:
    """Print more than a log keeps."""
    for _ in range(FLOOD):
        print("x" * 99)


def print_second() -> None:
    """Print a line."""
    print("second")


@pytest.mark.parametrize(
    ("importing", "first"), [(int, forget_output), (copy_output, print_begun)], ids=["flow", "module"]
)
def test_an_unfinished_line_stays_with_its_attempt(
    importing: Callable[[], object], first: Callable[[], object]
) -> None:
    """A stream in place of the standard one does not flush it, or flushes nothing."""
    one, two = attempts(first, print_second, importing=importing, most=1 << 20)
    assert (one.printed[0], two.printed[0]) == (b"begun", b"second\n")


@pytest.mark.parametrize("importing", [int, copy_output], ids=["alone", "module"])
def test_what_a_full_log_changes_ends_with_its_attempt(importing: Callable[[], object]) -> None:
    """The next attempt is heard at once, and of nothing else."""

    def look() -> None:
        print_begun()
        os.write(1, b" " if sys.__stdout__.write_through else b"late ")  # type: ignore[union-attr]

    one, two, three = attempts(print_much, look, print_second, importing=importing)
    kept, (lines, size) = one.printed[0], one.dropped
    assert (kept.count(b"\n") + lines, len(kept) + size) == (FLOOD, FLOOD * 100)
    assert lines > 0
    assert (two.printed[0], two.dropped) == (b" begun", (0, 0))
    assert three.printed[0] == b"second\n"


def test_a_line_that_was_taken_is_gone_from_the_memory() -> None:
    """A thread that goes on printing meanwhile cannot bring it back."""

    def print_line() -> None:
        memory = StreamMemory()
        StandardStream(1, memory).write(b"begun")
        assert (memory.take_line(), memory.take_line()) == (b"begun", b"")
        assert b"begun" not in memory.memory[:]

    in_own_process(print_line)


def test_line_ends_are_those_of_the_system_again() -> None:
    """All lines of the next attempt would be one, with its last frame alone."""

    def change() -> None:
        sys.stdout.reconfigure(newline="\r")  # type: ignore[union-attr]
        print("first")

    one, two = attempts(change, print_second)
    assert (one.printed[0], two.printed[0]) == (b"first\r", b"second\n")


def test_a_full_log_does_not_hinder_a_stream_that_a_flow_has_made_of_it() -> None:
    """As flows do to choose an encoding."""

    def run(_: object) -> Returned:
        buffer = sys.stdout.detach()  # type: ignore[union-attr]
        sys.stdout = io.TextIOWrapper(buffer, encoding="latin-1", line_buffering=True)
        print_much()
        return Returned("null")

    listener = heard(run, most=1)
    assert listener.printed[0].count(b"\n") + listener.dropped[0] == FLOOD
    assert listener.dropped[0] > 0


def test_a_full_log_drops_nothing_that_a_flow_redirects(tmp_path: Path) -> None:
    """Libraries redirect the descriptor to a file for a while, to read what was printed meanwhile."""

    def run() -> None:
        print_much()
        file, kept = os.open(tmp_path / "printed", os.O_CREAT | os.O_WRONLY), os.dup(1)
        sys.stdout.flush()
        os.dup2(file, 1)
        print("for the file")
        sys.stdout.flush()
        os.dup2(kept, 1)
        print_second()

    (listener,) = attempts(run)
    assert (tmp_path / "printed").read_text() == "for the file\n"
    assert listener.printed[0].count(b"\n") + listener.dropped[0] == FLOOD + 1


def test_an_interrupted_print_repeats_nothing() -> None:
    """The exception may come when all is written."""

    class Interrupt(BaseException): ...

    def interrupt(*_: object) -> None:
        raise Interrupt

    def run(_: object) -> Returned:
        signal.signal(signal.SIGALRM, interrupt)
        number = 0
        for round_ in range(200):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0003 + round_ / 1_000_000)
                while True:
                    number += 1
                    sys.stdout.write(f"{number}\n")
            except Interrupt:
                pass
        return Returned("null")

    numbers = list(map(int, heard(run).printed[0].split()))
    assert numbers == sorted({*numbers})


def test_a_handler_that_prints_harms_no_line() -> None:
    """It may run at any place of another print."""
    lines = 20_000

    def run(_: object) -> Returned:
        signal.signal(signal.SIGALRM, lambda *_: sys.stdout.write("|\n") and None)
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        for number in range(lines):
            sys.stdout.write("a")
            sys.stdout.write("b")
            sys.stdout.write(f"{number}\n")
        signal.setitimer(signal.ITIMER_REAL, 0)
        return Returned("null")

    found = heard(run).printed[0]
    assert b"|\n" in found
    assert found.replace(b"|\n", b"") == b"".join(b"ab%d\n" % number for number in range(lines))


def test_a_pipe_that_does_not_block_loses_nothing() -> None:
    """A child process may leave it so, which shares it."""

    def run(_: object) -> Returned:
        os.set_blocking(1, False)
        sys.stdout.write("x" * 4_000_000 + "\n")
        return Returned("null")

    assert heard(run).printed[0] == b"x" * 4_000_000 + b"\n"
