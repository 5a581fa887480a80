"""The cost of a firing beside its job, at the list prices of AWS: calls are counted, times assumed."""

import json
from typing import Any

import pytest

from tests.bench.prices import usd
from tests.functions.schedules.scheduled import Scheduled
from tests.functions.stand_ins.calls import hook

MEMORY_GB = 0.25
CALL_MS = 8
"""How long AWS takes to answer a call."""

CPU_MS = 25
"""How long a firing computes on the seventh of a processor that 256 MB have: measured on arm64, doubled."""

INDEX_UNITS = 2
"""The index of due schedules loses an entry and gets another, since its key changes."""

A_JOBS_WRITES, A_JOBS_SENDS = 1, 1


def units(item: Any) -> int:
    """Return the write units of an item."""
    return -(-len(json.dumps(item)) // 1024)


@pytest.mark.parametrize("overlap", ["allow", "skip"])
@pytest.mark.parametrize("together", [1, 20])
def test_firing_costs_three_dollars_a_million_at_most(
    scheduled: Scheduled, together: int, overlap: str
) -> None:
    """Also one by one; the tick itself and the job are counted elsewhere."""
    for number in range(together):
        scheduled.put(f"report-{number}", overlap=overlap)
    scheduled.at("2026-05-14 12:59:10" if overlap == "allow" else "2026-05-14 13:00:05")
    calls: list[dict[str, Any]] = []
    ends = [
        hook(scheduled.system.deployment.schedules.client, operation, before=calls.append)
        for operation in ("PutItem", "GetItem", "UpdateItem", "BatchGetItem")
    ]
    scheduled.system.deployment.firing().run_due(lambda: True)
    for end in reversed(ends):
        end()
    assert len(scheduled.instants()) == together
    rows = [call["Item"] for call in calls if call["TableName"] == "schedules" and "Item" in call]
    reads = [call for call in calls if "Key" in call and "UpdateExpression" not in call]
    writes = sum(map(units, rows)) + INDEX_UNITS * len(rows)
    jobs = [call for call in calls if call["TableName"] == "jobs" and "Item" in call]
    assert (len(rows), len(jobs)) == (together, together * A_JOBS_WRITES)
    milliseconds = CALL_MS * (len(reads) + len(rows) + len(jobs) + A_JOBS_SENDS * together)
    total = (
        usd("write_units", writes)
        + usd("read_units", len(reads))
        + usd("gb_seconds", MEMORY_GB * (milliseconds + CPU_MS * together) / 1000)
    )
    assert total / together * 1_000_000 <= 3


def test_schedules_cost_nothing_at_rest(scheduled: Scheduled) -> None:
    """However many there are: a tick reads the entries of the index that are due, and no row."""
    for number in range(20):
        scheduled.put(f"report-{number}", cron="0 0 1 1 *")
    calls: list[Any] = []
    end = hook(scheduled.system.deployment.schedules.client, before=calls.append)
    scheduled.system.deployment.firing().run_due(lambda: True)
    end()
    assert [each["IndexName"] for each in calls] == ["due"]
