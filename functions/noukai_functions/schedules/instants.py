"""The instants of a cron expression in a time zone, as UTC datetimes.

A time of day that daylight saving skips becomes the first valid minute after it, and is one with an instant
that is there already. A time of day that comes twice is an instant the first time alone. An expression of
every hour names no time of day: it runs in the repeated hour too, so that `*/15 * * * *` never pauses.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from noukai_functions.schedules.cron import Cron

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_LAST_YEAR = date.max.year - 10
"""After it, a search could leave the calendar."""


def next_instant(cron: Cron, zone: ZoneInfo, after: datetime) -> datetime | None:
    """Return the first instant after a time; None if the calendar ends before."""
    if after.year >= _LAST_YEAR:
        return None
    # An instant of the date before may come later: a skipped day is moved to the next, and a repeated hour
    # may end after midnight.
    for each in cron.dates(after.astimezone(zone).date() - _DAY):
        found = _first_after(cron, zone, each, after)
        if found is not None:
            following = _first_after(cron, zone, each + _DAY, after) if cron.matches(each + _DAY) else None
            return min(found, following or found)
    return None


def instants(cron: Cron, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Return the instants after a time, in their order."""
    found = next_instant(cron, zone, after)
    while found is not None:
        yield found
        found = next_instant(cron, zone, found)


def latest_instant(cron: Cron, zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """Return the last instant after a time, and not after `until`; None if there is none."""
    first, start = after.astimezone(zone).date() - _DAY, until.astimezone(zone).date() + _DAY
    for each in cron.dates_back(start, first):
        found = _last_until(cron, zone, each, until)
        if found is not None:
            before = _last_until(cron, zone, each - _DAY, until) if cron.matches(each - _DAY) else None
            latest = max(found, before or found)
            return latest if latest > after else None
    return None


def _first_after(cron: Cron, zone: ZoneInfo, each: date, after: datetime) -> datetime | None:
    offset = _constant_offset(zone, each)
    if offset is None:
        return next((instant for instant in _changed_day(cron, zone, each) if instant > after), None)
    midnight = _midnight(each).replace(tzinfo=UTC) - offset
    at = bisect_right(cron.times, (after - midnight) / _MINUTE)
    return midnight + cron.times[at] * _MINUTE if at < len(cron.times) else None


def _last_until(cron: Cron, zone: ZoneInfo, each: date, until: datetime) -> datetime | None:
    offset = _constant_offset(zone, each)
    if offset is None:
        found = [instant for instant in _changed_day(cron, zone, each) if instant <= until]
        return found[-1] if found else None
    midnight = _midnight(each).replace(tzinfo=UTC) - offset
    at = bisect_right(cron.times, (until - midnight) / _MINUTE)
    return midnight + cron.times[at - 1] * _MINUTE if at else None


def _constant_offset(zone: ZoneInfo, each: date) -> timedelta | None:
    """Return a day's offset from UTC; None if it changes on this day."""
    start = _midnight(each)
    offsets = {_offset(zone, time, fold) for time in (start, start + _DAY) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


@lru_cache(maxsize=32)
def _changed_day(cron: Cron, zone: ZoneInfo, each: date) -> tuple[datetime, ...]:
    """Return the instants of a day on which the offset changes."""
    found: set[datetime] = set()
    for minutes in cron.times:
        time = _midnight(each) + minutes * _MINUTE
        former, later = _offset(zone, time, 0), _offset(zone, time, 1)
        aware = time.replace(tzinfo=UTC)
        if later > former:
            found.add(_first_valid(zone, aware - later, aware - former))
        else:
            found.add(aware - former)
            if cron.every_hour:
                found.add(aware - later)
    return tuple(sorted(found))


def _first_valid(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the minute at which the offset changes between two times."""
    former = before.astimezone(zone).utcoffset()
    minutes = int((after - before) / _MINUTE)
    low, high = 0, minutes
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * _MINUTE).astimezone(zone).utcoffset() == former:
            low = middle
        else:
            high = middle
    return before + high * _MINUTE


def _offset(zone: ZoneInfo, time: datetime, fold: int) -> timedelta:
    offset = time.replace(tzinfo=zone, fold=fold).utcoffset()
    if offset is None:
        raise ValueError(f"the time zone {zone.key} has no offset at {time}")
    return offset


def _midnight(each: date) -> datetime:
    return datetime(each.year, each.month, each.day)  # noqa: DTZ001 - the time of day of any zone
