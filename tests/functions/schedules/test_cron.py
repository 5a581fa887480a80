"""The expressions that cron allows, and the reasons for which it refuses others."""

from datetime import date
from itertools import islice

import pytest

from noukai_functions.schedules.cron import Cron
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_wire import limits

REFUSED = {
    "": "five fields",
    "* * * *": "it has 4 fields, and five are needed",
    "0 0 9 * * 1": "there are no seconds",
    "0 0 9 * * 1 2026": "no years",
    "@daily": "write '0 0 * * *'",
    "@Weekly": "write '0 0 * * 0'",
    "@every 5m": "write a step, such as '*/5 * * * *'",
    "@reboot": "write five fields",
    "CRON_TZ=UTC 0 9 * * *": "state the time zone as 'zone'",
    "0 9 1 * 1": "write '*' for one of them",
    "0 9 */2 * mon-fri": "both restricted",
    "0 0 30 2 *": "never comes in the month '2', which has at most 29 days",
    "0 0 31 apr,jun,9,11 *": "never comes in the month 'apr,jun,9,11', which has at most 30 days",
    "0 0 L * *": "the last day has no sign here",
    "0 0 L-3 * *": "the last day has no sign here",
    "0 0 15W * *": "write '1-5' as the day of week",
    "0 0 LW * *": "write '1-5' as the day of week",
    "0 0 * * 5L": "the last day has no sign here",
    "0 0 * * friL": "the last day has no sign here",
    "0 0 * * 1#2": "the n-th weekday",
    "0 0 ? * 1": "write '*'",
    "H * * * *": "a hashed value",
    "H(0-9)/3 * * * *": "a hashed value",
    "1~5 * * * *": "a random value",
    "*/60 * * * *": "write '0' if that is meant, or a step of at most 59",
    "0 */24 * * *": "beyond its range",
    "0 0 */31 * *": "beyond its range",
    "0 0 * * */7": "beyond its range",
    "1-5/5 * * * *": "write '1' if that is meant, or a step of at most 4",
    "5-5/1 * * * *": "write '5' if that is meant",
    "5/15 * * * *": "write '5-59/15', or '5' alone",
    "0 0 * * 1/2": "write '1-6/2'",
    "*/0 * * * *": "a whole number from 1 on",
    "1-5/0 * * * *": "a whole number from 1 on",
    "*/x * * * *": "a whole number from 1 on",
    "1/ * * * *": "a whole number from 1 on",
    "*/-5 * * * *": "a whole number from 1 on",
    "60 * * * *": "out of range: write a number from 0 to 59",
    "0 24 * * *": "write a number from 0 to 23",
    "0 0 0 * *": "write a number from 1 to 31",
    "0 0 * 13 *": "or a name from 'jan' to 'dec'",
    "0 0 * * 8": "or a name from 'sun' to 'sat'",
    "0 0 * * monday": "or a name from 'sun' to 'sat'",
    "0 0 * mon *": "or a name from 'jan' to 'dec'",
    "-1 * * * *": "is not valid",
    "1-3-5 * * * *": "is not valid",
    "1.5 * * * *": "is not valid",
    "٣ * * * *": "is not valid",
    "1,,2 * * * *": "remove the comma",
    "1, * * * *": "remove the comma",
    "50-10 * * * *": "write '50-59,0-10'",
    "0 22-2 * * *": "write '22-23,0-2'",
    "0 0 * * fri-mon": "write '5-6,0-1'",
    "0 0 * * 7-2": "write '0-2'",
    "*" * (limits.MAX_CRON_LENGTH + 1): f"at most {limits.MAX_CRON_LENGTH} are allowed",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_expression_is_told_why_and_what_to_write(text: str) -> None:
    with pytest.raises(InvalidCron) as refused:
        Cron.parse(text)
    assert REFUSED[text] in str(refused.value)


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", {0}),
        ("7", {0}),
        ("sun", {0}),
        ("5-7", {5, 6, 0}),
        ("6-7", {6, 0}),
        ("sat-sun", {6, 0}),
        ("SUN-TUE", {0, 1, 2}),
        ("0-7", {0, 1, 2, 3, 4, 5, 6}),
        ("1-5", {1, 2, 3, 4, 5}),
        ("mon-fri/2", {1, 3, 5}),
        ("1-7/2", {1, 3, 5, 0}),
        ("*/2", {0, 2, 4, 6}),
        ("mon,3,fri-sat", {1, 3, 5, 6}),
    ],
)
def test_sunday_is_zero_and_seven(field: str, days: set[int]) -> None:
    assert Cron.parse(f"0 0 * * {field}").weekdays == days


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("*/7", {0, 7, 14, 21, 28, 35, 42, 49, 56}),
        ("10-40/15", {10, 25, 40}),
        ("*/59", {0, 59}),
        ("05,6", {5, 6}),
        ("*,3", set(range(60))),
    ],
)
def test_minutes(text: str, minutes: set[int]) -> None:
    assert Cron.parse(f"{text} * * * *").minutes == minutes


def test_unrestricted_day_leaves_the_other_to_be_restricted() -> None:
    """Also if it names every day, instead of `*`."""
    assert Cron.parse("0 0 1-31 * 1").weekdays == {1}
    assert Cron.parse("0 0 1 * 0-6").days == {1}


def test_expression_is_kept_with_single_spaces() -> None:
    assert str(Cron.parse("  0\t9  * * MON ")) == "0 9 * * MON"


def test_dates_are_the_same_in_both_directions() -> None:
    """Across a year that is no leap year, though it is a multiple of four."""
    cron = Cron.parse("0 0 29 2 *")
    first, second = date(2096, 2, 29), date(2104, 2, 29)
    assert list(islice(cron.dates(first), 2)) == [first, second]
    assert list(cron.dates_back(second, first)) == [second, first]


def test_dates_end_with_the_calendar() -> None:
    cron = Cron.parse("0 0 31 12 *")
    assert list(cron.dates(date(9999, 1, 1))) == [date(9999, 12, 31)]
    assert list(cron.dates_back(date(1, 12, 31), date.min)) == [date(1, 12, 31)]
