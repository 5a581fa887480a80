"""Tables are brought back to a point in time, whatever breaks off on the way, and stay the stack's tables."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.row import decode, encode
from noukai_functions.names import RESTORED
from noukai_infra.operations.account import OperatorError
from tests.infra.operations.restore.restored_stack import (
    BOTH,
    HOUR_MS,
    MOMENT,
    NOW,
    Deployment,
    crashing,
    deployed,
    fill,
)
from tests.job_rows import pending


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with deployed() as made:
        yield made


def state(deployment: Deployment) -> tuple[object, ...]:
    rows = {table: deployment.rows(table) for table in deployment.names}
    return rows, deployment.running(), sorted(deployment.reading().values())


def test_rows_are_those_of_the_moment(deployment: Deployment) -> None:
    """New ones are gone, deleted ones are back, but for those that have expired; others stay untouched."""
    fill(deployment)
    before, keys = deployment.rows("jobs"), deployment.rows("keys")
    deployment.restore()
    rows = deployment.rows("jobs")
    assert rows.keys() == {"job_waiting", "job_ran", "job_gone", "#sweep"}
    assert rows["job_waiting"] == before["job_waiting"]
    assert rows["job_gone"].keys() - {RESTORED} == before["job_waiting"].keys()
    assert deployment.rows("usage") == {"acme/day": {"o": {"S": "acme"}, "k": {"S": "day"}, "c": {"N": "1"}}}
    assert deployment.rows("keys") == keys


def test_tables_stay_what_they_were(deployment: Deployment) -> None:
    """Names, streams, indexes, time to live, concurrency and mappings are kept; no copy is left."""
    fill(deployment)
    before = deployment.shape()
    deployment.restore([*BOTH, "keys"])
    assert deployment.shape() == before
    assert deployment.running() == {"Wait": 7, "Worker": None, "Metering": None}
    assert deployment.restoration.record.read() is None


def test_job_whose_message_is_gone_ends(deployment: Deployment) -> None:
    """One that has ended since is overdue; one that may still have its message is not."""
    fill(deployment)
    deployment.restore()
    rows = deployment.rows("jobs")
    overdue = {
        name for name, row in rows.items() if name != "#sweep" and decode(row).is_overdue(deployment.time)
    }
    assert overdue == {"job_ran"}


def test_job_of_a_schedule_is_counted_as_when_it_came(deployment: Deployment) -> None:
    """How it is counted stands in its deadline, which stays."""
    job = pending(NOW - 3 * HOUR_MS)
    later = replace(job, start_by=job.start_by + HOUR_MS)
    assert later.is_later
    deployment.put("jobs", encode(later))
    deployment.note()
    deployment.put("jobs", encode(replace(later, state=State.CANCELLED, completed_at=NOW)))
    deployment.restore()
    assert decode(deployment.rows("jobs")["job_a"]) == later


def test_revoked_key_stays_revoked(deployment: Deployment) -> None:
    """Keys are restored when they are named, and a revocation is for good."""
    fill(deployment)
    deployment.restore(["keys"])
    keys = {
        "revoked": {"hash": {"S": "revoked"}, "revoked": {"N": "1"}},
        "deleted": {"hash": {"S": "deleted"}},
    }
    assert deployment.rows("keys") == keys


def test_nothing_is_written_while_rows_are_compared(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every function stands still, for longer than any invocation takes, before the first row is read."""
    fill(deployment)
    seen: list[tuple[set[int | None], set[str], bool]] = []
    scan = deployment.dynamodb.get_paginator

    def look(name: str) -> Any:
        is_late = deployment.time - NOW >= (15 * 60 + 60) * 1000
        seen.append(({*deployment.running().values()}, {*deployment.reading().values()}, is_late))
        return scan(name)  # type: ignore[call-overload]

    monkeypatch.setattr(deployment.dynamodb, "get_paginator", look)
    deployment.restore()
    assert seen
    assert all(each == ({0}, {"Disabled"}, True) for each in seen)


def test_restoration_that_breaks_off_anywhere_goes_on(deployment: Deployment) -> None:
    """A crash after any number of writes, and another run, end as a run that nothing has stopped."""
    fill(deployment)
    deployment.restore()
    expected = state(deployment)
    crashes = 0
    fill(deployment)
    while crashing(deployment, crashes):
        deployment.restore()
        assert state(deployment) == expected, crashes
        assert len(deployment.dynamodb.list_tables()["TableNames"]) == len(deployment.names), crashes
        crashes += 1
        fill(deployment)
    assert crashes > 20


def test_restoration_can_be_undone(deployment: Deployment) -> None:
    """By another one, to the moment before it."""
    fill(deployment)
    before = deployment.rows("jobs")
    restoration = deployment.restoration
    moment = restoration.run(restoration.plan(MOMENT, BOTH)).replaced
    deployment.time += HOUR_MS
    for name in BOTH:
        deployment.recovery._held[deployment.names[name], moment] = (
            list(before.values()) if name == "jobs" else []
        )
    deployment.restore(moment=moment)
    found = deployment.rows("jobs")
    assert {name: {**row, RESTORED: 0} for name, row in found.items()} == {
        name: {**row, RESTORED: 0} for name, row in before.items()
    }


@pytest.mark.parametrize("ago", [timedelta(minutes=1), timedelta(days=36)])
def test_moment_that_is_not_kept_is_named(deployment: Deployment, ago: timedelta) -> None:
    """With those that are; nothing has been stopped by then."""
    before = deployment.shape()
    with pytest.raises(OperatorError, match=r"choose a time from 20\S+Z to 20\S+Z"):
        deployment.restore(moment=datetime.fromtimestamp(NOW / 1000, UTC) - ago)
    assert deployment.shape() == before


def test_table_without_recovery_is_named(deployment: Deployment) -> None:
    deployment.recovery.is_on = False
    with pytest.raises(OperatorError, match="point-in-time recovery is off"):
        deployment.restore()


def test_restoration_is_called_off_while_nothing_has_changed(deployment: Deployment) -> None:
    """Everything goes on as it was; later it can only be ended."""
    fill(deployment)
    expected = deployment.shape(), deployment.rows("jobs")
    assert crashing(deployment, 9)
    under_way = deployment.restoration.record.read()
    assert under_way is not None
    assert under_way.changed is None
    deployment.restoration.call_off(under_way)
    assert (deployment.shape(), deployment.rows("jobs")) == expected
    with pytest.raises(OperatorError, match="changed already"):
        deployment.restoration.call_off(replace(under_way, changed=NOW))


def test_model_keeps_to_the_rules_of_aws(deployment: Deployment) -> None:
    """What is restored is a table of its own with rows and indexes, and without anything else."""
    fill(deployment)
    name = deployment.names["jobs"]
    deployment.recovery.restore_table_to_point_in_time(
        SourceTableName=name, TargetTableName="copy", RestoreDateTime=MOMENT
    )
    table = deployment.dynamodb.describe_table(TableName="copy")["Table"]
    assert len(table["GlobalSecondaryIndexes"]) == 1
    assert "LatestStreamArn" not in table
    with pytest.raises(ClientError, match="TableAlreadyExists"):
        deployment.recovery.restore_table_to_point_in_time(
            SourceTableName=name, TargetTableName="copy", RestoreDateTime=MOMENT
        )
