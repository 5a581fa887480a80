"""The board on which a flow's process shows its progress."""

import mmap
import struct
import zlib

import pytest

from noukai_functions.worker.exchange import ProgressBoard


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[" * 4000,
        "1",
        "null",
        "\N{SNOWMAN}",
        '{"percent": NaN}',
        '{"percent": 1e308}',
        '{"percent": -1}',
        '{"percent": true}',
        '{"percent": "1"}',
        '{"percent": null}',
        '{"message": 1}',
        '{"message": "\\ud800"}',
        '{"state": "completed"}',
    ],
)
def test_invalid_progress_is_not_read(text: str) -> None:
    """A flow can write anything into the memory of the board."""
    board = ProgressBoard()
    memory = next(each for each in vars(board).values() if isinstance(each, mmap.mmap))
    content = text.encode()
    memory[8 : 8 + len(content)] = content
    memory[:8] = struct.pack("=II", len(content), zlib.crc32(content))
    assert board.read() is None
