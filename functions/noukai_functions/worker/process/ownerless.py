"""The output of a flow process that belongs to no attempt, for the worker's log."""

from collections.abc import Iterable

from noukai_functions.logs.masking import Masker
from noukai_functions.logs.text_lines import TextLines, shortened


class OwnerlessOutput:
    """The output of a process that no attempt has used yet: lines with the secrets masked."""

    def __init__(self, masker: Masker, streams: int) -> None:
        self._masker = masker
        self._streams = [TextLines(masker.longest) for _ in range(streams)]

    def hear(self, stream: int, data: bytes) -> bytes:
        """Take what a pipe held; return the complete lines."""
        return self._masked(self._streams[stream].feed(data))

    def finish(self) -> bytes:
        """Return the unfinished lines."""
        return b"".join(self._masked(each.finish()) for each in self._streams)

    @property
    def is_full(self) -> bool:
        """Return that it always takes more."""
        return False

    def skip(self, lines: int, size: int) -> None:
        """Take no account of what was dropped, since the worker's log tells of no attempt."""

    def _masked(self, lines: Iterable[tuple[str, int]]) -> bytes:
        texts = [shortened(self._masker.mask(text, is_cut=cut > 0), cut) for text, cut in lines]
        return "".join(f"{text}\n" for text in texts).encode("utf-8", "replace")
