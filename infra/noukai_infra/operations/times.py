"""The times that operators write."""

from dataclasses import dataclass
from datetime import datetime

import typer


@dataclass(frozen=True)
class Interval:
    """The interval after `start` and up to `end`."""

    start: datetime
    end: datetime

    def has(self, seconds: float) -> bool:
        """Return whether the interval contains a time in seconds since the epoch."""
        return self.start.timestamp() < seconds <= self.end.timestamp()


def parse_time(text: str) -> datetime:
    """Parse a time with its zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("use a time such as 2026-11-28T12:00Z") from error
    if found.tzinfo is None:
        raise typer.BadParameter("add the time zone, as in 2026-11-28T12:00Z")
    return found


def parse_interval(text: str) -> Interval:
    """Parse two times separated by a slash."""
    start, slash, end = text.partition("/")
    if not slash:
        raise typer.BadParameter("use two times, such as 2026-11-28T12:00Z/2026-11-28T13:10Z")
    found = Interval(parse_time(start), parse_time(end))
    if found.start >= found.end:
        raise typer.BadParameter("the second time must be later than the first")
    return found
