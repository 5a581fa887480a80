"""Which records of a shard are in a sum, pure: ranges of their sequence numbers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

DISCARDED_AFTER_MS = 23 * 60 * 60 * 1000
"""A batch that could not be counted is tried again until shortly before the stream forgets its records."""

_CERTAIN_MS = DISCARDED_AFTER_MS - 30 * 60 * 1000
"""Younger records are not discarded yet, whatever the clocks of AWS and of a function differ by."""


def oldest_kept(now: int) -> int:
    """Return the moment since which no record has been discarded."""
    return now - _CERTAIN_MS


@dataclass(frozen=True, slots=True)
class Counted:
    """Ranges of sequence numbers, in order, of which every record is in a sum; numbers sort as text."""

    ranges: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, edges: str, last: str) -> Self:
        """Read all firsts and lasts of the ranges, separated by blanks, and the last of the last one."""
        numbers = iter([*edges.split(" "), last])
        return cls(tuple(zip(numbers, numbers, strict=True)))

    @property
    def edges(self) -> str:
        """All firsts and lasts but the very last one, as `read` takes them."""
        return " ".join(edge for each in self.ranges for edge in each).rpartition(" ")[0]

    @property
    def last(self) -> str:
        """The last record that is in."""
        return self.ranges[-1][1]

    def has(self, sequence: str) -> bool:
        """Return whether a record is in."""
        return any(first <= sequence <= last for first, last in self.ranges)

    def with_range(self, first: str, last: str, *, follows: bool) -> "Counted":
        """Add a range, and put together those that overlap; one that `follows` the last has no gap before it."""
        if follows and first > self.last:
            first = self.last
        return Counted(tuple(_put_together(sorted([*self.ranges, (first, last)]))))


def _put_together(ranges: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for first, last in ranges:
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
