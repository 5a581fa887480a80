"""No event is lost, whatever happens between any two calls of those who work on an endpoint.

Before each call of the first actor in turn another one acts whole; the first one then goes on, or has died.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

from noukai_wire.routes import Route
from tests.functions.webhooks.hooks import MINUTES, Hooks
from tests.functions.webhooks.plays import GONE, SINCE, CrashError, Play, interrupted
from tests.functions.webhooks.receiver import Receiver

LEAST_CALLS, MOST_CALLS = 2, 40
TRIED = 9
"""The tries of the event that waits: one is left."""

Act = Callable[[Play], object]


def nothing(_play: Play) -> None:
    """Do nothing: alone, or as who dies."""


def deliver(play: Play) -> None:
    play.hand_over(*(each for each in play.told.values() if each.job_id == "first"))


def look(play: Play) -> None:
    made = play.hooks.deployment
    endpoint = made.endpoints.read("acme", "billing")
    if endpoint is not None and endpoint.due_at is not None:
        made.later_tries.make("acme", "billing", endpoint.due_at, lambda: True)


def tick_later(play: Play) -> None:
    play.hooks.tick(10 * MINUTES)


def redeliver(play: Play) -> None:
    play.hooks.ask(Route.REDELIVER, body=SINCE)


def rotate(play: Play) -> None:
    secret = play.hooks.ask(Route.ROTATE_WEBHOOK, body={"revoke": False}).body.get("secret")
    play.secret = secret or play.secret


def put(play: Play) -> None:
    play.put()


def renew(play: Play) -> None:
    play.renew()


def delete(play: Play) -> None:
    play.hooks.ask(Route.DELETE_WEBHOOK)


def disable(play: Play) -> None:
    if play.records():
        play.hand_over(play.message(GONE), as_status=410)


EVENTS: tuple[Act, ...] = (
    nothing,
    deliver,
    look,
    tick_later,
    redeliver,
    rotate,
    put,
    renew,
    delete,
    disable,
)

DEATHS = (nothing, look, renew, disable)
"""The events after which the first actor also dies."""


def played(play: Play, first: Act, event: Act, place: int, *, dies: bool) -> int:
    """Interrupt an actor before a call; return how many calls it has made."""

    def happens() -> None:
        event(play)
        if dies:
            raise CrashError

    with interrupted(play.hooks, place, happens) as counted, suppress(CrashError):
        first(play)
    if counted[0] >= place and dies:
        first(play)  # a message comes again, and a request is repeated
    return counted[0]


@pytest.mark.parametrize(
    ("first", "waits", "status"),
    [
        (deliver, False, 200),
        (deliver, False, 500),
        (deliver, True, 429),
        (look, True, 200),
        (look, True, 500),
        (redeliver, False, 200),
        (put, True, 200),
        (rotate, True, 200),
    ],
)
def test_no_interleaving_loses_an_event(
    hooks: Hooks, receiver: Receiver, first: Act, waits: bool, status: int
) -> None:
    """Each event arrives with one id, or is listed as failed and arrives when asked for."""
    play = Play(hooks, receiver)
    if waits:
        play.let_one_wait(TRIED)
    play.message("first")
    restore = play.save()
    for event, dies in [*((each, False) for each in EVENTS[1:]), *((each, True) for each in DEATHS)]:
        for place in range(1, MOST_CALLS):
            restore()
            play.status = status
            if played(play, first, event, place, dies=dies) < place:
                break
            try:
                if deliver not in (first, event):
                    play.status = 200
                    deliver(play)
                play.verify()
            except AssertionError as error:
                error.add_note(f"{event.__name__} before call {place}, {dies=}")
                raise
        else:
            pytest.fail("it makes more calls than were tried")
        assert place > LEAST_CALLS
