"""The comparison of our instants with those of cronsim over ten years.

They differ around daylight saving in two ways, which are wanted.

Cronsim does as Debian's cron does: an expression whose minute or hour begins with `*` follows the clock.

1. A time of day that is skipped runs at the first valid minute; with cronsim, such an expression does not.
2. A time of day that comes twice runs the first time; with cronsim, such an expression runs twice. (An
   expression of every hour runs in the repeated hour with both.)
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from random import Random
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from noukai_functions.schedules.cron import Cron
from noukai_functions.schedules.instants import instants
from noukai_functions.schedules.zones import zone

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
)
WITHIN_AN_HOUR = ("Australia/Lord_Howe", "Pacific/Chatham")
NUMBER_OF_EXPRESSIONS = 200
STARTS = 2
INSTANTS = 5
FIRST, LAST = datetime(2017, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def expressions() -> list[str]:
    """Return different valid expressions of all forms, the same in each run."""
    random = Random(19)
    made: dict[str, None] = {}
    while len(made) < NUMBER_OF_EXPRESSIONS:
        day, weekday = "*", "*"
        if random.random() < 0.35:
            day = field(random, 1, 28)
        elif random.random() < 0.5:
            weekday = random.choice(("mon-fri", "0", "7", "6-7", "sun", "mon,wed", field(random, 0, 6)))
        month = random.choice(("*", "*", "*", "jan-mar", "*/2", "feb", "12", field(random, 1, 12)))
        made[f"{field(random, 0, 59)} {field(random, 0, 23)} {day} {month} {weekday}"] = None
    return list(made)


def field(random: Random, first: int, last: int) -> str:
    low = random.randint(first, last - 2)
    high = random.randint(low + 1, last)
    step = random.randint(1, high - low)
    wide = random.randint(1, min(7, last - first))
    forms = ("*", f"*/{wide}", str(low), f"{low}-{high}", f"{low}-{high}/{step}", f"{low},{high}")
    return random.choice(forms)


def theirs_of(text: str, place: ZoneInfo, after: datetime) -> Iterator[datetime]:
    return (found.astimezone(UTC) for found in CronSim(text, after.astimezone(place)))


def changes_of(place: ZoneInfo) -> list[datetime]:
    """Return the hours in which the zone's offset changes."""
    hours = int((LAST - FIRST).total_seconds() // 3600)
    times = [FIRST + timedelta(hours=hour) for hour in range(hours + 1)]
    offsets = [time.astimezone(place).utcoffset() for time in times]
    return [times[at] for at in range(hours) if offsets[at] != offsets[at + 1]]


def is_wanted_more(cron: Cron, place: ZoneInfo, instant: datetime) -> bool:
    """Return whether an instant is the first valid minute after skipped times."""
    local, before = instant.astimezone(place), (instant - MINUTE).astimezone(place)
    follows_clock = cron.text.startswith("*") or cron.text.split()[1].startswith("*")
    return follows_clock and local.replace(tzinfo=None) - before.replace(tzinfo=None) > MINUTE


def is_wanted_less(cron: Cron, place: ZoneInfo, instant: datetime) -> bool:
    """Return whether a time of day comes the second time."""
    return not cron.every_hour and instant.astimezone(place).fold == 1


def compare(text: str, place: ZoneInfo, after: datetime, until: datetime) -> int:
    """Return the number of instants that both have; fail at a difference that is not wanted."""
    cron = Cron.parse(text)
    ours = set(takewhile(lambda each: each <= until, instants(cron, place, after)))
    theirs = set(takewhile(lambda each: each <= until, theirs_of(text, place, after)))
    more = {each for each in ours - theirs if not is_wanted_more(cron, place, each)}
    less = {each for each in theirs - ours if not is_wanted_less(cron, place, each)}
    assert (more, less) == (set(), set()), (text, place.key, after)
    return len(ours & theirs)


@pytest.mark.parametrize("name", ZONES)
def test_next_instants_agree_over_ten_years(name: str) -> None:
    """For 200 expressions, from several times of the ten years."""
    random, place, both = Random(name), zone(name), 0
    for text in expressions():
        for _ in range(STARTS):
            after = FIRST + random.random() * (LAST - FIRST)
            until = list(islice(theirs_of(text, place, after), INSTANTS))[-1]
            both += compare(text, place, after, until)
    assert both > NUMBER_OF_EXPRESSIONS * STARTS * (INSTANTS - 1)


@pytest.mark.parametrize("name", [name for name in ZONES if name not in WITHIN_AN_HOUR])
def test_instants_around_changes_differ_as_wanted(name: str) -> None:
    """For some of the expressions at each change of the ten years.

    Without zones whose clock changes within an hour: cronsim goes on by hours there, and misses minutes after
    it. `test_instants.py` has such changes.
    """
    random, place, all_expressions = Random(name), zone(name), expressions()
    for change in changes_of(place):
        for text in random.sample(all_expressions, 8):
            compare(text, place, change - timedelta(hours=7), change + timedelta(hours=7))


def test_leap_day_and_full_years_agree() -> None:
    for text in ("0 12 29 2 *", "30 4 1 */3 *", "0 9 * * 1-5", "0 22 31 * *"):
        assert compare(text, zone("Europe/Berlin"), FIRST, LAST) > 1
