"""The spans of time that operators write: `90s`, `5m`, `2h`, `3d`."""

import re

import typer

_UNITS = dict(zip("smhd", (1, 60, 3600, 86_400), strict=True))


def seconds(text: str) -> float:
    """Parse a span of time."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if found is None:
        raise typer.BadParameter("use a number with s, m, h or d, such as 90s, 5m, 2h or 3d")
    return float(found[1]) * _UNITS[found[2]]
