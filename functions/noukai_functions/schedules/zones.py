"""IANA time zones, from the data that the assets carry: Lambda's own may lack zones, or be older."""

import re
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"(utc|gmt)?[+-]\d.*", re.ASCII | re.IGNORECASE)


class InvalidZone(ValueError):  # noqa: N818 - it is what is wrong with a name, not a fault
    """The name of a time zone that does not exist, with what to write instead."""


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name; raise `InvalidZone` if there is none."""
    if name not in zone_names():
        raise InvalidZone(_problem(name[:100]))
    return ZoneInfo.from_file(BytesIO(_content(name)), key=name)


def zone_names() -> list[str]:
    """Return the names of all time zones."""
    return files("tzdata").joinpath("zones").read_text("utf-8").split()


def rules_version() -> str:
    """Return the version of the zones' rules, which change by law."""
    return str(import_module("tzdata").IANA_VERSION)


def _content(name: str) -> bytes:
    """Return the content of a zone's file; in an asset, the files lie in an archive."""
    package = files("tzdata")
    packed = package.joinpath("zoneinfo.zip")
    if packed.is_file():
        with packed.open("rb") as archive, ZipFile(archive) as zones:
            return zones.read(name)
    return package.joinpath("zoneinfo", *name.split("/")).read_bytes()


def _problem(name: str) -> str:
    if _OFFSET.fullmatch(name):
        return f"{name!r} is an offset: write a time zone such as 'Europe/Berlin', or 'UTC'"
    by_lower = {each.lower(): each for each in zone_names()}
    lower = name.strip().lower().replace(" ", "_")
    # People know the city, and not what stands before it.
    cities = [each for each in by_lower.values() if each.lower().endswith(f"/{lower}")]
    close = cities or [by_lower[each] for each in get_close_matches(lower, by_lower, n=1, cutoff=0.8)]
    meant = f"did you mean {close[0]!r}?" if close else "write one such as 'Europe/Berlin', or 'UTC'"
    return f"there is no time zone {name!r}: {meant}"
