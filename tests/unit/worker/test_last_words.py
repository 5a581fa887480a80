"""The last words of a flow whose process ends in whatever way, with its unfinished lines."""

# ruff: noqa: T201

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from noukai.flow.runtime import Returned
from noukai_functions.worker.exchange import ProgressBoard
from tests.flow_process import CALL, Heard, awaited, begin, called, heard, serving

DONE = Returned("null")


def killed(number: int) -> Callable[[], None]:
    """Return a function that ends its process by a signal."""
    return lambda: os.kill(os.getpid(), number)


ENDS: dict[str, Callable[[], object]] = {
    "exit": lambda: os._exit(3),
    "no memory": killed(signal.SIGKILL),
    "segmentation fault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "pipes closed": lambda: os.closerange(3, 4096),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_unfinished_line_outlives_the_process(end: Callable[[], object]) -> None:
    """It comes after the lines before it, from either stream, once."""

    def run(_: object) -> Returned:
        print("one")
        print("two", "three", end=" ")
        sys.stdout.write("fo")
        sys.stderr.write("oh ")
        sys.stdout.write("ur")
        end()
        return DONE

    assert heard(run).printed[:2] == [b"one\ntwo three four", b"oh "]


def test_a_flow_that_must_be_killed_has_printed_its_line() -> None:
    """A flow that ignores its interruption is killed, as after a timeout."""

    def run(board: ProgressBoard) -> Returned:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("waits", end="")
        board.write({"percent": 1})
        while True:
            signal.pause()

    process, listener = serving(run), Heard()
    running = begin(process, CALL, listener, seconds=0.01)
    while process.board.read() is None:
        assert next(running) is None
    process.interrupt()
    process.kill()
    awaited(running)
    assert listener.printed[0] == b"waits"
    process.close()


def test_each_call_has_its_own_words() -> None:
    """What one call leaves unfinished ends with it."""

    def run(_: object) -> Returned:
        print("begun", end="")
        return DONE

    process, listeners = serving(run), [Heard(), Heard()]
    try:
        for listener in listeners:
            called(process, CALL, listener)
    finally:
        process.close()
    assert [listener.printed[0] for listener in listeners] == [b"begun", b"begun"]


def test_a_forked_child_neither_repeats_nor_disturbs_the_line() -> None:
    """Each process has an unfinished line of its own."""

    def run(_: object) -> Returned:
        print("parent", end="")
        pid = os.fork()
        if pid == 0:
            print("child")
            os._exit(0)
        os.waitpid(pid, 0)
        print("'s end")
        os._exit(0)

    assert heard(run).printed[0] == b"child\nparent's end\n"


def test_threads_lose_nothing() -> None:
    """Each of their lines comes whole if it is written at once."""

    def run(_: object) -> Returned:
        def write(name: str) -> None:
            for number in range(2_000):
                sys.stdout.write(f"{name} {number}\n")

        threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return DONE

    found = heard(run).printed[0].decode().splitlines()
    assert sorted(found) == sorted(f"{name} {number}" for name in "abcd" for number in range(2_000))


def test_a_line_longer_than_the_memory_comes_whole() -> None:
    """It is written in pieces."""

    def run(_: object) -> Returned:
        for _ in range(100):
            print("x" * 1_000, end="")
        sys.stdout.buffer.write(memoryview(b"y" * 100_000))
        os._exit(0)

    assert heard(run).printed[0] == b"x" * 100_000 + b"y" * 100_000


@pytest.mark.parametrize("size", [80, 5_000])
def test_what_no_log_keeps_is_counted_exactly(size: int) -> None:
    """Heard and dropped together are what was printed."""
    lines = 4_000_000 // size  # more than the pipe holds

    def run(_: object) -> Returned:
        for _ in range(lines):
            print("x" * (size - 1))
        return DONE

    listener = heard(run, most=20_000)
    kept, (dropped, dropped_bytes) = listener.printed[0], listener.dropped
    assert len(kept) + dropped_bytes == lines * size
    assert kept.count(b"\n") + dropped == lines
    assert dropped > 0


def test_the_next_call_is_heard_again() -> None:
    """A full log is one call's."""

    def run(_: object) -> Returned:
        print("x" * 3_000)
        print("y" * 3_000)
        return DONE

    process, first, second = serving(run), Heard(most=1), Heard()
    try:
        called(process, CALL, first)
        called(process, CALL, second)
    finally:
        process.close()
    assert second.printed[0] == b"x" * 3_000 + b"\n" + b"y" * 3_000 + b"\n"
    assert second.dropped == (0, 0)


def test_it_is_a_stream_like_any_other() -> None:
    """Libraries ask for its name, its descriptor and the streams below it."""

    def run(_: object) -> Returned:
        out: Any = sys.stdout
        assert (out.name, out.fileno(), out.isatty()) == (1, 1, False)
        assert (out.encoding, out.errors) == ("utf-8", "backslashreplace")
        assert out.line_buffering
        out.buffer.raw.write(b"raw\n")
        out.buffer.write(bytearray(b"bytes\n"))
        out.write("\udc80\n")
        return DONE

    assert heard(run).printed[0] == b"raw\nbytes\n\\udc80\n"


def test_a_flow_that_scribbles_on_the_memory_harms_no_one() -> None:
    """Whatever stands there, the worker reads no further than the memory, and counts on."""

    def run(_: object) -> Returned:
        stream: Any = sys.stdout.buffer
        words = stream._words
        for place in range(len(words)):
            words[place] = (1 << 64) - 1
        os._exit(0)

    listener = heard(run)
    assert len(listener.printed[0]) <= 16 * 1024


def test_a_process_is_heard_from_its_first_call(capfd: pytest.CaptureFixture[str]) -> None:
    """What it prints while its module is imported goes to its first call."""
    process = serving(lambda _: DONE)
    listener = Heard()
    try:
        assert awaited(begin(process, CALL, listener)) == DONE
    finally:
        process.close()
    assert capfd.readouterr().err == ""
