"""An endpoint that hangs delays another one once, by the time that it is waited for, and then not at all."""

import time
from collections import Counter

import pytest

from tests.functions.webhooks.hooks import Hooks
from tests.functions.webhooks.receiver import Receiver, receiving

EVENTS = 40
WAITED = 1.0
"""Seconds that an endpoint is waited for here; fifteen in a deployment."""


def test_a_hanging_endpoint_delays_another_once(hooks: Hooks, receiver: Receiver) -> None:
    """One reader of the queue, behind many events: the worst case. Only the first batch waits."""
    hooks.wait_less(WAITED)
    with receiving() as other:
        hooks.put(receiver.url, "hangs", flow="trial/greet")
        hooks.put(other.url, "well", flow="trial/add")
        receiver.hang()
        delays = [delay_behind(hooks, other) for _ in range(2)]
    assert WAITED <= delays[0] < delays[1] + WAITED + 1
    # Tries, not what the receiver has read: on a busy machine it may not get to the last ones in time.
    waiting = [each.tries for each in hooks.deliveries("hangs") if each.state == "waiting"]
    assert Counter(waiting) == {1: 10, 0: 2 * EVENTS - 10}
    assert len(receiver.posts) <= 10


def delay_behind(hooks: Hooks, other: Receiver) -> float:
    """Put many events of the hanging endpoint before one of the other; return when that one arrives."""
    for _ in range(EVENTS):
        hooks.system.submit("trial/greet", message="x")
    while hooks.system.messages():
        hooks.system.deliver()
    hooks.end_job()
    hooks.react()
    before, begun = len(other.posts), time.time()
    while len(other.posts) == before:
        assert hooks.deliver()
    return other.posts[-1].at - begun


@pytest.mark.parametrize("failures", [3])
def test_a_suspended_event_costs_two_writes(hooks: Hooks, receiver: Receiver, failures: int) -> None:
    """Its body and its record; the endpoint's row is written once in ten seconds at most."""
    hooks.wait_less(0.2)
    hooks.put(receiver.url)
    receiver.hang()
    for _ in range(failures):
        hooks.tell()
    for _ in range(10):
        hooks.end_job()
    hooks.react()
    del hooks.system.calls[:]
    hooks.deliver()
    writes = [operation for operation, _ in hooks.system.calls if operation in ("PutItem", "UpdateItem")]
    assert writes.count("PutItem") == 20
    assert writes.count("UpdateItem") <= 1
    assert len(receiver.posts) == 1
