"""The table on moto: rows, guards, and lost answers."""

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
    """Every field that is written is read again."""
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
        followed_until=12,
        progress_at=13,
        webhook="crm",
        canary="1",
        history="1,5,6,1,ValueError",
        submitted_by="cron",
        cancelled_by="ci",
    )
    assert all(getattr(full, field.name) is not None for field in fields(Job))
    system.deployment.table.create(full, NOW)
    assert system.deployment.table.read("job_a", consistent=True) == full


def test_rows_of_unknown_ids(system: System) -> None:
    """A read returns None, and every write is refused."""
    table = system.deployment.table
    assert table.read("job_b", consistent=False) is None
    with pytest.raises(Refused) as refused:
        table.cancel("job_b", org="acme", flow=None, now=NOW)
    assert refused.value.seen is None


@contextmanager
def every_write_repeated(table: JobsTable) -> Iterator[None]:
    """Repeat each applied write, as the SDK does when the answer is lost."""
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
    """A claim that was applied and repeated belongs to the worker, and costs one attempt."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    with every_write_repeated(table):
        job = claimed(table)
    assert (job.state, job.attempt, job.owner) == (State.RUNNING, 1, "me")


@pytest.mark.parametrize("write", WRITES, ids=["extend", "complete", "fail", "release"])
def test_write_whose_answer_was_lost(system: System, write: Callable[[JobsTable, Job], Job]) -> None:
    """A worker's write that was applied and repeated succeeds; it does not look like a foreign lease."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    job = claimed(table)
    with every_write_repeated(table):
        written = write(table, job)
    assert written == table.read("job_a", consistent=True)
    assert (written.attempt, written.owner) == (1, "me")


@pytest.mark.parametrize("write", WRITES, ids=["extend", "complete", "fail", "release"])
def test_fence(system: System, write: Callable[[JobsTable, Job], Job]) -> None:
    """Once another attempt runs, every write of the former one is refused, and the row is unchanged."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    late = claimed(table)
    table.claim("job_a", created_at=NOW, owner="other", lease_until=NOW + 60_000, now=NOW + 1)
    before = table.read("job_a", consistent=True)
    with pytest.raises(Refused) as refused:
        write(table, late)
    assert refused.value.seen == before == table.read("job_a", consistent=True)


def test_claim_that_is_undone(system: System) -> None:
    """The row is as before its claim, even if the write's answer is lost; the next attempt has its number."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    undone = table.unclaim(claimed(table))
    assert undone == replace(PENDING, claimed_at=NOW)
    job = claimed(table, "next")
    assert (job.attempt, job.started_at) == (1, NOW)
    table.release(job, error="x", not_before=NOW, now=NOW)
    assert table.unclaim(claimed(table)).started_at == NOW


def test_claim_of_another_worker_is_not_undone(system: System) -> None:
    """A delayed request changes nothing once another worker has claimed an attempt with that number."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    late = claimed(table)
    table.unclaim(late)
    other = claimed(table, "other")
    with pytest.raises(Refused):
        table.unclaim(late)
    assert table.read("job_a", consistent=True) == other


def test_foreign_outcome_is_no_success(system: System) -> None:
    """A late worker is refused even if it writes the same outcome as the other worker."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    late = claimed(table)
    other = table.claim("job_a", created_at=NOW, owner="other", lease_until=NOW + 60_000, now=NOW + 1)
    table.complete(other, result="1", now=NOW + 1)
    with pytest.raises(Refused):
        table.complete(late, result="1", now=NOW + 1)


def test_no_claim_beyond_the_last_attempt(system: System) -> None:
    """A job is claimed as often as it has attempts."""
    table = system.deployment.table
    table.create(PENDING, NOW)
    for attempt in (1, 2):
        later = NOW + attempt * 10
        table.claim("job_a", created_at=NOW, owner=f"{attempt}", lease_until=later, now=later)
    with pytest.raises(Refused):
        table.claim("job_a", created_at=NOW, owner="3", lease_until=NOW + 99, now=NOW + 99)


def test_overdue_job_is_failed_only_if_its_row_is_unchanged(system: System) -> None:
    """A job that was claimed, released or extended since it was read is not failed."""
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
    """An error of AWS that is no refusal is raised unchanged."""
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        replace(system.deployment.table, table_name="nowhere").create(PENDING, NOW)
