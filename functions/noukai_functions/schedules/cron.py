"""Five-field cron expressions: what they allow, and the dates and times of day that they match.

    minute hour day-of-month month day-of-week

A field is `*`, a value, a range `1-5`, a step `*/7` or `8-18/2`, or a list of these. Months and days of the
week have names of three characters; Sunday is 0 and 7. Either the day of the month or the day of the week may
be restricted, not both: cron would take either, and many expect both.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from noukai_functions.schedules.cron_fields import Field, InvalidCron, values_of
from noukai_wire import limits

_MACROS = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@every_minute": "* * * * *",
}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_MINUTE = Field("minute", 0, 59)
_HOUR = Field("hour", 0, 23)
_DAY_OF_MONTH = Field("day of month", 1, 31)
_MONTH = Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)})
_DAY_OF_WEEK = Field("day of week", 0, 7, {name: number for number, name in enumerate(_DAYS)})
_FIELDS = (_MINUTE, _HOUR, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK)

_LEAP_YEAR = 2024
_LONGEST_PAUSE_YEARS = 9
"""A 29 February comes within eight years, across a year such as 2100, which is no leap year."""


@dataclass(frozen=True)
class Cron:
    """A valid cron expression, as the values of its fields."""

    text: str
    minutes: frozenset[int] = field(compare=False)
    hours: frozenset[int] = field(compare=False)
    days: frozenset[int] = field(compare=False)
    months: frozenset[int] = field(compare=False)
    weekdays: frozenset[int] = field(compare=False)
    """0 is Sunday."""

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Return the expression of a text; raise `InvalidCron` with the reason and what to write instead."""
        fields = _fields_of(text)
        minutes, hours, days, months, weekdays = map(values_of, _FIELDS, fields)
        weekdays = frozenset(day % 7 for day in weekdays)
        if len(days) < _DAY_OF_MONTH.size and len(weekdays) < len(_DAYS):
            raise InvalidCron(
                f"the day of month {fields[2]!r} and the day of week {fields[4]!r} are both restricted, "
                "which some programs read as 'or' and others as 'and': write '*' for one of them, or make "
                "two schedules"
            )
        longest = max(_days_in(_LEAP_YEAR, month) for month in months)
        if min(days) > longest:
            raise InvalidCron(
                f"the day of month {fields[2]!r} never comes in the month {fields[3]!r}, which has at most "
                f"{longest} days"
            )
        return cls(" ".join(fields), minutes, hours, days, months, weekdays)

    def __str__(self) -> str:
        return self.text

    @cached_property
    def times(self) -> tuple[int, ...]:
        """Return the times of day, in minutes after midnight, in their order."""
        return tuple(hour * 60 + minute for hour in sorted(self.hours) for minute in sorted(self.minutes))

    @property
    def every_hour(self) -> bool:
        """Return whether it names no hour of the day."""
        return len(self.hours) == _HOUR.size

    def dates(self, start: date) -> Iterator[date]:
        """Return the matching dates from `start` on, as far as the longest pause of any expression."""
        for year, month in _months_from(start):
            if month in self.months:
                for day in range(1, _days_in(year, month) + 1):
                    each = date(year, month, day)
                    if each >= start and self._matches_day(each):
                        yield each

    def dates_back(self, start: date, end: date) -> Iterator[date]:
        """Return the matching dates from `start` back to `end`."""
        each = start
        while each >= end:
            if each.month not in self.months:
                if each.replace(day=1) <= end:
                    return
                each = each.replace(day=1) - timedelta(days=1)
                continue
            if self._matches_day(each):
                yield each
            if each == date.min:
                return
            each -= timedelta(days=1)

    def matches(self, each: date) -> bool:
        """Return whether a date matches."""
        return each.month in self.months and self._matches_day(each)

    def _matches_day(self, each: date) -> bool:
        return each.day in self.days and each.isoweekday() % 7 in self.weekdays


def _fields_of(text: str) -> list[str]:
    if len(text) > limits.MAX_CRON_LENGTH:
        raise InvalidCron(f"it has {len(text)} characters: at most {limits.MAX_CRON_LENGTH} are allowed")
    fields = text.split()
    if not fields:
        raise InvalidCron("it is empty: write five fields, such as '0 9 * * 1-5'")
    if fields[0].startswith("@"):
        raise InvalidCron(_instead_of_macro(fields[0].lower()))
    if "=" in fields[0]:
        raise InvalidCron(f"{fields[0]!r} is not a field: state the time zone as 'zone'")
    if len(fields) in (6, 7):
        raise InvalidCron(
            f"it has {len(fields)} fields, and five are needed: there are no seconds and no years: write "
            "'minute hour day-of-month month day-of-week'"
        )
    if len(fields) != len(_FIELDS):
        raise InvalidCron(
            f"it has {len(fields)} fields, and five are needed: 'minute hour day-of-month month day-of-week'"
        )
    return fields


def _instead_of_macro(macro: str) -> str:
    if macro in _MACROS:
        return f"{macro!r} is not known here: write {_MACROS[macro]!r}"
    if macro == "@every":
        return f"{macro!r} is not known here: write a step, such as '*/5 * * * *' for every five minutes"
    return f"{macro!r} is not known here: write five fields, such as '0 9 * * 1-5'"


def _months_from(start: date) -> Iterator[tuple[int, int]]:
    last = min(start.year + _LONGEST_PAUSE_YEARS, date.max.year)
    for year in range(start.year, last + 1):
        for month in range(start.month if year == start.year else 1, 13):
            yield year, month


def _days_in(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
