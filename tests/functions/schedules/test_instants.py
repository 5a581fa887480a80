"""The instants of schedules: across daylight saving, changed rules and rare dates."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from noukai_functions.schedules.cron import Cron
from noukai_functions.schedules.instants import instants, latest_instant, next_instant
from noukai_functions.schedules.zones import zone

MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def listed(cron: str, name: str, after: str, until: str) -> list[str]:
    """Return the local times of the instants in a time, with their offsets."""
    found = []
    for instant in instants(Cron.parse(cron), zone(name), at(after)):
        if instant > at(until):
            break
        found.append(instant.astimezone(zone(name)).strftime("%d %H:%M%z"))
    return found


@cache
def walked(place: ZoneInfo, after: datetime, until: datetime) -> list[tuple[datetime, list[datetime]]]:
    """Return each minute of a time, with the local times that it stands for: those that are skipped too."""
    found = []
    minute, last = after + MINUTE, after.astimezone(place).replace(tzinfo=None)
    while minute <= until:
        local = minute.astimezone(place)
        skipped, each = [], last + MINUTE
        last = local.replace(tzinfo=None)
        while each < last:
            skipped.append(each)
            each += MINUTE
        found.append((minute, [local, *skipped]))
        minute += MINUTE
    return found


def by_minutes(cron: Cron, place: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    """Return the instants by a walk over all minutes, which knows nothing of days."""
    return [
        minute
        for minute, times in walked(place, after, until)
        if any(matches(cron, time) and (time.fold == 0 or cron.every_hour) for time in times)
    ]


def matches(cron: Cron, local: datetime) -> bool:
    return local.minute in cron.minutes and local.hour in cron.hours and cron.matches(local.date())


CHANGES = {
    "Europe/Berlin spring": ("Europe/Berlin", "2026-03-29T01:00"),
    "Europe/Berlin autumn": ("Europe/Berlin", "2026-10-25T01:00"),
    "America/New_York spring": ("America/New_York", "2025-03-09T07:00"),
    "America/New_York autumn": ("America/New_York", "2025-11-02T06:00"),
    "half an hour forward": ("Australia/Lord_Howe", "2026-10-03T15:30"),
    "half an hour back": ("Australia/Lord_Howe", "2026-04-04T15:00"),
    "within an hour": ("Pacific/Chatham", "2026-09-26T14:00"),
    "midnight does not exist": ("America/Sao_Paulo", "2018-11-04T03:00"),
    "an hour before midnight comes twice": ("America/Sao_Paulo", "2018-02-18T02:00"),
    "a minute after midnight": ("America/St_Johns", "2010-11-07T02:31"),
    "a whole day is skipped": ("Pacific/Apia", "2011-12-30T10:00"),
    "the rule changed": ("Europe/Istanbul", "2016-09-06T21:00"),
    "Ramadan": ("Africa/Casablanca", "2026-02-15T02:00"),
}
EXPRESSIONS = (
    "* * * * *",
    "*/15 * * * *",
    "7-59/20 * * * *",
    "30 2 * * *",
    "0 0 * * *",
    "0 3 * * *",
    "*/20 2 * * *",
    "30 1-3 * * *",
    "15 */2 * * *",
    "59 23 * * *",
    "0 9 * * 1-5",
    "0 0,12 4,29-31 * *",
)


@pytest.mark.parametrize("cron", EXPRESSIONS)
@pytest.mark.parametrize("change", CHANGES)
def test_instants_around_a_change_are_those_of_a_walk_over_minutes(change: str, cron: str) -> None:
    """In both directions."""
    name, when = CHANGES[change]
    around = timedelta(hours=26 if name == "Pacific/Apia" else 8)
    after, until = at(when) - around, at(when) + around
    parsed = Cron.parse(cron)
    expected = by_minutes(parsed, zone(name), after, until)
    found = []
    for instant in instants(parsed, zone(name), after):
        if instant > until:
            break
        found.append(instant)
    assert found == expected
    backwards: list[datetime] = []
    end = until
    while latest := latest_instant(parsed, zone(name), after, end):
        backwards.insert(0, latest)
        end = latest - timedelta(seconds=1)
    assert backwards == expected


def test_skipped_time_of_day_runs_at_the_first_valid_minute() -> None:
    assert listed("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00", "2026-03-31T00:00") == [
        "28 02:30+0100",
        "29 03:00+0200",
        "30 02:30+0200",
    ]


def test_skipped_times_of_day_are_one_with_an_instant_that_is_there() -> None:
    assert listed("*/30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T12:00") == [
        "29 03:00+0200",
        "29 03:30+0200",
    ]


def test_repeated_time_of_day_runs_the_first_time() -> None:
    assert listed("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-26T12:00") == [
        "25 02:30+0200",
        "26 02:30+0100",
    ]
    assert listed("*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T12:00") == [
        "25 02:00+0200",
        "25 02:30+0200",
    ]


def test_expression_of_every_hour_runs_in_the_repeated_hour_too() -> None:
    """It names no time of day: a check every half an hour must not pause for an hour and a half."""
    assert listed("*/30 * * * *", "Europe/Berlin", "2026-10-24T23:45", "2026-10-25T02:00") == [
        "25 02:00+0200",
        "25 02:30+0200",
        "25 02:00+0100",
        "25 02:30+0100",
        "25 03:00+0100",
    ]


def test_change_of_half_an_hour_repeats_half_an_hour() -> None:
    assert listed("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00", "2026-04-05T12:00") == [
        "05 01:45+1100"
    ]


def test_midnight_that_does_not_exist_is_an_hour_later() -> None:
    assert listed("0 0 4 11 *", "America/Sao_Paulo", "2018-01-01T00:00", "2019-12-31T00:00") == [
        "04 01:00-0200",
        "04 00:00-0300",
    ]
    assert listed("0 9 10 * *", "America/Sao_Paulo", "2018-10-17T00:00", "2018-12-31T00:00") == [
        "10 09:00-0200",
        "10 09:00-0200",
    ]


def test_rules_of_a_zone_change_with_the_years() -> None:
    """Sao Paulo had daylight saving until 2019."""
    assert listed("0 9 1 1 *", "America/Sao_Paulo", "2018-06-01T00:00", "2021-01-02T00:00") == [
        "01 09:00-0200",
        "01 09:00-0300",
        "01 09:00-0300",
    ]


@pytest.mark.parametrize("seconds", [0, 0.000001, 1, 59, 300, 86_399])
def test_start_within_the_pause_makes_no_difference(seconds: float) -> None:
    after = at("2026-05-05T07:00") + timedelta(seconds=seconds)
    assert next_instant(Cron.parse("0 9 * * *"), zone("Europe/Berlin"), after) == at("2026-05-06T07:00")
    before = at("2026-05-06T07:00") - timedelta(seconds=1)
    assert next_instant(Cron.parse("0 9 * * *"), zone("Europe/Berlin"), before) == at("2026-05-06T07:00")


def test_zone_of_the_start_makes_no_difference() -> None:
    cron, place = Cron.parse("0 */6 * * *"), zone("Asia/Kolkata")
    after = at("2026-05-05T23:59")
    expected = next_instant(cron, place, after)
    for name in ("Pacific/Kiritimati", "Pacific/Niue", "America/New_York"):
        assert next_instant(cron, place, after.astimezone(zone(name))) == expected
    assert expected is not None
    assert expected.tzinfo is UTC


def test_29_february_comes_in_leap_years() -> None:
    found = islice(instants(Cron.parse("0 12 29 2 *"), zone("UTC"), at("2088-03-01T00:00")), 4)
    assert [each.year for each in found] == [2092, 2096, 2104, 2108]


def test_latest_instant_of_a_long_outage_is_one() -> None:
    after, until = at("2024-01-01T00:00"), at("2026-05-05T06:59")
    assert latest_instant(Cron.parse("0 9 * * *"), zone("Europe/Berlin"), after, until) == at(
        "2026-05-04T07:00"
    )


def test_latest_instant_lies_after_the_start_and_not_after_the_end() -> None:
    cron, place = Cron.parse("0 9 * * *"), zone("UTC")
    assert latest_instant(cron, place, at("2026-05-04T09:00"), at("2026-05-05T08:59")) is None
    assert latest_instant(cron, place, at("2026-05-04T08:59"), at("2026-05-04T09:00")) == at(
        "2026-05-04T09:00"
    )


def test_calendar_ends() -> None:
    assert next_instant(Cron.parse("* * * * *"), zone("UTC"), datetime.max.replace(tzinfo=UTC)) is None
