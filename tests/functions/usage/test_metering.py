"""Usage: each ended job is counted once, however it ends and however often the stream repeats it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State
from noukai_functions.usage.records import Usage
from noukai_wire.routes import Route
from tests.functions.crashes import CrashError, crashing
from tests.functions.harness import System
from tests.functions.jobs.sweeping import swept
from tests.functions.stand_ins.calls import hook
from tests.functions.stand_ins.stream import DAY, Record, Stream, count, ended, sums


def claim(system: System, job_id: str) -> Job:
    job, now = system.row(job_id), system.clock.now()
    return system.deployment.table.claim(
        job.id, created_at=job.created_at, owner="me", lease_until=now + 60_000, now=now
    )


def completes(system: System, job_id: str) -> None:
    job = claim(system, job_id)
    system.clock.time += 1500
    system.deployment.table.complete(job, result="1", now=system.clock.time)


def fails_at_the_second_attempt(system: System, job_id: str) -> None:
    job = claim(system, job_id)
    system.clock.time += 1000
    system.deployment.table.release(
        job, error="x", not_before=system.clock.time + 5000, now=system.clock.time
    )
    system.clock.time += 5000
    job = claim(system, job_id)
    system.clock.time += 500
    system.deployment.table.fail(job, error="x", now=system.clock.time)


def is_cancelled_before_it_runs(system: System, job_id: str) -> None:
    system.send(Route.CANCEL_BY_ID, id=job_id)


def is_cancelled_as_it_runs(system: System, job_id: str) -> None:
    job = claim(system, job_id)
    system.clock.time += 1000
    system.send(Route.CANCEL_BY_ID, id=job_id)
    system.clock.time += 500
    system.deployment.table.record_stopped(job, system.clock.time)


def is_lost_after_a_heartbeat(system: System, job_id: str) -> None:
    job = claim(system, job_id)
    system.clock.time += 20_000
    now = system.clock.time
    system.deployment.table.extend(job, lease_until=now + 60_000, progress=None, now=now)
    system.clock.time += START_WITHIN_MS
    assert swept(system) == 1


def is_settled_by_a_read(system: System, job_id: str) -> None:
    system.clock.time += START_WITHIN_MS
    assert system.status(job_id)["state"] == "failed"


def is_settled_by_the_reader_of_dead_letters(system: System, job_id: str) -> None:
    system.deployment.dead_letters.send(system.message_of(job_id))
    system.deliver(queue=system.deployment.dead_letters)


@pytest.mark.parametrize(
    ("end", "usage"),
    [
        (completes, Usage(completed=1, attempts=1, ran_ms=1500, mb_ms=1500 * 1024)),
        (fails_at_the_second_attempt, Usage(failed=1, attempts=2, ran_ms=1500, mb_ms=1500 * 1024)),
        (is_cancelled_before_it_runs, Usage(cancelled=1)),
        (is_cancelled_as_it_runs, Usage(cancelled=1, attempts=1, ran_ms=1500, mb_ms=1500 * 1024)),
        (is_lost_after_a_heartbeat, Usage(failed=1, attempts=1, ran_ms=20_000, mb_ms=20_000 * 1024)),
        (is_settled_by_a_read, Usage(failed=1)),
        (is_settled_by_the_reader_of_dead_letters, Usage(failed=1)),
    ],
)
def test_job_counts_once_whoever_ends_it(
    system: System, end: Callable[[System, str], None], usage: Usage
) -> None:
    """The count has its outcome, its attempts, and their running time as far as workers wrote it."""
    stream = Stream()
    end(system, system.submit(parameters={"a": 1}).body["id"])
    records = stream.records()
    count(system, records)
    count(system, records)
    assert list(sums(system).values()) == [usage]


def test_flow_that_a_worker_really_runs(system: System) -> None:
    """The running time is in the worker's settling write; there is no further write."""
    stream = Stream()
    system.clock.step = 1
    system.run("add", parameters={"a": 1})
    count(system, stream.records())
    ((_, flow), usage), *_ = sums(system).items()
    assert (flow, usage.completed, usage.attempts) == ("trial/add", 1, 1)
    assert usage.ran_ms > 0


def mixed() -> list[Record]:
    """Return twelve jobs of three sums: two flows of one org, one of another."""
    of: tuple[dict[str, Any], ...] = (
        {},
        {"flow": "demo/other", "state": State.FAILED},
        {"org": "globex", "attempt": 2},
    )
    return [ended(number, **of[number % 3]) for number in range(1, 13)]


def everything(system: System) -> dict[tuple[str, str, str], Usage]:
    return {(org, *key): usage for org in ("acme", "globex") for key, usage in sums(system, org).items()}


COUNTED = {
    ("acme", DAY, "demo/echo"): Usage(completed=4, attempts=4, ran_ms=4000, mb_ms=4000 * 1024),
    ("acme", DAY, "demo/other"): Usage(failed=4, attempts=4, ran_ms=4000, mb_ms=4000 * 1024),
    ("globex", DAY, "demo/echo"): Usage(completed=4, attempts=8, ran_ms=4000, mb_ms=4000 * 1024),
}


@contextmanager
def refusing(system: System, code: str, *, times: int) -> Iterator[None]:
    """Let the first writes fail with an error of DynamoDB."""
    left = [None] * times

    def refuse(_: Any) -> None:
        if left:
            left.pop()
            raise AwsError("UpdateItem", code, "no")

    end = hook(system.deployment.usage_totals.client, "UpdateItem", before=refuse)
    yield
    end()


CUTS: dict[str, list[slice]] = {
    "whole": [slice(0, 12)],
    "whole, twice": [slice(0, 12), slice(0, 12)],
    "bisected": [slice(0, 5), slice(5, 12)],
    "one by one": [slice(number, number + 1) for number in range(12)],
    "begun longer than it was": [slice(0, 9), slice(0, 12)],
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_crash_at_any_write_loses_and_repeats_nothing(
    system: System, at: int, applied: bool, cut: str
) -> None:
    """The batch comes again, divided as before or differently."""
    records = mixed()
    first = records[:9] if cut.startswith("begun") else records
    with crashing(system, at, applied=applied), pytest.raises(CrashError):
        count(system, first)
    for part in CUTS[cut]:
        count(system, records[part])
    assert everything(system) == COUNTED


def test_shards_are_counted_separately(system: System) -> None:
    """A late record of one shard is no repetition of an early one of another."""
    records = mixed()
    count(system, records[6:], "shardId-2")
    count(system, records[:6], "shardId-1")
    count(system, records[6:], "shardId-2")
    assert everything(system) == COUNTED


def test_sequence_numbers_grow_by_value(system: System) -> None:
    """A longer number is later, though its text may sort before."""
    records = [ended(number) for number in (9, 10)]
    for number, record in zip(("9", "10"), records, strict=True):
        record["dynamodb"]["SequenceNumber"] = number
        count(system, [record])
    assert sums(system)[DAY, "demo/echo"].completed == 2


def test_record_that_cannot_be_read_holds_up_nothing(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    """It is skipped, and the log says which, and by its place in the code why."""
    poison = ended(2)
    del poison["dynamodb"]["NewImage"]["o"]
    unended = ended(3, completed_at=None)
    with caplog.at_level("ERROR", "noukai"):
        count(system, [ended(1), poison, unended, {"eventID": "event-4"}, ended(5)])
    assert sums(system)[DAY, "demo/echo"].completed == 2
    assert [record.event_id for record in caplog.records] == ["event-2", "event-3", "event-4"]  # type: ignore[attr-defined]
    assert "in entry_of\n" in caplog.records[1].exception  # type: ignore[attr-defined]


def test_sum_that_cannot_be_written_holds_up_nothing(
    system: System, caplog: pytest.LogCaptureFixture
) -> None:
    """A write that DynamoDB refuses for good is skipped with its reason; the rest of the batch is written."""
    with caplog.at_level("ERROR", "noukai"), refusing(system, "ValidationException", times=1):
        count(system, [ended(1), ended(2, flow="demo/other")])
    assert [flow for _, flow in sums(system)] == ["demo/other"]
    assert "usage was not counted" in caplog.text


def test_failed_write_is_retried_with_its_batch(system: System) -> None:
    """The batch fails as a whole, and the event source keeps it."""
    with refusing(system, "ProvisionedThroughputExceededException", times=1), pytest.raises(AwsError):
        count(system, mixed())
    count(system, mixed())
    assert everything(system) == COUNTED


def test_batch_costs_a_write_for_each_sum(system: System) -> None:
    """A hundred jobs of one flow are one write; the org's budget and unfinished jobs are read once."""
    del system.calls[:]
    count(system, [ended(number) for number in range(1, 101)])
    assert [operation for operation, _ in system.calls] == ["UpdateItem", "GetItem", "GetItem", "Query"]
    del system.calls[:]
    count(system, [ended(number) for number in range(101, 201)])
    assert [operation for operation, _ in system.calls] == ["UpdateItem"]
