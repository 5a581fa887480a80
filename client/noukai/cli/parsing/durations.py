"""The durations and times that people type: `3d` is three days, `90` is ninety seconds."""

import math
import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(ms|[smhdw])")
_RULE = "a number with ms, s, m, h, d or w, such as 90s, 1.5h or 3d"


def seconds(text: str) -> float:
    """Return the seconds of a duration; a number without a unit is in seconds.

    Raises:
        BadParameter: it is not a duration.
    """
    return _number(text, 1.0)


def whole_seconds(text: str) -> int:
    """Return the seconds of a duration, which must be a whole number; raise like `seconds`."""
    return _whole(seconds(text), text, "seconds")


def milliseconds(text: str) -> int:
    """Return the milliseconds of a duration; a number without a unit is in milliseconds.

    Raises like `seconds`.
    """
    return _whole(_number(text, 0.001) * 1000, text, "milliseconds")


def past(text: str) -> str:
    """Return the time before now by a duration, as ISO 8601 text.

    Other text is returned unchanged, for the API to check.
    """
    return _from_now(text, -1)


def future(text: str) -> str:
    """Return the time after now by a duration, as ISO 8601 text.

    Other text is returned unchanged, for the API to check.
    """
    return _from_now(text, 1)


def _from_now(text: str, direction: int) -> str:
    duration = _DURATION.fullmatch(text.strip())
    if duration is None:
        return text
    try:
        time = datetime.now(UTC) + timedelta(seconds=direction * seconds(text))
    except OverflowError:
        raise typer.BadParameter(f"{text!r} is too far from now") from None
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(text: str, unit: float) -> float:
    duration = _DURATION.fullmatch(text.strip())
    try:
        number = float(duration[1]) * _UNITS[duration[2]] if duration else float(text) * unit
    except ValueError:
        number = -1.0
    if not (math.isfinite(number) and number >= 0):
        raise typer.BadParameter(f"{text!r} is not a duration: give a number, or {_RULE}")
    return number


def _whole(number: float, text: str, unit: str) -> int:
    whole = round(number)
    if not math.isclose(whole, number, abs_tol=1e-6):  # allows for binary fractions
        raise typer.BadParameter(f"{text!r} is not a whole number of {unit}")
    return whole
