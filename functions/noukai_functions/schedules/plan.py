"""The decision on a schedule's instants that are due. Pure.

Times are in milliseconds since the epoch.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

AHEAD_MS = 90_000
"""How long before its instant a job is submitted, to wait for it in the queue: a tick may be late by half a
minute, and still nothing starts late."""

ON_TIME_MS = 2 * 60_000
_ON_TIME_SHARE = 10
_ON_TIME_MOST_MS = 60 * 60_000
"""An instant is on time for two minutes, or for a tenth of the time to the next one, an hour at most. A later
one was missed."""

MOST_COUNTED = 1000
"""The most missed instants that are counted."""

LATEST = "latest"


class Instants(Protocol):
    """The instants of a schedule."""

    def next_after(self, after: int) -> int | None:
        """Return the first instant after a time; None if none follows."""

    def between(self, after: int, until: int) -> Iterator[int]:
        """Return the instants after a time and not after another."""

    def latest(self, after: int, until: int) -> int | None:
        """Return the last instant after a time and not after another; None if there is none."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Instants that passed without a job: the last one, and how many, `MOST_COUNTED` at most."""

    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The instants to run now, those that are left out, and the next one."""

    run: tuple[int, ...]
    missed: Missed | None
    next_at: int | None


def plan_of(instants: Instants, due_at: int, now: int, *, missed: str, ahead: int) -> Plan:
    """Return what to do with the instants from `due_at` on, and up to `ahead` milliseconds from now.

    Of missed instants the latest is run, or none, as `missed` says: after an outage nothing runs in a storm.
    """
    # The rules of a zone may have changed since the instant was stored.
    first = instants.next_after(due_at - 1)
    horizon = now + ahead
    if first is None or first > horizon:
        return Plan((), None, first)
    following = instants.next_after(horizon)
    on_time_from = now - _grace(instants, first)
    if first >= on_time_from:
        return Plan(tuple(instants.between(first - 1, horizon)), None, following)
    on_time = tuple(instants.between(on_time_from - 1, horizon))
    if missed == LATEST and not (on_time and on_time[0] <= now):
        latest = instants.latest(first - 1, on_time_from - 1) or first
        return Plan((latest, *on_time), missed_between(instants, first - 1, latest - 1), following)
    return Plan(on_time, missed_between(instants, first - 1, on_time_from - 1), following)


def missed_between(instants: Instants, after: int, until: int) -> Missed | None:
    """Return the instants after a time and not after another, if there are any."""
    last = instants.latest(after, until) if after < until else None
    if last is None:
        return None
    return Missed(last, sum(1 for _ in islice(instants.between(after, until), MOST_COUNTED)))


def _grace(instants: Instants, first: int) -> int:
    following = instants.next_after(first)
    interval = _ON_TIME_MOST_MS if following is None else following - first
    return max(ON_TIME_MS, min(interval // _ON_TIME_SHARE, _ON_TIME_MOST_MS))
