"""Cron expressions of five fields, for the scheduled actions of Application Auto Scaling."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_BOUNDS = {"minute": (0, 59), "hour": (0, 23), "day of the month": (1, 31), "month": (1, 12)}
_YEAR = 365


@dataclass(frozen=True)
class Cron:
    """The minutes, hours, days and months of an expression; `days` or `weekdays` is None for every one."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...] | None
    months: tuple[int, ...]
    weekdays: tuple[int, ...] | None

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Parse an expression.

        Raises:
            ValueError: it is invalid; the message fits behind "should".
        """
        fields = text.split()
        if len(fields) != len(_BOUNDS) + 1:
            raise ValueError("be a cron expression of five fields, such as `0 7 * * 1-5`")
        minutes, hours, days, months = (
            _expanded(field, *bounds, _MONTHS if name == "month" else (), name)
            for field, (name, bounds) in zip(fields[:4], _BOUNDS.items(), strict=True)
        )
        weekdays = _expanded(fields[4], 0, 7, _DAYS, "day of the week")
        if fields[2] != "*" and fields[4] != "*":
            raise ValueError("restrict the day of the month or that of the week, not both")
        return cls(
            minutes,
            hours,
            None if fields[2] == "*" else days,
            months,
            None if fields[4] == "*" else tuple(sorted({day % 7 for day in weekdays})),
        )

    @property
    def on_aws(self) -> str:
        """Return the expression as AWS writes it, with six fields and one `?`.

        https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
        """
        days = "?" if self.weekdays is not None else "*" if self.days is None else _joined(self.days)
        weekdays = "?" if self.weekdays is None else ",".join(_DAYS[day] for day in self.weekdays)
        months = "*" if len(self.months) == len(_MONTHS) else _joined(self.months)
        return f"cron({_joined(self.minutes)} {_joined(self.hours)} {days} {months} {weekdays} *)"

    def share_until(self, end: "Cron") -> float:
        """Return the part of a year between an instant of this expression and the next of another."""
        first = datetime(2025, 1, 1, tzinfo=UTC)
        last = first + timedelta(days=_YEAR)
        changes = sorted(
            [*((at, True) for at in self.instants(first)), *((at, False) for at in end.instants(first))]
        )
        is_warm = bool(changes) and changes[-1][1]
        since, total = first, timedelta()
        for at, begins in [*changes, (last, False)]:
            if is_warm:
                total += at - since
            since, is_warm = at, begins
        return total / (last - first)

    def instants(self, first: datetime) -> list[datetime]:
        """Return the instants of the year that begins at a midnight."""
        days = (first + timedelta(days=number) for number in range(_YEAR))
        return [
            day + timedelta(hours=hour, minutes=minute)
            for day in days
            if day.month in self.months
            and (self.days is None or day.day in self.days)
            and (self.weekdays is None or day.isoweekday() % 7 in self.weekdays)
            for hour in self.hours
            for minute in self.minutes
        ]


def _joined(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _expanded(field: str, least: int, most: int, names: tuple[str, ...], name: str) -> tuple[int, ...]:
    """Return the numbers of a field: of a list of numbers, names, ranges and steps."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, is_range, high = (str(least), "-", str(most)) if span == "*" else span.partition("-")
        try:
            first = _number(low, names, least)
            last = _number(high, names, least) if is_range else most if step else first
            steps = int(step or 1)
        except ValueError:
            steps, first, last = 0, 0, 0
        if steps < 1 or not least <= first <= last <= most:
            raise ValueError(f"name the {name} by {least} to {most}, not by `{part}`")
        found.update(range(first, last + 1, steps))
    return tuple(sorted(found))


def _number(text: str, names: tuple[str, ...], least: int) -> int:
    """Return the number of a text, which may be a name of a day or a month."""
    return names.index(text.upper()) + least if text.upper() in names else int(text)
