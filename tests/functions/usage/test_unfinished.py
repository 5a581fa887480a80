"""The limit of unfinished jobs: at the limit an org's submissions are refused until a job ends."""

from dataclasses import replace
from itertools import count as numbers

import pytest

from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State
from noukai_functions.usage.records import Unfinished
from noukai_infra.operations.orgs.budgets import Budgets, Limits
from noukai_wire.errors import ErrorCode
from noukai_wire.limits import MAX_DELAY_SECONDS
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System
from tests.functions.stand_ins.delayed_messages import moment
from tests.functions.stand_ins.stream import NOW, Stream, count, ended, submitted, sums

A_DAY = 24 * 60 * 60 * 1000
LATER = {"start_by": NOW + 2 * MAX_DELAY_SECONDS * 1000 + START_WITHIN_MS}
"""Attributes of a job that a schedule will send."""


def submit(system: System, **headers: str) -> Answer:
    return system.submit(parameters={"a": 1}, headers=headers)


def refused(answer: Answer) -> bool:
    return (answer.status, answer.code) == (429, ErrorCode.RATE_LIMITED)


def unfinished(system: System) -> Unfinished:
    return system.deployment.bounds.jobs.count("acme", system.clock.time)


def test_job_is_unfinished_from_its_submission_to_its_end(system: System) -> None:
    """Any end counts; a later stop of a cancelled job's code changes nothing."""
    stream = Stream()
    ids = [submit(system).body["id"] for _ in range(3)]
    count(system, stream.records())
    assert unfinished(system) == Unfinished(3, 0)
    system.deliver()
    system.send(Route.CANCEL_BY_ID, id=ids[0])
    count(system, stream.records())
    assert unfinished(system) == Unfinished(0, 0)


def test_job_that_takes_an_expired_ones_id_is_new(system: System) -> None:
    """Its row replaces the old one: no job ends, and one more is unfinished."""
    stream = Stream()
    submit(system, **{"idempotency-key": "k"})
    system.deliver()
    count(system, stream.records())
    system.clock.time += 8 * A_DAY
    submit(system, **{"idempotency-key": "k"})
    count(system, stream.records())
    assert unfinished(system) == Unfinished(1, 0)


def test_org_at_its_bound_is_refused_until_a_job_has_ended(system: System, budgets: Budgets) -> None:
    """The error says what to do; a known key returns its job, a retry is refused, other orgs go on."""
    budgets.set("acme", Limits(unfinished=2))
    known = submit(system, **{"idempotency-key": "k"}).body["id"]
    failed = system.run("refuse")["id"]
    count(system, [submitted(1), submitted(2)])
    system.expire_budgets()
    answer = submit(system)
    assert refused(answer)
    assert (answer.headers["Retry-After"], "has 2 unfinished jobs" in answer.body["detail"]["message"]) == (
        "30",
        True,
    )
    assert submit(system, **{"idempotency-key": "k"}).body["id"] == known
    assert refused(system.send(Route.RETRY_BY_ID, id=failed))
    entries = {"jobs": [{"parameters": {"a": 1}}]}
    batch = system.send(Route.SUBMIT_JOBS, body=entries, org="acme", project="trial", flow="add")
    assert batch.body["jobs"][0]["error"]["code"] == ErrorCode.RATE_LIMITED
    system.key = "nk_globex"
    other = system.send(
        Route.SUBMIT, body={"parameters": {"a": 1}}, org="globex", project="trial", flow="add"
    )
    assert other.status == 202
    system.key = "nk_acme"
    count(system, [ended(3)])
    system.expire_budgets()
    assert submit(system).status == 202


def test_bound_of_jobs_for_later_leaves_the_others_alone(system: System, budgets: Budgets) -> None:
    """Only jobs for a schedule are refused."""
    budgets.set("acme", Limits(later=1))
    count(system, [submitted(1, **LATER)])
    system.expire_budgets()
    soon, later = (
        system.submit(parameters={"a": 1}, options={"runAt": moment(system, seconds)})
        for seconds in (MAX_DELAY_SECONDS, MAX_DELAY_SECONDS + 1)
    )
    assert (soon.status, refused(later)) == (202, True)
    count(system, [ended(2, **LATER)])
    system.expire_budgets()
    assert system.submit(parameters={"a": 1}, options={"runAt": moment(system, 1000)}).status == 202


def test_operator_changes_a_bound(system: System, budgets: Budgets) -> None:
    """A raised limit accepts submissions again; the next record of the stream is compared with it."""
    budgets.set("acme", Limits(unfinished=1))
    count(system, [submitted(1)])
    assert refused(submit(system))
    assert [row.full for row in budgets.rows()] == [("unfinished",)]
    budgets.set("acme", Limits(unfinished=3))
    system.expire_budgets()
    assert submit(system).status == 202
    count(system, [submitted(2), submitted(3)])
    system.expire_budgets()
    assert refused(submit(system))
    assert budgets.clear("acme")
    system.expire_budgets()
    assert submit(system).status == 202


def test_batch_that_comes_twice_counts_once(system: System) -> None:
    """The limit uses the same sums as usage."""
    records = [submitted(1), submitted(2), ended(3)]
    for _ in range(2):
        count(system, records)
    assert unfinished(system) == Unfinished(1, 0)


def test_past_days_are_merged(system: System) -> None:
    """The count equals that of all sums, and reads only the last days."""
    number = numbers(1)
    for day in range(10):
        now = NOW + day * A_DAY
        count(
            system,
            [submitted(next(number), created_at=now, start_by=now + START_WITHIN_MS) for _ in range(3)],
        )
        count(system, [ended(next(number), completed_at=now)])
    system.clock.time = NOW + 9 * A_DAY
    assert unfinished(system) == Unfinished(20, 0)
    query = next(asked for operation, asked in reversed(system.calls) if operation == "Query")
    del system.calls[:]
    assert unfinished(system) == Unfinished(20, 0)
    again = next(asked for operation, asked in system.calls if operation == "Query")
    first, second = (asked["ExpressionAttributeValues"][":day"]["S"] for asked in (query, again))
    assert (first, second) == ("0", "2023-11-200")
    assert [operation for operation, _ in system.calls] == ["GetItem", "Query"]


def test_usage_omits_days_without_ended_jobs(system: System) -> None:
    """Usage is of ended jobs."""
    count(system, [submitted(1), submitted(2)])
    assert sums(system) == {}


def test_jobs_are_counted_only_when_a_bound_could_be_reached(system: System, budgets: Budgets) -> None:
    """Of four hundred single submissions few are followed by a count, and the limit is soon noticed."""
    budgets.set("acme", Limits(unfinished=400))
    looks, jobs = 0, 0
    while not system.deployment.budgets.of("acme").full:
        jobs += 1
        system.clock.time += 1000
        del system.calls[:]
        count(system, [submitted(jobs)])
        looks += [operation for operation, _ in system.calls].count("Query")
    assert 400 <= jobs <= 410
    assert looks < 40


def test_changed_limit_is_not_marked(system: System, budgets: Budgets) -> None:
    """A process that compared with the old limit does not mark the new one."""
    budgets.set("acme", Limits(unfinished=1))
    old = system.deployment.budgets.of("acme")
    budgets.set("acme", Limits(unfinished=9))
    system.deployment.budgets.note_full("acme", old, frozenset({"unfinished"}))
    assert [row.full for row in budgets.rows()] == [()]


def test_default_bound_needs_no_row(system: System, budgets: Budgets) -> None:
    """An org without a row is limited too, and its mark is no budget to clear."""
    marked = system.deployment.budgets
    marked.note_full("acme", marked.of("acme"), frozenset({"unfinished"}))
    assert refused(submit(system))
    assert not budgets.clear("acme")
    system.expire_budgets()
    assert submit(system).status == 202


def test_deleted_row_counts_for_nothing(system: System, caplog: pytest.LogCaptureFixture) -> None:
    """A record without a new row is skipped, with the place that found it."""
    record = ended(1)
    record["dynamodb"]["OldImage"] = submitted(1)["dynamodb"]["NewImage"]
    del record["dynamodb"]["NewImage"]
    with caplog.at_level("ERROR", "noukai"):
        count(system, [record, ended(2, state=State.FAILED)])
    assert vars(caplog.records[0])["exception_name"] == "ValueError"
    assert "in entry_of" in vars(caplog.records[0])["exception"]
    assert replace(sums(system)["2023-11-14", "demo/echo"], attempts=0, ran_ms=0, mb_ms=0).failed == 1
