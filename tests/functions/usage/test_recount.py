"""Usage that Lambda discarded: it is recounted exactly once, whatever was counted before or since."""

from contextlib import suppress
from uuid import uuid4

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noukai_functions.usage.records import Unfinished
from tests.functions.crashes import CrashError, crashing
from tests.functions.harness import System
from tests.functions.stand_ins.calls import hook
from tests.functions.stand_ins.discarded import MAXIMUM_AGE_MS, discard
from tests.functions.stand_ins.stream import NOW, count, submitted
from tests.functions.stand_ins.stream_mapping import SHARD, Mapping

HOUR = 60 * 60 * 1000


@pytest.fixture
def mapping(system: System) -> Mapping:
    """Return a mapping that has read nothing yet."""
    return Mapping(system)


def test_discarded_batch_is_counted_beyond_what_came_later(mapping: Mapping) -> None:
    """One sum includes it, the other does not, and both have grown; the object is deleted at the end."""
    mapping.arrive("aba")
    mapping.attempt(3, dies_at=2)
    mapping.system.clock.time += 24 * HOUR
    mapping.discard(3)
    mapping.arrive("ab")
    mapping.attempt(2)
    assert mapping.counted() == {"demo/a": 3, "demo/b": 1}
    summary = mapping.uncounted.summary()
    assert (summary.batches, summary.records, summary.since) == (1, 3, "2023-11-14T22:13:20Z")
    assert mapping.recount() == (1, 3)
    assert mapping.counted() == mapping.arrived
    assert mapping.recount() == (0, 0)


@pytest.mark.parametrize("applied", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 7))
def test_recount_that_dies_at_any_write_is_completed_later(mapping: Mapping, at: int, applied: bool) -> None:
    """The object stays until all of it is counted."""
    mapping.arrive("ab")
    mapping.attempt(2)
    mapping.arrive("abcab")
    mapping.system.clock.time += 24 * HOUR
    mapping.discard(3)
    mapping.discard(3)
    mapping.arrive("abc")
    mapping.attempt(3)
    mapping.system.clock.time += 72 * HOUR
    with suppress(CrashError), crashing(mapping.system, at, applied=applied):
        mapping.recount()
    mapping.recount()
    assert mapping.counted() == mapping.arrived
    assert mapping.uncounted.summary().batches == 0


def test_two_commands_at_once_count_once(mapping: Mapping) -> None:
    """Each sees the other's writes; the second deletion deletes nothing."""
    mapping.arrive("ab")
    mapping.attempt(2)
    mapping.arrive("abab")
    mapping.system.clock.time += 24 * HOUR
    mapping.discard(2)
    mapping.discard(2)
    mapping.arrive("ab")
    mapping.attempt(2)
    others = [mapping.recount, mapping.recount]

    def other(_: object) -> None:
        if others:
            others.pop()()

    end = hook(mapping.system.deployment.usage_totals.client, "UpdateItem", before=other)
    mapping.recount()
    end()
    assert not others
    assert mapping.counted() == mapping.arrived


STEPS = st.one_of(
    st.tuples(st.just("arrive"), st.text("abc", min_size=1, max_size=4)),
    st.tuples(st.just("attempt"), st.integers(1, 6), st.sampled_from([1, 2, 3, 99]), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 11 * 60, 22 * 60 + 40, 23 * 60 + 1])),
    st.tuples(st.just("discard"), st.integers(1, 6)),
    st.tuples(st.just("outage"), st.text("abc", min_size=1, max_size=6), st.integers(1, 3)),
    st.tuples(st.just("recount"), st.permutations(range(3)), st.integers(1, 6), st.booleans(), st.booleans()),
)


def play(mapping: Mapping, step: tuple[object, ...]) -> None:
    match step:
        case ("arrive", str(flows)):
            mapping.arrive(flows)
        case ("attempt", int(size), int(at), bool(applied)):
            mapping.attempt(size, dies_at=at, applied=applied)
        case ("wait", int(minutes)):
            mapping.system.clock.time += minutes * 60_000
        case ("discard", int(size)):
            mapping.discard(size)
        case ("outage", str(flows), int(at)):
            mapping.arrive(flows)
            mapping.attempt(len(flows), dies_at=at)
            mapping.system.clock.time += MAXIMUM_AGE_MS + 60_000
            mapping.discard(len(flows))
        case ("recount", list(order), int(at), bool(applied), bool(deletes)):
            recount_some(mapping, order, at, applied=applied, deletes=deletes)


def recount_some(mapping: Mapping, order: list[int], at: int, *, applied: bool, deletes: bool) -> None:
    """Count objects in any order, some of them repeatedly, until the function dies."""
    batches = list(mapping.uncounted.batches())
    with suppress(CrashError), crashing(mapping.system, at, applied=applied):
        for batch in (batches[index] for index in order if index < len(batches)):
            mapping.count(str(batch.event))
            if deletes:
                mapping.uncounted.s3.delete_object(Bucket=mapping.uncounted.bucket, Key=batch.key)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=20))
def test_any_order_of_attempts_discards_and_recounts_counts_once(
    system: System, steps: list[tuple[object, ...]]
) -> None:
    """Attempts die at any write, batches are divided anew, objects are counted early, late and twice."""
    system.clock.time = NOW
    mapping = Mapping(system, org=f"o-{uuid4()}")
    for step in steps:
        play(mapping, step)
    mapping.attempt(len(mapping.pending))
    mapping.recount()
    assert mapping.counted() == mapping.arrived


def test_healthy_sum_has_no_gaps(mapping: Mapping) -> None:
    """Its row stays small, however many batches there are and however far apart."""
    for hours in (1, 5, 22):
        mapping.arrive("a")
        mapping.attempt(1)
        mapping.system.clock.time += hours * HOUR
    mapping.arrive("a")
    mapping.attempt(1)
    table = boto3.client("dynamodb", region_name="us-east-1")
    (row,) = (each for each in table.scan(TableName="usage")["Items"] if each["o"]["S"] == "acme")
    assert len(row["e"]["S"].split()) == 1


def test_recount_of_old_days_counts_unfinished_jobs_anew(mapping: Mapping) -> None:
    """The days were already merged without it."""
    system = mapping.system
    jobs = system.deployment.bounds.jobs
    count(system, [submitted(1)])
    discard(mapping.uncounted.s3, mapping.uncounted.bucket, [submitted(2), submitted(3)], SHARD, NOW)
    system.clock.time += 5 * 24 * HOUR
    assert jobs.count("acme", system.clock.time) == Unfinished(1, 0)
    mapping.recount()
    assert jobs.count("acme", system.clock.time) == Unfinished(3, 0)
    assert jobs.count("acme", system.clock.time) == Unfinished(3, 0)


def test_days_changed_by_a_concurrent_recount_are_not_merged(mapping: Mapping) -> None:
    """Another process has read the old sums and would write an outdated total."""
    system = mapping.system
    jobs = system.deployment.bounds.jobs
    count(system, [submitted(1)])
    discard(mapping.uncounted.s3, mapping.uncounted.bucket, [submitted(2)], SHARD, NOW)
    system.clock.time += 5 * 24 * HOUR
    recounts = [mapping.recount]

    def recount(_: object) -> None:
        if recounts:
            recounts.pop()()

    end = hook(jobs.client, "UpdateItem", before=recount)
    jobs.count("acme", system.clock.time)
    end()
    assert jobs.count("acme", system.clock.time) == Unfinished(2, 0)
