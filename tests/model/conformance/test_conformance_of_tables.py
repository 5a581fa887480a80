"""The model's tables behave as those of moto and the local system, as far as functions can tell."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import JobsTable
from tests.job_rows import pending
from tests.model.conformance.subject import MESSAGE, NOW, Subject, answer, on_model

PENDING = pending(NOW, id=MESSAGE.id, max_attempts=2, digest=b"\x00\xff" * 8, start_by=NOW + 1)


def claimed(table: JobsTable, job: Job = PENDING) -> Job:
    """Create the job and start its first attempt, whose lease ends after ten seconds."""
    table.create(job, NOW)
    return table.claim(job.id, created_at=NOW, owner="me", lease_until=NOW + 10_000, now=NOW)


def test_rows_are_read_as_they_were_written(subject: Subject) -> None:
    """A row is read with every attribute, consistently or not; a missing row is not found."""
    full = replace(
        PENDING, progress={"percent": 12.5}, result="", metadata={"team": "ü"}, not_before=1, lease_until=2
    )
    subject.table.create(full, NOW)
    for consistent in (True, False):
        assert subject.table.read(MESSAGE.id, consistent=consistent) == full
        assert subject.table.read("job_b", consistent=consistent) is None


def test_id_is_taken_until_its_job_has_expired(subject: Subject) -> None:
    """A second job with the id is refused with the existing row until that one is settled and expired."""
    running, again, expiry = claimed(subject.table), replace(PENDING, created_at=NOW + 1), NOW + 3_600_000
    assert answer(lambda: subject.table.create(again, expiry)) == ("refused", running)
    failed = subject.table.fail(running, error="x", now=NOW)
    assert answer(lambda: subject.table.create(again, expiry - 1_000)) == ("refused", failed)
    subject.table.create(again, expiry)
    assert subject.table.read(MESSAGE.id, consistent=True) == again


def test_overdue_jobs_are_found_on_every_page(subject: Subject) -> None:
    """A scan returns the unsettled jobs that are overdue, and no other row."""
    jobs = {
        id_: replace(PENDING, id=id_, start_by=NOW + due)
        for id_, due in (("a", 0), ("b", 1), ("c", 0), ("d", 0))
    }
    for job in jobs.values():
        subject.table.create(job, NOW)
    subject.table.cancel("d", org="acme", flow=None, now=NOW)
    subject.saved_inputs.keep(MESSAGE, PENDING, NOW)
    found: list[Job] = []
    last = None
    while True:
        page, last = subject.rounds.overdue_page(NOW, last)
        found += page
        if last is None:
            break
    assert sorted(job.id for job in found) == ["a", "c"]


def test_input_is_kept_beside_the_row(subject: Subject) -> None:
    """A job's message is kept whole, repeatedly, and not found for another job with the id."""
    assert subject.saved_inputs.read(PENDING) is None
    for now in (NOW, NOW + 1):
        subject.saved_inputs.keep(MESSAGE, PENDING, now)
    assert subject.saved_inputs.read(PENDING) == MESSAGE
    assert subject.saved_inputs.read(replace(PENDING, created_at=NOW + 1)) is None


def test_second_claim_follows_on_the_first(subject: Subject) -> None:
    """A claim counts up, keeps the first start, and clears what the attempt before left."""
    released = subject.table.release(claimed(subject.table), error="x", not_before=NOW + 5, now=NOW)
    assert (released.lease_until, released.not_before, released.last_error) == (None, NOW + 5, "x")
    second = subject.table.claim(MESSAGE.id, created_at=NOW, owner="you", lease_until=NOW + 9, now=NOW + 5)
    assert (second.attempt, second.started_at, second.owner, second.not_before) == (2, NOW, "you", None)
    assert subject.table.read(MESSAGE.id, consistent=True) == second


WRITES: dict[str, Callable[[JobsTable, Job], object]] = {
    "create": lambda table, job: table.create(replace(job, created_at=NOW + 1), NOW + 3_600_000),
    "claim": lambda table, job: table.claim(
        job.id, created_at=NOW, owner="you", lease_until=NOW + 9, now=NOW
    ),
    "claim late": lambda table, job: table.claim(
        job.id, created_at=NOW, owner="me", lease_until=NOW + 19_000, now=NOW + 10_000
    ),
    "claim another": lambda table, job: table.claim(
        job.id, created_at=1, owner="me", lease_until=NOW, now=NOW
    ),
    "extend": lambda table, job: table.extend(job, lease_until=NOW + 2, progress={"percent": 1}, now=NOW),
    "extend silently": lambda table, job: table.extend(job, lease_until=NOW + 20_000, progress=None, now=NOW),
    "complete": lambda table, job: table.complete(job, result="{}", now=NOW),
    "fail": lambda table, job: table.fail(job, error="x", now=NOW, stopped_at=NOW),
    "release": lambda table, job: table.release(job, error="x", not_before=NOW + 1, now=NOW),
    "cancel": lambda table, job: table.cancel(job.id, org="acme", flow="demo/echo", now=NOW),
    "cancel of any flow": lambda table, job: table.cancel(job.id, org="acme", flow=None, now=NOW),
    "cancel of another org": lambda table, job: table.cancel(job.id, org="globex", flow=None, now=NOW),
    "fail unrun": lambda table, job: table.fail_unrun(job, error="x", now=NOW),
    "fail unrun late": lambda table, job: table.fail_unrun(job, error="x", now=NOW + 10_000),
    "stop": lambda table, job: table.record_stopped(job, NOW),
}


def made_waiting(table: JobsTable, job: Job) -> Job:
    waiting = replace(job, not_before=NOW + 10_000)
    table.create(waiting, NOW)
    return waiting


def made_cancelled(table: JobsTable, job: Job) -> Job:
    running = claimed(table, job)
    table.cancel(job.id, org="acme", flow=None, now=NOW)
    return running


ROWS: dict[str, Callable[[JobsTable, Job], Job]] = {
    "none": lambda _, job: job,
    "waiting": made_waiting,
    "running": claimed,
    "taken over": lambda table, job: replace(claimed(table, job), attempt=0),
    "completed": lambda table, job: table.complete(claimed(table, job), result="1", now=NOW),
    "cancelled": made_cancelled,
}


@pytest.mark.parametrize("subject", ["moto", "local system"], indirect=True)
@pytest.mark.parametrize("row", ROWS)
def test_every_write_on_every_row(subject: Subject, row: str) -> None:
    """What each write makes of a row, or the row with which it is refused, is as in the model."""
    model = on_model(honours_old_receipts=False)
    for name, write in WRITES.items():
        answers = []
        for table in (subject.table, model.table):
            job = ROWS[row](table, replace(PENDING, id=f"job of {name}"))
            answers.append((answer(partial(write, table, job)), table.read(job.id, consistent=True)))
        assert answers[0] == answers[1], name


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(WRITES)), min_size=4, max_size=12))
def test_any_sequence_of_writes(fresh_on_moto: Callable[[], Subject], names: list[str]) -> None:
    """For any order of writes by a worker with an old view and by others, the model answers as moto does."""
    tables = fresh_on_moto().table, on_model(honours_old_receipts=True).table
    mine, _ = [claimed(table) for table in tables]
    for name in names:
        one, other = (answer(partial(WRITES[name], table, mine)) for table in tables)
        assert one == other, name
        if name.startswith("claim") and isinstance(one, Job):
            mine = one
    one, other = (table.read(MESSAGE.id, consistent=True) for table in tables)
    assert one == other


@pytest.mark.parametrize("values", [{}, {":x": {"N": "1"}, ":y": {"N": "1"}}], ids=["too few", "too many"])
def test_values_are_those_that_the_expressions_name(subject: Subject, values: Any) -> None:
    """A missing value, or one that no expression names, is an error, and nothing is written."""
    request = {"TableName": subject.table_name, "Key": {"id": {"S": "a"}}, "UpdateExpression": "SET n = :x"}
    update = partial(subject.tables.update_item, **request, ExpressionAttributeValues=values)
    assert answer(update) == "ValidationException"
    assert subject.table.read("a", consistent=True) is None


def test_rows_are_answered_only_if_asked_for(subject: Subject) -> None:
    """A write that asks for no row is answered without one, applied or refused."""
    values = {":x": {"N": "1"}}
    request = {
        "TableName": subject.table_name,
        "Key": {"id": {"S": "a"}},
        "ExpressionAttributeValues": values,
    }
    assert "Attributes" not in subject.tables.update_item(**request, UpdateExpression="SET n = :x")
    with pytest.raises(AwsError) as refused:
        subject.tables.update_item(**request, UpdateExpression="SET n = n + :x", ConditionExpression="n < :x")
    assert refused.value.code == "ConditionalCheckFailedException"
    assert "Item" not in refused.value.answer


@pytest.mark.parametrize("condition", ["l < :x", ":x <= l", "l = :x", "l IN (:x)"])
def test_no_comparison_holds_with_what_is_not_there(subject: Subject, condition: str) -> None:
    """A comparison with a missing attribute is false."""
    update = partial(
        subject.tables.update_item,
        TableName=subject.table_name,
        Key={"id": {"S": "a"}},
        UpdateExpression="SET n = :x",
        ConditionExpression=condition,
        ExpressionAttributeValues={":x": {"N": "1"}},
    )
    assert answer(update) == "ConditionalCheckFailedException"
