"""The ranges of a shard's sequence numbers that a total includes. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

DISCARDED_AFTER_MS = 23 * 60 * 60 * 1000
"""How long a failing batch is retried: until shortly before the stream deletes its records."""

_CERTAIN_MS = DISCARDED_AFTER_MS - 30 * 60 * 1000
"""Records below this age are certainly not discarded, with a margin for clock skew."""


def oldest_kept(now: int) -> int:
    """Return the time since which no record can have been discarded."""
    return now - _CERTAIN_MS


@dataclass(frozen=True, slots=True)
class SequenceRanges:
    """Sorted ranges of the sequence numbers that a total includes; numbers sort as text."""

    ranges: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, edges: str, last: str) -> Self:
        """Parse the ranges: firsts and lasts, separated by spaces, and the very last one."""
        numbers = iter([*edges.split(" "), last])
        return cls(tuple(zip(numbers, numbers, strict=True)))

    @property
    def edges(self) -> str:
        """Return all firsts and lasts except the very last, in the form that `read` takes."""
        return " ".join(edge for each in self.ranges for edge in each).rpartition(" ")[0]

    @property
    def last(self) -> str:
        """Return the highest included sequence number."""
        return self.ranges[-1][1]

    def has(self, sequence: str) -> bool:
        """Return whether a sequence number is included."""
        return any(first <= sequence <= last for first, last in self.ranges)

    def with_range(self, first: str, last: str, *, follows: bool) -> "SequenceRanges":
        """Add a range, and merge overlapping ones.

        `follows` is true if no record lies between the last range and this one.
        """
        if follows and first > self.last:
            first = self.last
        return SequenceRanges(tuple(_put_together(sorted([*self.ranges, (first, last)]))))


def _put_together(ranges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for first, last in ranges:
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
