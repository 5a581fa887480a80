"""One job per instant, whatever happens between any two calls of a tick: every place is tried."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from noukai_functions.telemetry.logger import InvocationFailedError
from noukai_wire.routes import Route
from tests.functions.schedules.scheduled import Scheduled

MOST_CALLS = 60


class CrashError(BaseException):
    """The process is gone: nothing of it handles this."""


@contextmanager
def interrupted(scheduled: Scheduled, at: int, event: Callable[[], object]) -> Iterator[list[int]]:
    """Let something happen before a call of AWS; its own calls are not counted."""
    made = scheduled.system.deployment
    clients: list[Any] = [made.schedules.client, made.queue.client]
    counted, ends, is_busy = [0], [], [False]

    def before(inner: Callable[..., Any]) -> Callable[..., Any]:
        def call(operation: str, parameters: dict[str, Any]) -> Any:
            if not is_busy[0]:
                counted[0] += 1
                if counted[0] == at:
                    is_busy[0] = True
                    try:
                        event()
                    finally:
                        is_busy[0] = False
            return inner(operation, parameters)

        return call

    for client in clients:
        inner = client.call
        ends.append((client, inner))
        client.call = before(inner)
    try:
        yield counted
    finally:
        for client, inner in ends:
            client.call = inner


def crash(_scheduled: Scheduled) -> None:
    raise CrashError


def tick(scheduled: Scheduled) -> None:
    scheduled.tick()


def tick_twice(scheduled: Scheduled) -> None:
    scheduled.tick()
    scheduled.system.clock.time += 30_000
    scheduled.tick()


def pause(scheduled: Scheduled) -> None:
    scheduled.send(Route.PAUSE_SCHEDULE)
    scheduled.send(Route.RESUME_SCHEDULE)


def change(scheduled: Scheduled) -> None:
    scheduled.put(cron="* * * * *", parameters={"a": 2}, overlap=scheduled.get()["overlap"])


def renew(scheduled: Scheduled) -> None:
    overlap = scheduled.get()["overlap"]
    scheduled.send(Route.DELETE_SCHEDULE)
    scheduled.put(cron="* * * * *", overlap=overlap)


def pause_and_crash(scheduled: Scheduled) -> None:
    pause(scheduled)
    raise CrashError


def change_and_crash(scheduled: Scheduled) -> None:
    change(scheduled)
    raise CrashError


def renew_and_crash(scheduled: Scheduled) -> None:
    renew(scheduled)
    raise CrashError


EVENTS = (
    crash,
    tick,
    tick_twice,
    pause,
    change,
    renew,
    pause_and_crash,
    change_and_crash,
    renew_and_crash,
)


def started(scheduled: Scheduled) -> Counter[str]:
    """Return how many jobs of each instant are not taken back."""
    return Counter(scheduled.instants())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
@pytest.mark.parametrize("overlap", ["allow", "cancel"])
def test_interrupted_tick_makes_one_job_per_instant(
    scheduled: Scheduled, overlap: str, event: Callable[[Scheduled], None]
) -> None:
    """The event comes before each call in turn; afterwards the next ticks leave no instant out."""
    scheduled.put(cron="* * * * *", overlap=overlap)
    for place in range(1, MOST_CALLS):
        scheduled.system.clock.time += 60_000
        happens = lambda: event(scheduled)  # noqa: E731 - a name for the reader
        with interrupted(scheduled, place, happens) as counted, suppress(CrashError, InvocationFailedError):
            scheduled.tick()
        if counted[0] < place:
            break
    else:
        pytest.fail("the tick makes more calls than were tried")
    assert place > 5
    scheduled.pass_minutes(2)
    found = started(scheduled) if overlap == "allow" else Counter(scheduled.instants(cancelled=True))
    if overlap == "allow":
        assert set(found.values()) == {1}
    first, last = min(found), max(found)
    minutes = (int(last[3:5]) - int(first[3:5])) * 60 + int(last[6:]) - int(first[6:])
    assert len(found) == minutes + 1, sorted(found)


@pytest.mark.parametrize("route", [Route.PAUSE_SCHEDULE, Route.DELETE_SCHEDULE, Route.PUT_SCHEDULE])
def test_interrupted_change_makes_no_second_job(scheduled: Scheduled, route: Route) -> None:
    """A request dies before each of its calls in turn, and is sent again."""
    for place in range(1, MOST_CALLS):
        scheduled.put(cron="* * * * *")
        scheduled.send(Route.RESUME_SCHEDULE)
        scheduled.system.clock.time += 60_000
        scheduled.tick()
        number = place

        def ask(number: int = number) -> None:
            if route is Route.PUT_SCHEDULE:
                scheduled.put(cron="* * * * *", parameters={"a": number})
            else:
                scheduled.send(route)

        def die() -> None:
            raise CrashError

        with interrupted(scheduled, place, die) as counted, suppress(CrashError):
            ask()
        scheduled.tick()
        ask()
        scheduled.tick()
        if counted[0] < place:
            break
    scheduled.put(cron="* * * * *")
    scheduled.send(Route.RESUME_SCHEDULE)
    scheduled.pass_minutes(2)
    assert set(started(scheduled).values()) == {1}
