"""The time zones of schedules."""

from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import reset_tzpath

import pytest

from noukai_functions.schedules.zones import InvalidZone, zone, zone_names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Berlin", "did you mean 'Europe/Berlin'?"),
        ("europe/berlin", "did you mean 'Europe/Berlin'?"),
        ("Europe/Berlln", "did you mean 'Europe/Berlin'?"),
        ("America/New York", "did you mean 'America/New_York'?"),
        ("new york", "did you mean 'America/New_York'?"),
        ("UTC+2", "is an offset"),
        ("+02:00", "is an offset"),
        ("Europe", "or 'UTC'"),
        ("", "or 'UTC'"),
        ("nowhere", "or 'UTC'"),
        ("../zones", "or 'UTC'"),
        ("/etc/localtime", "or 'UTC'"),
        ("Europe/../Europe/Berlin", "or 'UTC'"),
        ("__init__.py", "or 'UTC'"),
        ("leapseconds", "or 'UTC'"),
        ("x" * 5_000, "or 'UTC'"),
    ],
)
def test_unknown_zone_is_told_what_to_write(name: str, said: str) -> None:
    with pytest.raises(InvalidZone) as refused:
        zone(name)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 250


def test_every_zone_can_be_read() -> None:
    """Former names too, such as Asia/Calcutta, which systems have dropped."""
    names = zone_names()
    assert {"UTC", "Asia/Calcutta", "Asia/Kolkata", "America/Argentina/Buenos_Aires"} <= set(names)
    assert {zone(name).key for name in names} == set(names)


def test_zones_are_the_packages_wherever_it_runs(tmp_path: Path) -> None:
    """The machine's own data may be older, or missing."""
    own = tmp_path / "Europe" / "Berlin"
    own.parent.mkdir()
    own.write_bytes(files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes())
    reset_tzpath([tmp_path])
    zone.cache_clear()
    try:
        assert datetime(2026, 1, 1, tzinfo=zone("Europe/Berlin")).utcoffset() == timedelta(hours=1)
    finally:
        reset_tzpath()
