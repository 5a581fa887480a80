"""The cost of an event at the list prices of AWS: calls are counted, times are assumed."""

from dataclasses import dataclass

import pytest

from tests.bench.prices import usd
from tests.functions.webhooks.hooks import Hooks
from tests.functions.webhooks.receiver import Receiver

MEMORY_GB = 0.125
CPU_SHARE = 128 / 1769
"""What of a processor a function of 128 MB has."""

ANSWER_MS = 100
CALL_MS = 8
"""How long AWS takes to answer a call."""

CPU_OF_CALL_MS, CPU_OF_EVENT_MS, CPU_OF_POST_MS = 0.3, 0.5, 3.0
"""CPU of a call of AWS, of reading and writing an event, and of a connection with TLS; measured on arm64."""

STORED_USD = 0.06
"""A record of a kilobyte for a week, and its recovery."""


@dataclass(frozen=True)
class Bill:
    """The use of AWS by some events."""

    events: int
    writes: int
    reads: float
    sends: int
    invocations: int
    gb_seconds: float

    @property
    def usd_per_million(self) -> float:
        # Lambda receives and deletes a batch by one request each.
        batches = self.invocations // 2
        parts = (
            usd("write_units", self.writes),
            usd("read_units", self.reads),
            usd("sqs_requests", self.sends + 2 * batches),
            usd("lambda_requests", self.invocations),
            usd("gb_seconds", self.gb_seconds),
        )
        return sum(parts) / self.events * 1_000_000 + STORED_USD


def bill(hooks: Hooks, events: int) -> Bill:
    """Tell an endpoint of so many jobs at once."""
    for _ in range(events):
        hooks.system.submit(parameters={"a": 1})
    while hooks.system.messages():
        hooks.system.deliver()
    del hooks.system.calls[:]
    hooks.react()
    reacting = len(hooks.system.calls)
    assert hooks.deliver() == events
    # The stand-in for Lambda receives and deletes through a client of its own.
    operations = [operation for operation, _ in hooks.system.calls]
    delivering = len(operations) - reacting
    assert set(operations) == {"Query", "SendMessageBatch", "BatchGetItem", "PutItem"}
    cpu = (reacting + delivering) * CPU_OF_CALL_MS + events * (CPU_OF_EVENT_MS + CPU_OF_POST_MS)
    milliseconds = cpu / CPU_SHARE + (reacting + delivering) * CALL_MS + ANSWER_MS
    return Bill(
        events,
        writes=operations.count("PutItem"),
        reads=operations.count("Query") + operations.count("BatchGetItem"),
        sends=operations.count("SendMessageBatch"),
        invocations=2,
        gb_seconds=MEMORY_GB * milliseconds / 1000,
    )


@pytest.mark.parametrize(("events", "most"), [(1, 3.0), (10, 1.5)])
def test_an_event_costs_what_is_promised(hooks: Hooks, receiver: Receiver, events: int, most: float) -> None:
    """One by one, and ten at a time; answers take 100 ms."""
    hooks.put(receiver.url)
    made = bill(hooks, events)
    assert made.writes == events
    assert made.usd_per_million <= most
