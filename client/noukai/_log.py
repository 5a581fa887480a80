"""The log of a job, blocking and async."""

from collections.abc import AsyncIterator, Iterator
from typing import Generic, Self, TypeVar

from noukai_wire.logs import LogLine

from ._core.logs import LogPages

Lines = TypeVar("Lines")


class _KnownLog(Generic[Lines]):
    def __init__(self, pages: LogPages, lines: Lines) -> None:
        self._pages = pages
        self._lines = lines
        self._is_read = False

    @property
    def after(self) -> str | None:
        """Return the place to go on from with `logs(after=…)`, in this process or another.

        No line is missed there. Lines of a page may come again, if not all of it was read.
        """
        return self._pages.next_after if self._is_read else self._pages.after

    @property
    def dropped(self) -> int:
        """Return how many lines the API did not keep among those read, because of the bounds of a log."""
        return self._pages.dropped


class JobLog(_KnownLog[Iterator[LogLine]], Iterator[LogLine]):
    """An iterator over the lines of a job's log."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LogLine:
        try:
            return next(self._lines)
        except StopIteration:
            self._is_read = True
            raise


class AsyncJobLog(_KnownLog[AsyncIterator[LogLine]], AsyncIterator[LogLine]):
    """The async form of `JobLog`."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LogLine:
        try:
            return await anext(self._lines)
        except StopAsyncIteration:
            self._is_read = True
            raise
