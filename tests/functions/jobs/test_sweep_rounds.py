"""A sweep of several runs: each continues where the last one stopped, and stops in time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.handlers.sweep import handler, run
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State
from noukai_functions.jobs.sweep_rounds import ROUND_MS, Round, Rounds
from noukai_functions.telemetry.emf import Metrics
from tests.functions.harness import System
from tests.functions.stand_ins.calls import hook, unreachable
from tests.functions.time import ManualClock

QUARTER_MS = 15 * 60 * 1000
HOUR_MS = 4 * QUARTER_MS


def lost_jobs(system: System, number: int) -> list[str]:
    """Create overdue jobs, in a table whose pages hold two rows."""
    ids = [system.submit(parameters={"a": each}).body["id"] for each in range(number)]
    system.clock.time += START_WITHIN_MS
    hook(system.deployment.table.client, "Scan", before=lambda asked: asked.update(Limit=2))
    return ids


def asked(times: int) -> Callable[[], bool]:
    """Return a run that has time for that many steps."""
    steps = count()
    return lambda: next(steps) < times


def left(system: System, ids: list[str]) -> int:
    return sum(system.row(id_).state is State.PENDING for id_ in ids)


def test_next_run_continues_the_round(system: System, caplog: pytest.LogCaptureFixture) -> None:
    """Each run settles what it has time for; the last one logs the end of the round, once.

    Pages are read with eventual consistency, as in the bill: a consistent read costs twice as much.
    """
    ids, scans = lost_jobs(system, 7), list[Any]()
    hook(system.deployment.table.client, "Scan", before=scans.append)
    found = []
    with caplog.at_level(logging.INFO, "noukai"):
        for _ in range(20):
            run(system.deployment, asked(4))
            found.append(left(system, ids))
    assert [record.message for record in caplog.records].count("the sweep has checked every job") == 1
    latest = system.deployment.rounds.read()
    assert latest is not None
    assert (latest.settled, latest.ended_at) == (7, system.clock.time)
    assert found == sorted(found, reverse=True)
    assert (found[0] > 0, found[-1]) == (True, 0)
    assert {scan.get("ConsistentRead", False) for scan in scans} == {False}


def test_round_begins_a_day_after_the_one_before(system: System) -> None:
    """Before that, a run is one read."""
    run(system.deployment, asked(100))
    began = system.clock.time
    (lost,) = lost_jobs(system, 1)
    system.clock.time = began + ROUND_MS - 1
    del system.calls[:]
    run(system.deployment, asked(100))
    assert [operation for operation, _ in system.calls] == ["GetItem"]
    system.clock.time = began + ROUND_MS + START_WITHIN_MS
    run(system.deployment, asked(100))
    assert system.row(lost).state is State.FAILED


def test_failed_run_keeps_its_place(system: System) -> None:
    """The next run reads the pages that it did not, and the failure is reported."""
    ids, calls = lost_jobs(system, 5), count()

    def fail_third(_: Any) -> None:
        if next(calls) == 2:
            unreachable()

    hook(system.deployment.table.client, "Scan", before=fail_third)
    with pytest.raises(AwsError):
        run(system.deployment, asked(100))
    latest = system.deployment.rounds.read()
    assert latest is not None
    assert (latest.place is not None, latest.ended_at, left(system, ids) > 0) == (True, None, True)
    run(system.deployment, asked(100))
    assert left(system, ids) == 0


def test_row_that_cannot_be_read_holds_up_no_others(system: System) -> None:
    """It is logged and passed over."""
    (lost,) = lost_jobs(system, 1)
    broken = {"id": {"S": "job_!"}, "s": {"S": "pending"}, "u": {"N": "1"}}
    system.deployment.table.client.put_item(TableName="jobs", Item=broken)
    run(system.deployment, asked(100))
    assert system.row(lost).state is State.FAILED


def test_function_stops_while_it_has_time_to_note_its_place(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute before Lambda ends the function, it reads no further page."""
    (lost,) = lost_jobs(system, 1)
    monkeypatch.setattr("noukai_functions.handlers.sweep.deployed", lambda: system.deployment)
    for remaining, state in ((30_000, State.PENDING), (30_001, State.FAILED)):
        handler({}, SimpleNamespace(get_remaining_time_in_millis=lambda ms=remaining: ms))
        assert system.row(lost).state is state


@dataclass
class LargeTable:
    """A table of many rows, none overdue: a scan reads a megabyte of them, and takes its time.

    A page takes twice as long as one partition needs at most: 3,000 read units a second, of 8 KB each for
    eventually consistent reads. Sources: "Scanning tables",
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html; "Service quotas",
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html.
    """

    rows: int
    row_bytes: int
    clock: ManualClock
    pages: int = 0

    def scan(self, ExclusiveStartKey: Any = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - as AWS calls it
        self.pages += 1
        self.clock.time += 2 * (1 << 20) * 1000 // (3000 * 8192)
        last = int(ExclusiveStartKey["id"]["S"] if ExclusiveStartKey else 0) + (1 << 20) // self.row_bytes
        return {"Items": [], **({"LastEvaluatedKey": {"id": {"S": str(last)}}} if last < self.rows else {})}


def is_before(clock: ManualClock, until: int) -> bool:
    return clock.time < until


def test_round_over_a_billion_rows_ends_within_a_day() -> None:
    """For rows of 700 bytes: 96 runs of a quarter of an hour, each of which stops before its time is over."""
    clock = ManualClock()
    table: Any = LargeTable(10**9, 700, clock)
    latest: list[Round] = []
    rounds: Any = SimpleNamespace(
        read=lambda: latest[-1] if latest else None,
        write=latest.append,
        overdue_page=Rounds(table, "jobs").overdue_page,
        of=lambda _segment: rounds,
        segments=1,
    )
    deployment: Any = SimpleNamespace(clock=clock, rounds=rounds, metrics=Metrics(None))
    began = clock.time
    for number in range(96):
        begins = clock.time = began + number * QUARTER_MS
        run(deployment, partial(is_before, clock, begins + QUARTER_MS - 30_000))
        assert clock.time < begins + QUARTER_MS
        if latest[-1].ended_at:
            break
    assert latest[-1].ended_at is not None
    assert latest[-1].ended_at - began < 24 * HOUR_MS
    assert table.pages == -(-(10**9) // ((1 << 20) // 700))
