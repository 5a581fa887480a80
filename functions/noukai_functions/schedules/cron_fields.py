"""The fields of a cron expression: values, ranges, steps and lists, and what is wrong with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SUNDAY = 7

_FOREIGN = {
    "L": "the last day has no sign here: write a day that every month has, such as '28' or '1'",
    "W": "the nearest weekday has no sign here: write '1-5' as the day of week",
    "#": "the n-th weekday of a month has no sign here: let the flow return early in the other weeks",
    "?": "'?' is not known here: write '*'",
    "H": "a hashed value is not known here: write a number",
    "~": "a random value is not known here: write a number",
}
"""What other dialects of cron have, with what to write instead."""

_NUMBER = re.compile(r"\d{1,2}", re.ASCII)
_DIALECT = re.compile(r"\*?[lwh]\W*\d*|\d+[lw]|lw|wl|l-\d+|[a-z]{3}l|h[(/].*", re.ASCII)


class InvalidCron(ValueError):  # noqa: N818 - it is what is wrong with a text, not a fault
    """A cron expression that is not valid, with the reason and what to write instead."""


@dataclass(frozen=True)
class Field:
    """A field: its name, its first and last value, and the names of its values."""

    name: str
    first: int
    last: int
    names: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return the number of its values."""
        return self.last - self.first + 1

    @property
    def top(self) -> int:
        """Return the last value that is none of the others: day 7 is day 0."""
        return 6 if self.last == _SUNDAY else self.last


def values_of(kind: Field, text: str) -> frozenset[int]:
    """Return the values of a field's text; raise `InvalidCron` if it is not valid."""
    values: set[int] = set()
    for item in text.split(","):
        if not item:
            raise InvalidCron(f"the {kind.name} {text!r} has an empty entry in its list: remove the comma")
        values.update(_item(kind, item))
    return frozenset(values)


def _item(kind: Field, item: str) -> range:
    _refuse_dialects(kind, item)
    span, slash, step = item.lower().partition("/")
    first, last = _span(kind, span, item)
    if not slash:
        return range(first, last + 1)
    if not _NUMBER.fullmatch(step) or int(step) == 0:
        raise InvalidCron(f"the step of the {kind.name} {item!r} must be a whole number from 1 on")
    if span != "*" and "-" not in span:
        raise InvalidCron(
            f"the {kind.name} {item!r} has a step without a range: write '{first}-{kind.top}/{step}', or "
            f"'{first}' alone"
        )
    if int(step) > last - first:
        smaller = f", or a step of at most {last - first}" if last > first else ""
        raise InvalidCron(
            f"the step of the {kind.name} {item!r} is beyond its range, so that only {first} is left: write "
            f"'{first}' if that is meant{smaller}"
        )
    return range(first, last + 1, int(step))


def _span(kind: Field, span: str, item: str) -> tuple[int, int]:
    if span == "*":
        return kind.first, kind.top
    start, dash, end = span.partition("-")
    first = _value(kind, start, item)
    if not dash:
        return first, first
    last = _value(kind, end, item)
    if kind.last == _SUNDAY and end == "sun" and first > 0:
        last = _SUNDAY
    if first > last:
        instead = f"0-{last}" if first == _SUNDAY else f"{first}-{kind.top},{kind.first}-{last}"
        raise InvalidCron(f"the range of the {kind.name} {item!r} ends before it begins: write {instead!r}")
    return first, last


def _value(kind: Field, text: str, item: str) -> int:
    if text in kind.names:
        return kind.names[text]
    if not _NUMBER.fullmatch(text):
        raise InvalidCron(f"the {kind.name} {item!r} is not valid: {_allowed(kind)}")
    if not kind.first <= int(text) <= kind.last:
        raise InvalidCron(f"the {kind.name} {item!r} is out of range: {_allowed(kind)}")
    return int(text)


def _allowed(kind: Field) -> str:
    numbers = f"write a number from {kind.first} to {kind.last}"
    if not kind.names:
        return f"{numbers}, a range, a step such as '*/2', or '*'"
    names = tuple(kind.names)
    return f"{numbers}, or a name from '{names[0]}' to '{names[-1]}'"


def _refuse_dialects(kind: Field, item: str) -> None:
    sign = next((each for each in "#?~" if each in item), None)
    if sign is None and _DIALECT.fullmatch(item.lower()):
        sign = next(each for each in "WHL" if each in item.upper())
    if sign is not None:
        raise InvalidCron(f"the {kind.name} {item!r} is not valid: {_FOREIGN[sign]}")
