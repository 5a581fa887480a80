"""The tries of deliveries: failures, pauses, suspended and disabled endpoints, and what was missed."""

from itertools import pairwise

import pytest

from noukai_functions.webhooks.sending import first_tries, health
from noukai_functions.webhooks.sending.pauses import JITTER, PAUSES_MS, SUSPENSIONS_MS, Tried, next_try_at
from noukai_wire import limits
from noukai_wire.routes import Route
from tests.functions.webhooks.hooks import DAYS, HOURS, MINUTES, SECONDS, Hooks
from tests.functions.webhooks.receiver import Receiver


def test_pauses_are_ten_tries_in_three_days() -> None:
    """Each is a tenth longer or shorter by chance, so that what failed together is not tried together."""
    assert len(PAUSES_MS) + 1 == limits.MAX_WEBHOOK_TRIES == 10
    assert 75 * HOURS < sum(PAUSES_MS) < 76 * HOURS
    failed = Tried(500, 1)
    for tries, pause in enumerate(PAUSES_MS, start=1):
        due = [next_try_at(tries, failed, 0) for _ in range(200)]
        assert all(at is not None and pause * (1 - JITTER) <= at <= pause * (1 + JITTER) for at in due)
        assert len(set(due)) > 20
    assert next_try_at(10, failed, 0) is None


def test_an_event_is_tried_ten_times(hooks: Hooks, receiver: Receiver) -> None:
    """Each try has the same id, body and headers but another time and signature; the last one is final."""
    hooks.put(receiver.url)
    receiver.answer_with(500, body=b"x" * 2000)
    hooks.tell()
    while (due_at := hooks.endpoint().due_at) is not None and len(receiver.posts) < 12:
        hooks.tick(max(0, due_at - hooks.system.clock.time))
    assert len(receiver.posts) == 10
    assert len({post.id for post in receiver.posts}) == len({post.body for post in receiver.posts}) == 1
    assert len({post.headers["webhook-timestamp"] for post in receiver.posts}) == 10
    assert len({frozenset(post.headers) for post in receiver.posts}) == 1
    (record,) = hooks.deliveries()
    assert (record.state, record.tries, record.status) == ("failed", 10, 500)
    assert hooks.tick(DAYS) == 0


def test_a_retry_succeeds_by_itself(hooks: Hooks, receiver: Receiver) -> None:
    """The record says so, and the endpoint is well again."""
    hooks.put(receiver.url)
    receiver.answer_with(503)
    hooks.tell()
    assert hooks.endpoint().failing_since is not None
    receiver.answer_with(200)
    hooks.tick(MINUTES)
    (record,) = hooks.deliveries()
    assert (record.state, record.tries) == ("delivered", 2)
    assert hooks.endpoint().failing_since is None
    for _ in range(4):
        hooks.tick(MINUTES)
    assert hooks.endpoint().due_at is None


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_only_a_2xx_is_success(hooks: Hooks, receiver: Receiver, status: int) -> None:
    """A redirect is not followed: its target might answer 200 to a request that it never got."""
    hooks.put(receiver.url)
    receiver.answer_with(status, {"Location": receiver.url})
    hooks.tell()
    (record,) = hooks.deliveries()
    assert (record.state, record.status, len(receiver.posts)) == ("waiting", status, 1)


def test_retry_after_is_obeyed(hooks: Hooks, receiver: Receiver) -> None:
    """It delays the event, and suspends the endpoint for the others."""
    hooks.put(receiver.url)
    receiver.answer_with(429, {"Retry-After": "3600"})
    hooks.tell()
    receiver.answer_with(200)
    hooks.tell()
    for _ in range(5):
        hooks.tick(10 * MINUTES)
    assert len(receiver.posts) == 1
    for _ in range(4):
        hooks.tick(10 * MINUTES)
    assert [each.state for each in hooks.deliveries()] == ["delivered", "delivered"]


def test_410_disables_the_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    """The list says why; put again, it gets what it has missed when asked for."""
    hooks.put(receiver.url)
    receiver.answer_with(410)
    started = hooks.system.clock.time
    hooks.tell()
    shown = hooks.ask(Route.LIST_WEBHOOKS).body["webhooks"][0]
    assert "410" in shown["disabledReason"]
    assert shown["disabledAt"]
    hooks.tell()
    assert [each.state for each in hooks.deliveries()] == ["failed", "failed"]
    assert len(receiver.posts) == 1
    body = {"since": "2023-11-14T00:00:00Z"}
    assert hooks.ask(Route.REDELIVER, body=body).status == 422
    receiver.answer_with(200)
    assert hooks.put(receiver.url).body.get("disabledAt") is None
    assert hooks.ask(Route.REDELIVER, body=body).body == {"redelivered": 2}
    hooks.tick(SECONDS)
    assert [each.state for each in hooks.deliveries()] == ["delivered", "delivered"]
    assert hooks.system.clock.time - started < MINUTES


def test_five_days_of_failures_disable(hooks: Hooks, receiver: Receiver) -> None:
    """What waits then is failed, so that nothing is picked again and again; put again, the count is new."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    for _ in range(6):
        hooks.tick(DAYS)
        hooks.tell()
    assert hooks.endpoint().disabled_at is not None
    for _ in range(3):
        hooks.tick(MINUTES)
    assert {each.state for each in hooks.deliveries()} == {"failed"}
    before = len(receiver.posts)
    hooks.tick(DAYS)
    assert len(receiver.posts) == before
    hooks.put(receiver.url)
    hooks.tell()
    endpoint = hooks.endpoint()
    assert (endpoint.disabled_at, endpoint.failures) == (None, 1)


def test_a_silent_endpoint_is_suspended_at_once(hooks: Hooks, receiver: Receiver) -> None:
    """Its further events wait unposted; then one is tried alone, and the others follow its success."""
    hooks.put(receiver.url)
    hooks.wait_less(0.2)
    receiver.hang()
    hooks.tell()
    for _ in range(5):
        hooks.tell()
    assert len(receiver.posts) == 1
    assert {each.state for each in hooks.deliveries()} == {"waiting"}
    hooks.tick(MINUTES)
    assert len(receiver.posts) == 2
    receiver.answer_with(200)
    hooks.tick(2 * MINUTES)
    assert {each.state for each in hooks.deliveries()} == {"delivered"}
    assert hooks.endpoint().suspended_until is None
    assert len(receiver.posts) == 8


def test_suspensions_grow_to_a_quarter_of_an_hour() -> None:
    """An endpoint that recovers gets its events soon."""
    assert all(before < after for before, after in pairwise(SUSPENSIONS_MS))
    assert SUSPENSIONS_MS[-1] == 15 * MINUTES


def test_one_bad_event_does_not_block_the_others(hooks: Hooks, receiver: Receiver) -> None:
    """An endpoint that refuses one event for ever gets all others."""
    hooks.put(receiver.url)
    bad = hooks.end_job()
    receiver.answer = lambda post: (500 if post.event["data"]["id"] == bad else 200, {}, b"")
    hooks.react()
    hooks.deliver()
    for _ in range(5):
        hooks.tell()
    for _ in range(10):
        hooks.tick(10 * MINUTES)
    states = {each.job_id: each.state for each in hooks.deliveries()}
    assert states.pop(bad) == "waiting"
    assert set(states.values()) == {"delivered"}


def test_a_slow_endpoint_is_sent_to_apart(
    hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers count, but its events occupy none of the queue's readers."""
    hooks.put(receiver.url)
    hooks.tell()
    with monkeypatch.context() as patched:
        patched.setattr(health, "SLOW_MS", -1)
        hooks.tell()
    assert hooks.endpoint().is_suspended
    hooks.tell()
    assert len(receiver.posts) == 2
    hooks.tick(SECONDS)
    assert [each.state for each in hooks.deliveries()] == ["delivered"] * 3
    assert not hooks.endpoint().is_suspended


def test_a_killed_try_counts(hooks: Hooks, receiver: Receiver) -> None:
    """A process that dies at each try makes ten of them, and no more."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    (record,) = hooks.deliveries()
    deliveries = hooks.deployment.deliveries
    for _ in range(9):
        (record,) = hooks.deliveries()
        assert record.due_at is not None
        claimed = deliveries.claim(record.endpoint, (record.place, record.due_at), record.due_at + MINUTES)
        assert claimed is not None
    for _ in range(5):
        hooks.tick(10 * MINUTES)
    (record,) = hooks.deliveries()
    assert (record.state, record.tries, len(receiver.posts)) == ("failed", 10, 1)


def test_two_looks_at_once_post_once(hooks: Hooks, receiver: Receiver) -> None:
    """The look and each try are claimed by one conditional write."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    receiver.answer_with(200)
    hooks.system.clock.time += MINUTES
    endpoint = hooks.endpoint()
    assert endpoint.due_at is not None
    for _ in range(2):
        hooks.deployment.later_tries.make("acme", "billing", endpoint.due_at, lambda: True)
    assert len(receiver.posts) == 2


def test_a_late_outcome_changes_nothing(hooks: Hooks, receiver: Receiver) -> None:
    """A process that has slept through its claim writes no old outcome over a newer one."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    deliveries = hooks.deployment.deliveries
    (record,) = hooks.deliveries()
    assert record.due_at is not None
    late = deliveries.claim(record.endpoint, (record.place, record.due_at), record.due_at + 1)
    assert late is not None
    receiver.answer_with(200)
    hooks.tick(10 * MINUTES)
    (after,) = hooks.deliveries()
    assert after.state == "delivered"
    assert not deliveries.settle(late, late)
    assert hooks.deliveries() == [after]


def test_a_record_stays_within_a_kilobyte(hooks: Hooks, receiver: Receiver) -> None:
    """Whatever the endpoint answers: it is cut, and a failure to keep it repeats no event."""
    hooks.put(receiver.url)
    receiver.answer_with(500, body="é".encode() * 100_000)
    hooks.tell()
    items = hooks.deployment.table.client.scan(TableName="webhooks")["Items"]
    (row,) = [item for item in items if item["o"]["S"] == hooks.endpoint().deliveries]
    size = sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in row.items())
    assert size < 1024
    answer = hooks.deliveries()[0].answer
    assert answer is not None
    assert 0 < len(answer.encode()) <= limits.MAX_WEBHOOK_ANSWER_BYTES


def test_rows_expire_after_a_week(hooks: Hooks, receiver: Receiver) -> None:
    """The body and the record."""
    hooks.put(receiver.url)
    receiver.answer_with(500)
    hooks.tell()
    items = hooks.deployment.table.client.scan(TableName="webhooks")["Items"]
    ends = {int(item["t"]["N"]) for item in items if "t" in item}
    assert ends == {hooks.system.clock.time // 1000 + limits.KEPT_DELIVERY_DAYS * 86_400}


def test_waiting_deliveries_are_bounded(
    hooks: Hooks, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit an event is listed as failed, without its body: nothing is lost unseen."""
    monkeypatch.setattr(first_tries, "MAX_WAITING_DELIVERIES", 3)
    hooks.put(receiver.url)
    hooks.wait_less(0.2)
    receiver.hang()
    for _ in range(6):
        hooks.tell()
    states = [each.state for each in hooks.deliveries()]
    assert sorted(states) == ["failed"] * 3 + ["waiting"] * 3
