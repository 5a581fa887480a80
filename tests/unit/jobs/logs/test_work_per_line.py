"""The worker's work for a flow that prints much, by the calls that it makes: they do not vary."""

import random
import sys
from types import FrameType

import pytest

from noukai_functions.logs.attempt_log import MOST_BYTES, MOST_LINES, AttemptLog
from tests.unit.jobs.logs.test_attempt_log import SECRET, Store, made

READ = 1 << 16
"""The bytes of a read from a pipe."""


def calls_for(log: AttemptLog, stream: int, *reads: bytes) -> int:
    """Return how many calls of functions, Python's and C's, it takes to hear what was read."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        for read in reads:
            log.hear(stream, read)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("stream", [0, 1])
@pytest.mark.parametrize("size", [20, 80, 1000])
@pytest.mark.parametrize("letter", ["x", "\u20ac"])
def test_printed_lines_are_taken_together(stream: int, size: int, letter: str) -> None:
    """A look at each of them would hold up the flow: on a single core it waits for all of it."""
    line = (letter * (size // len(letter.encode()))).encode() + b"\n"
    many = line * (READ // len(line) + 1)
    reads = [many[at : at + READ] for at in range(0, len(many), READ)] * 8
    store = Store()
    log = made(store)
    calls = calls_for(log, stream, *reads)
    assert calls <= 100 * len(reads)
    log.finish()
    log.close(log.clock.now(), None, is_last=True)
    assert [each.message for each in store.lines][1:-1] == [line.decode()[:-1]] * (len(store.lines) - 2)


def test_binary_output_is_looked_at_by_lines() -> None:
    """Of random bytes about two in three are written out: no function is called for each."""
    read = random.Random(1).randbytes(READ)
    assert calls_for(made(Store()), 0, read) <= 40 * read.count(b"\n")


def test_a_full_log_only_counts() -> None:
    """What is beyond the bounds is neither decoded nor looked at by lines."""
    log = made(Store())
    log.hear(0, b"x\n" * MOST_LINES)
    assert calls_for(log, 0, *[b"x\n" * (READ // 2)] * 10) <= 10 * 20


@pytest.mark.parametrize(("line", "most"), [(b"x" * 19, MOST_LINES), (b"x" * 999, MOST_BYTES // 999 + 1)])
def test_bounds_are_exact_for_lines_taken_together(line: bytes, most: int) -> None:
    store = Store()
    log = made(store)
    for _ in range(40):
        log.hear(0, (line + b"\n") * (MOST_BYTES // 1000 // 20))
        log.hear(0, (line + b"\n") * (READ // len(line)))
    printed = 40 * (MOST_BYTES // 1000 // 20 + READ // len(line))
    log.close(log.clock.now(), None, is_last=True)
    *kept, note = store.lines
    assert (len(kept), note.fields) == (min(most, printed), {"dropped": printed - most})


@pytest.mark.parametrize("read", [f"a\nb {SECRET} c\nd\n", "a\nb\x1b[31m c\nd\n", f"a\n{'y' * 20_000}\nd\n"])
def test_one_line_that_needs_a_look_is_found_among_others(read: str) -> None:
    """A secret, a terminal's command and a line that is too long are not taken as they are."""
    store = Store()
    log = made(store)
    log.hear(0, read.encode())
    log.close(log.clock.now(), None, is_last=True)
    first, looked_at, last = (line.message for line in store.lines)
    assert (first, last) == ("a", "d")
    assert SECRET not in looked_at
    assert "\x1b" not in looked_at
    assert len(looked_at) <= 1 << 14
