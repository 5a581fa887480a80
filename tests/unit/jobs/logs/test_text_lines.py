"""The lines of a stream, however it is cut into reads."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noukai_functions.logs.text_lines import MOST_LINE_BYTES, TextLines, shortened

OVERLAP = 64


def lines_of(*reads: bytes) -> list[str]:
    stream = TextLines(OVERLAP)
    found = [line for read in reads for line, _ in stream.feed(read)]
    return [*found, *(line for line, _ in stream.finish())]


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        (b"1\n2\n\n3\r\n4\n\r5", ["1", "2", "", "3", "4", "5"]),
        (b"caf\xc3\xa9\n", ["caf\u00e9"]),
        (b"\xff\xfe\n\xc3", ["\\xff\\xfe", "\\xc3"]),
        (b"10%\r20%\r100%\r\ndone", ["100%", "done"]),
        (b"long text\rab\n", ["ab"]),
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07end\x1b[2K\x1b[1A\n", ["red end"]),
        (b"a\tb\x00\x07\x1b\n", ["a\tb\\x00\\x07\\x1b"]),
        ("\u2028\u0085\n".encode(), ["\\x2028\\x85"]),
        (b"", []),
        (b"\n\n", ["", ""]),
    ],
)
def test_lines(printed: bytes, lines: list[str]) -> None:
    """The same in one read as byte by byte."""
    assert lines_of(printed) == lines
    assert lines_of(*(printed[place : place + 1] for place in range(len(printed)))) == lines


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_any_bytes_in_any_reads(printed: bytes, cuts: list[int]) -> None:
    """What a line is does not depend on the reads, and no line can command a terminal."""
    places = sorted({0, len(printed), *(cut for cut in cuts if cut < len(printed))})
    reads = [printed[first:last] for first, last in itertools.pairwise(places)]
    whole = lines_of(printed)
    assert lines_of(*reads) == whole
    assert all(character.isprintable() or ord(character) == 9 or ord(character) > 159
               for line in whole for character in line)  # fmt: skip


def test_memory_of_a_line_without_an_end() -> None:
    """A progress bar keeps its last frame, and any other line its beginning and its length."""
    stream = TextLines(OVERLAP)
    for number in range(1000):
        assert list(stream.feed(b"\r" + b"frame" * 1000 + str(number).encode())) == []
    ((frame, _),) = stream.finish()
    assert frame.endswith("frame999")
    for _ in range(1000):
        assert list(stream.feed(b"x" * 10_000)) == []
    ((line, left_out), (following, _)) = stream.feed(b"\nnext\n")
    assert (len(line) + left_out, following) == (10_000_000, "next")
    assert len(line) == MOST_LINE_BYTES + OVERLAP


@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f600"])
def test_shortened_line(character: str) -> None:
    """It is valid text of at most 16 KB, and ends with its length."""
    assert shortened("x" * MOST_LINE_BYTES, 0) == "x" * MOST_LINE_BYTES
    line = shortened(character * (MOST_LINE_BYTES + OVERLAP), 1000)
    size = len(character.encode()) * (MOST_LINE_BYTES + OVERLAP) + 1000
    assert len(line.encode()) <= MOST_LINE_BYTES
    assert line.endswith(f"{character}… [cut: {size} bytes]")
