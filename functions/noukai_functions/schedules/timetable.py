"""The instants of a schedule, in milliseconds since the epoch."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from noukai_functions.schedules.cron import Cron
from noukai_functions.schedules.instants import instants, latest_instant, next_instant
from noukai_functions.schedules.zones import zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The instants of a cron expression in a time zone."""

    cron: Cron
    zone: ZoneInfo

    @classmethod
    def of(cls, cron: str, zone_name: str) -> "Timetable":
        """Return the timetable; raise `InvalidCron` or `InvalidZone`, with the reason."""
        return cls(Cron.parse(cron), zone(zone_name))

    def next_after(self, after: int) -> int | None:
        """Return the first instant after a time; None if none follows."""
        return _milliseconds(next_instant(self.cron, self.zone, _time(after)))

    def between(self, after: int, until: int) -> Iterator[int]:
        """Return the instants after a time and not after another."""
        last = _time(until)
        found = takewhile(lambda each: each <= last, instants(self.cron, self.zone, _time(after)))
        return ((each - _EPOCH) // _MILLISECOND for each in found)

    def latest(self, after: int, until: int) -> int | None:
        """Return the last instant after a time and not after another; None if there is none."""
        return _milliseconds(latest_instant(self.cron, self.zone, _time(after), _time(until)))


def _time(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _milliseconds(found: datetime | None) -> int | None:
    return None if found is None else (found - _EPOCH) // _MILLISECOND
