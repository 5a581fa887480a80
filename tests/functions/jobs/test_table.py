"""The table on moto: rows, guards, and answers that are lost on the way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import Job, Payload, State
from noukai_functions.jobs.table import JobsTable, Refused
from tests.functions.harness import System
from tests.functions.stand_ins.calls import hook
from tests.job_rows import pending

NOW = 1_700_000_000_000
PENDING = pending(NOW, max_attempts=2, digest=b"\x00\xff" * 8, start_by=NOW + 1)


def test_row_holds_every_field_of_a_job(system: System) -> None:
    """What is written of a job is read again, whatever it is."""
    full = replace(
        PENDING,
        state=State.FAILED,
        not_before=1,
        resent_at=11,
        lease_until=2,
        owner="me",
        started_at=3,
        claimed_at=9,
        ran_ms=10,
        completed_at=4,
        stopped_at=5,
        expires_at=6,
        expected_at=7,
        spread_ms=8,
        progress={"percent": 12.5, "message": "\ud800 ü"},
        result='{"a": [1]}',
        result_object=Payload("keep-8d/acme/job_a/1-1", 9000, "0" * 64),
        error="x",
        last_error="y",
        metadata={"team": "ü"},
        retry_of="job_b",
        memory=2048,
    )
    assert all(getattr(full, field.name) is not None for field in fields(Job))
    system.deployment.table.create(full, NOW)
    assert system.deployment.table.read("job_a", consistent=True) == full


def test_rows_of_unknown_ids(system: System) -> None:
    """What is not there is None to a reader and refuses every write."""
    table = system.deployment.table
    assert table.read("job_b", consistent=False) is None
    with pytest.raises(Refused) as refused:
        table.cancel("job_b", org="acme", flow=None, now=NOW)
    assert refused.value.seen is None


@contextmanager
def every_write_repeated(table: JobsTable) -> Iterator[None]:
    """Do what the SDK does when the answer of a write is lost: send it again, though it was applied."""
    applied: list[str] = []

    def apply_first(asked: Any) -> None:
        if not applied:
            applied.append("UpdateItem")
            table.client.update_item(**asked)
            del applied[:]

    end = hook(table.client, "UpdateItem", before=apply_first)
    yield
    end()


WRITES: list[Callable[[JobsTable, Job], Job]] = [
    lambda table, job: table.extend(job, lease_until=NOW + 2, progress=None, now=NOW),
    lambda table, job: table.complete(job, result="1", now=NOW),
    lambda table, job: table.fail(job, error="x", now=NOW),
    lambda table, job: table.release(job, error="x", not_before=NOW + 1, now=NOW),
]


def claimed(table: JobsTable, owner: str = "me") -> Job:
    return table.claim("job_a", created_at=NOW, owner=owner, lease_until=NOW + 1, now=NOW)


def test_claim_whose_answer_was_lost(system: System) -> None:
    """A claim that was applied and repeated is the worker's own, and costs one attempt."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    with every_write_repeated(table):
        job = claimed(table)
    assert (job.state, job.attempt, job.owner) == (State.RUNNING, 1, "me")


@pytest.mark.parametrize("write", WRITES, ids=["extend", "complete", "fail", "release"])
def test_write_whose_answer_was_lost(system: System, write: Callable[[JobsTable, Job], Job]) -> None:
    """A worker's write that was applied and repeated is a success, not a foreign lease."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    job = claimed(table)
    with every_write_repeated(table):
        written = write(table, job)
    assert written == table.read("job_a", consistent=True)
    assert (written.attempt, written.owner) == (1, "me")


@pytest.mark.parametrize("write", WRITES, ids=["extend", "complete", "fail", "release"])
def test_fence(system: System, write: Callable[[JobsTable, Job], Job]) -> None:
    """Once another attempt runs, the one before is refused every write, and the row stays as it is."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    late = claimed(table)
    table.claim("job_a", created_at=NOW, owner="other", lease_until=NOW + 60_000, now=NOW + 1)
    before = table.read("job_a", consistent=True)
    with pytest.raises(Refused) as refused:
        write(table, late)
    assert refused.value.seen == before == table.read("job_a", consistent=True)


def test_claim_that_is_undone(system: System) -> None:
    """The row is as before its claim, also if the answer of the write is lost, and another attempt has its number."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    undone = table.unclaim(claimed(table))
    assert undone == replace(PENDING, claimed_at=NOW)
    job = claimed(table, "next")
    assert (job.attempt, job.started_at) == (1, NOW)
    table.release(job, error="x", not_before=NOW, now=NOW)
    assert table.unclaim(claimed(table)).started_at == NOW


def test_claim_of_another_worker_is_not_undone(system: System) -> None:
    """A request that was delayed until another has claimed an attempt of the same number changes nothing."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    late = claimed(table)
    table.unclaim(late)
    other = claimed(table, "other")
    with pytest.raises(Refused):
        table.unclaim(late)
    assert table.read("job_a", consistent=True) == other


def test_foreign_outcome_is_no_success(system: System) -> None:
    """A late worker that would write the outcome another has written is refused all the same."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    late = claimed(table)
    other = table.claim("job_a", created_at=NOW, owner="other", lease_until=NOW + 60_000, now=NOW + 1)
    table.complete(other, result="1", now=NOW + 1)
    with pytest.raises(Refused):
        table.complete(late, result="1", now=NOW + 1)


def test_no_claim_beyond_the_last_attempt(system: System) -> None:
    """A job is claimed as often as it has attempts, and not more."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    for attempt in (1, 2):
        later = NOW + attempt * 10
        table.claim("job_a", created_at=NOW, owner=f"{attempt}", lease_until=later, now=later)
    with pytest.raises(Refused):
        table.claim("job_a", created_at=NOW, owner="3", lease_until=NOW + 99, now=NOW + 99)


def test_failing_a_job_that_nobody_runs_needs_the_row_as_it_was_seen(system: System) -> None:
    """A job that moved since it was seen is not failed so: claimed, released or extended, it lives."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    claim = claimed(table)
    with pytest.raises(Refused):
        table.fail_unrun(PENDING, error="x", now=NOW + 5)
    table.extend(claim, lease_until=NOW + 10, progress=None, now=NOW)
    with pytest.raises(Refused):
        table.fail_unrun(claim, error="x", now=NOW + 5)
    table.release(claim, error="x", not_before=NOW + 20, now=NOW)
    with pytest.raises(Refused):
        table.fail_unrun(claim, error="x", now=NOW + 15)


def test_other_errors_are_passed_on(system: System) -> None:
    """An error of AWS that is no refusal stays what it is."""
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        replace(system.deployment.table, table_name="nowhere").create(PENDING, NOW)
