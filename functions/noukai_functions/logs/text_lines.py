"""The lines of a stream of bytes, as text that commands no terminal."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterator

from noukai_wire.text import cut

MOST_LINE_BYTES = 16 * 1024

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
"""A sequence that commands a terminal: colours, movements of the cursor, titles."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\udc80-\udcff]")
"""What a terminal obeys, and the bytes that are no text, as the decoder leaves them."""
_BAD_BYTE = 0xDC00
_WRITTEN = {
    code: f"\\x{code - _BAD_BYTE if code > _BAD_BYTE else code:02x}"
    for code in (*range(0xA0), 0x2028, 0x2029, *range(_BAD_BYTE + 0x80, _BAD_BYTE + 0x100))
    if _CONTROL.match(chr(code))
}
_DECODER = getincrementaldecoder("utf-8")


class TextLines:
    """A splitter of a stream into lines, with memory for a little more than one line.

    A character may be split between two reads. Of a longer line, the beginning is kept. `overlap` is the
    number of characters kept beyond a line's limit, so that a secret at the limit is still recognized.
    """

    def __init__(self, overlap: int, most: int = MOST_LINE_BYTES) -> None:
        self._decoder = _DECODER("surrogateescape")
        self._most = most + overlap
        self._begun = ""
        self._left_out = 0
        """The bytes of the unfinished line that are not kept."""

    def feed(self, data: bytes) -> list[tuple[str, int]]:
        """Return each complete line, and the number of its bytes that are left out."""
        text = self._decoder.decode(data)
        *lines, begun = text.split("\n")
        found = [self._finished(lines.pop(0))] if lines and self._begun else []
        if _CONTROL.search(text) is None and max(map(len, lines), default=0) <= self._most:
            found += [(line, 0) for line in lines]  # as most are: a look at all costs less than one at each
        else:
            found += [self._whole(line) for line in lines]
        self._begin(begun)
        return found

    def finish(self) -> Iterator[tuple[str, int]]:
        """Yield the unfinished line, if there is one."""
        self._begin(self._decoder.decode(b"", final=True))
        self._decoder.reset()
        if self._begun:
            yield self._finished("")

    def forget(self) -> None:
        """Forget the unfinished line."""
        self._decoder.reset()
        self._begun, self._left_out = "", 0

    def _whole(self, line: str) -> tuple[str, int]:
        return (_readable(line), 0) if len(line) <= self._most else self._finished(line)

    def _begin(self, text: str) -> None:
        """Keep the begin of the unfinished line; of a progress bar, only the last frame."""
        begun = self._begun + text
        if (frame := begun.rfind("\r", 0, -1)) >= 0 and begun[frame + 1 :].strip("\r"):
            begun, self._left_out = begun[frame + 1 :], 0
        if len(begun) > self._most:
            self._left_out += len(begun[self._most :].encode("utf-8", "replace"))
            begun = begun[: self._most]
        self._begun = begun

    def _finished(self, end: str) -> tuple[str, int]:
        self._begin(end)
        line, left_out = self._begun, self._left_out
        self._begun, self._left_out = "", 0
        return _readable(line), left_out


def _readable(line: str) -> str:
    """Return a line as it reads on a terminal, with control characters written out."""
    if _CONTROL.search(line) is None:
        return line
    frames = [frame for frame in _ESCAPE.sub("", line).split("\r") if frame]
    return frames[-1].translate(_WRITTEN) if frames else ""


def byte_size(text: str) -> int:
    """Return the bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def readable(text: str) -> str:
    """Return a text of several lines as it reads on a terminal."""
    if _CONTROL.search(text) is None:
        return text
    return "\n".join(map(_readable, text.split("\n")))


def shortened(line: str, left_out: int) -> str:
    """Return a line of at most 16 KB; say at the end of a longer one how long it was."""
    size = byte_size(line)
    if not left_out and size <= MOST_LINE_BYTES:
        return line
    mark = f"… [cut: {size + left_out} bytes]"
    return cut(line, MOST_LINE_BYTES - len(mark.encode())) + mark
