"""The deliveries that callers see, tests of an endpoint, and what they ask for again."""

from collections.abc import Mapping

from noukai_wire import webhooks
from noukai_wire.routes import Route
from tests.functions.harness import Answer
from tests.functions.webhooks.hooks import MINUTES, Hooks
from tests.functions.webhooks.receiver import Post, Receiver, receiving

ASKED = {"since": "2023-11-14T00:00:00Z"}


def test_a_test_event_is_sent(hooks: Hooks, receiver: Receiver) -> None:
    """It has a type of its own, and is tried once."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    sent = hooks.ask(Route.TEST_WEBHOOK)
    assert sent.status == 202
    hooks.deliver()
    (post,) = receiver.posts
    assert (post.id, post.event["type"], post.event["data"]) == (
        sent.body["id"],
        "webhook.test",
        {"webhook": "billing"},
    )
    assert [each.state for each in hooks.deliveries()] == ["failed"]


def test_a_test_is_the_next_try_of_a_suspended_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    """Who has corrected an endpoint need not wait for the end of its suspension."""
    hooks.put(receiver.url)
    receiver.answer_with(503, {"Retry-After": "7200"})
    hooks.tell()
    receiver.answer_with(200)
    hooks.ask(Route.TEST_WEBHOOK)
    hooks.deliver()
    hooks.tick(MINUTES)
    assert receiver.posts[1].event["type"] == "webhook.test"
    assert not hooks.endpoint().is_suspended


def pages(hooks: Hooks, limit: int) -> list[list[str]]:
    """Return the ids of all pages of deliveries."""
    found: list[list[str]] = []
    query = f"limit={limit}"
    while True:
        answer = hooks.ask(Route.WEBHOOK_DELIVERIES, query=query)
        page = webhooks.WebhookDeliveryList.model_validate(answer.body)
        found.append([each.id for each in page.deliveries])
        if page.cursor is None:
            return found
        query = f"limit={limit}&cursor={page.cursor}"


def test_deliveries_are_paged_newest_first(hooks: Hooks, receiver: Receiver) -> None:
    """Each with what the endpoint has answered."""
    hooks.put(receiver.url)
    receiver.answer_with(200, body=b"thanks")
    for _ in range(5):
        hooks.system.clock.time += 1000
        hooks.tell()
    assert [each for page in pages(hooks, 2) for each in page] == receiver.ids[::-1]
    shown = hooks.ask(Route.WEBHOOK_DELIVERIES).body["deliveries"][0]
    assert (shown["answer"], shown["status"], shown["tries"]) == ("thanks", 200, 1)


def redeliver_all(hooks: Hooks) -> list[Answer]:
    """Ask for all pages of what was missed."""
    answers = [hooks.ask(Route.REDELIVER, body=ASKED)]
    while (cursor := answers[-1].body.get("cursor")) is not None:
        answers.append(hooks.ask(Route.REDELIVER, body={**ASKED, "cursor": cursor}))
    return answers


def test_what_was_missed_is_sent_again(hooks: Hooks, receiver: Receiver) -> None:
    """With the ids that they had; what was delivered is not sent twice, and the old record is the same."""
    hooks.put(receiver.url)
    delivered = hooks.tell()
    receiver.answer_with(410)
    hooks.tell()
    for _ in range(3):
        hooks.tell()
    missed = [each.id for each in hooks.deliveries() if each.job_id != delivered]
    hooks.put(receiver.url)
    receiver.answer_with(200)
    assert [answer.body["redelivered"] for answer in redeliver_all(hooks)] == [4]
    hooks.tick(MINUTES)
    hooks.tick(MINUTES)
    assert sorted(receiver.ids[2:]) == sorted(missed)
    assert {each.state for each in hooks.deliveries()} == {"delivered"}
    assert redeliver_all(hooks)[-1].body == {"redelivered": 0}


def test_an_endpoint_that_moves_during_a_look_gets_the_next_events(hooks: Hooks, receiver: Receiver) -> None:
    """A look sends ten events at once, and then reads the endpoint again."""
    hooks.put(receiver.url)
    receiver.answer_with(410)
    for _ in range(12):
        hooks.tell()
    before = len(receiver.posts)
    hooks.put(receiver.url)
    redeliver_all(hooks)
    with receiving() as other:

        def move(_: Post) -> tuple[int, Mapping[str, str], bytes]:
            hooks.put(other.url)
            return 204, {}, b""

        receiver.answer = move
        for _ in range(3):
            hooks.tick(MINUTES)
        assert 1 <= len(receiver.posts) - before <= 10
        assert len(receiver.posts) - before + len(other.posts) == 12
        assert other.posts


def test_events_in_flight_are_not_sent_beside_their_try(hooks: Hooks, receiver: Receiver) -> None:
    """Only what has failed waits again."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    assert hooks.ask(Route.REDELIVER, body=ASKED).body == {"redelivered": 0}
