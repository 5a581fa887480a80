"""The log of an attempt in its worker: its bounds, its secrets, and a store that fails or hangs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from noukai.flow.runtime import Raised
from noukai_functions.aws import AwsError
from noukai_functions.logs.attempt_log import MOST_BYTES, AttemptLog
from noukai_functions.logs.line import Line
from noukai_functions.logs.masking import Masker
from noukai_functions.logs.record import write_record
from noukai_functions.logs.segment import lines_of
from noukai_functions.logs.text_lines import MOST_LINE_BYTES
from tests.functions.time import ManualClock

SECRET = "correct horse battery"


@dataclass
class Store:
    """Stand-in for the store of logs, which keeps what it is given, or lets `fail` decide."""

    fail: Callable[[], object] = lambda: None
    asked: int = 0
    sealed: list[list[Line]] = field(default_factory=list)
    last: list[Line] = field(default_factory=list)

    def seal(self, _job: Any, segment: Any, _number: int) -> None:
        self.asked += 1
        self.fail()
        self.sealed.append([*lines_of(segment.content())])

    def write(self, _job: Any, _firsts: Any, last: Any, _now: int, *, is_last: bool) -> None:
        self.asked += 1
        self.fail()
        assert is_last in (True, False)
        self.last = [*lines_of(last.content())]

    @property
    def lines(self) -> list[Line]:
        return [line for segment in [*self.sealed, self.last] for line in segment]


def made(store: Store, clock: ManualClock | None = None) -> AttemptLog:
    job: Any = SimpleNamespace(id="job_x", org="acme", flow="a/b", attempt=1, claimed_at=0)
    held: Any = store
    now: Any = clock or ManualClock()
    return AttemptLog(job, held, now, Masker([SECRET]))


def heard(*reads: bytes, stream: int = 0) -> list[str]:
    store = Store()
    log = made(store)
    for read in reads:
        log.hear(stream, read)
    log.finish()
    log.close(log.clock.now(), None, is_last=True)
    return [line.message for line in store.lines]


@pytest.mark.parametrize("before", [b"\x1b[31m" * 400, SECRET.encode() * 100])
def test_secret_where_a_line_that_becomes_shorter_is_cut(before: bytes) -> None:
    """What is kept of a line becomes shorter than the limit; its end is a secret that was cut."""
    longest = MOST_LINE_BYTES + Masker([SECRET]).longest
    for begun in range(4, len(SECRET)):
        (line,) = heard(before + b"x" * (longest - len(before) - begun) + SECRET.encode() + b"y" * 100)
        assert "xcorr" not in line


def test_fields_count_for_the_bounds() -> None:
    record = write_record(ManualClock().now(), "info", "x", {"field": "y" * 10_000})
    *kept, note = heard(*[record] * 1000, stream=2)
    assert len(kept) * 10_000 <= MOST_BYTES + 10_000
    assert note.startswith(f"{1000 - len(kept)} more lines (")


def test_bytes_count_for_the_bounds() -> None:
    *kept, _ = heard(*[("\u20ac" * 1000 + "\n").encode()] * 5000)
    assert MOST_BYTES <= sum(len(line.encode()) for line in kept) < MOST_BYTES + 3000


@pytest.mark.parametrize("stream", [0, 1])
def test_similar_lines_are_all_kept(stream: int) -> None:
    """None is folded into the one before, however they come."""
    lines = [f"step {number % 10} of 10" for number in range(30)] + ["same"] * 30
    reads = [f"{line}\n".encode() for line in lines]
    assert heard(*reads, stream=stream) == heard(b"".join(reads), stream=stream) == lines


def test_long_traceback_is_one_line_that_ends_with_the_error() -> None:
    store = Store()
    log = made(store)
    trace = "  File deep\n" * 10_000 + "  File last\nValueError"
    log.close(0, Raised(f"ValueError: \x1b]0;title\x07{SECRET}", trace=trace), is_last=True)
    (line,) = store.lines
    assert line.message.endswith("  File last\nValueError: ***")
    assert len(line.message.encode()) <= MOST_LINE_BYTES


def test_store_that_fails_at_once_loses_nothing() -> None:
    """Its errors are counted by the second, not by the line, and the next attempt stores all."""
    clock = ManualClock()

    def refuse() -> None:
        if clock.time < begun + 10_000:
            raise AwsError("put_object", "SlowDown")

    begun, store = clock.time, Store(refuse)
    log = made(store, clock)
    for number in range(30_000):
        if number % 1000 == 0:
            clock.time += 400
        log.hear(0, f"{number} {'x' * 100}\n".encode())
    assert store.asked < 15
    log.close(clock.time, None, is_last=True)
    assert [int(line.message.split()[0]) for line in store.lines] == [*range(30_000)]


def test_store_that_hangs_holds_up_the_worker_once_in_a_third_of_the_lease() -> None:
    """Otherwise heartbeats would fail, and the job's outcome be lost with its lease."""
    clock = ManualClock()

    def hang() -> None:
        clock.time += 33_000
        raise AwsError("put_object", message="no answer")

    store = Store(hang)
    log = made(store, clock)
    for number in range(30_000):
        log.hear(0, f"{number} {'x' * 100}\n".encode())
    log.flush(clock.time)
    log.close(clock.time, None, is_last=True)
    assert store.asked == 1
    clock.time += log.interval_ms
    log.flush(clock.time)
    assert store.asked == 2
