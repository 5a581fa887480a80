"""The metrics of jobs, written by the function that reads their stream anyway."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_functions.metrics.job_metrics import is_start
from noukai_infra.stack.base import stream as filters
from tests.bench import prices
from tests.bench.account.keeping import counted_together
from tests.functions.harness import System
from tests.functions.stand_ins import stream as stand_in
from tests.functions.stand_ins.metric_lines import points_of
from tests.functions.stand_ins.stream import Record, Stream, count, ended, restored, submitted

Figures = dict[tuple[str, ...], list[float]]

MEASURED = {"METRICS_NAMESPACE": "noukai"}
KIND = ("WorkerKind", "default")


@pytest.fixture
def measured(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """Return a deployment with metrics; its stream has starts, too."""
    monkeypatch.setattr(stand_in, "COUNTED", (*filters.COUNTED, *filters.STARTED))
    return with_settings(system)


def with_settings(system: System, **settings: str) -> System:
    environment = {**system.deployment.environment, **MEASURED, **settings}
    return replace(system, deployment=replace(system.deployment, environment=environment))


def figures(capsys: pytest.CaptureFixture[str]) -> Figures:
    found: Figures = defaultdict(list)
    for point in points_of(capsys.readouterr().out.splitlines()):
        assert point.namespace == "noukai"
        found[point.name, *(part for pair in point.dimensions for part in pair)].append(point.value)
    return dict(found)


def test_job_that_completes(measured: System, capsys: pytest.CaptureFixture[str]) -> None:
    """It is submitted, starts after a while, and ends; nothing of it is told of twice."""
    stream = Stream()
    job_id = measured.submit(parameters={"a": 1}).body["id"]
    measured.clock.time += 2500
    now = measured.clock.time
    job = measured.deployment.table.claim(
        job_id, created_at=now - 2500, owner="me", lease_until=now + 60_000, now=now
    )
    measured.clock.time += 700
    measured.deployment.table.complete(job, result="1", now=measured.clock.time)
    count(measured, stream.records())
    assert figures(capsys) == {
        ("Submitted", *KIND): [1],
        ("Started", *KIND): [1],
        ("Waited", *KIND): [2500],
        ("Lateness", *KIND): [2500],
        ("Completed", *KIND): [1],
        ("Ran", *KIND): [700],
    }


def test_job_that_is_retried_in_vain(measured: System, capsys: pytest.CaptureFixture[str]) -> None:
    """A backoff is no lateness, and only the first start ends the waiting."""
    stream = Stream()
    job_id = measured.submit(parameters={"a": 1}).body["id"]
    created_at = measured.clock.time
    table = measured.deployment.table
    for late in (0, 30):
        measured.clock.time += late
        now = measured.clock.time
        job = table.claim(job_id, created_at=created_at, owner="me", lease_until=now + 60_000, now=now)
        measured.clock.time += 100
        if late == 0:
            table.release(job, error="x", not_before=measured.clock.time + 5000, now=measured.clock.time)
            measured.clock.time += 5000
    table.fail(job, error="x", now=measured.clock.time)
    count(measured, stream.records())
    assert figures(capsys) == {
        ("Submitted", *KIND): [1],
        ("Started", *KIND): [2],
        ("Waited", *KIND): [0],
        ("Lateness", *KIND): [0, 30],
        ("Failed", *KIND): [1],
        ("Retried", *KIND): [1],
        ("Ran", *KIND): [200],
    }


def test_flow_of_its_own(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    """It is counted with its worker kind, too; another flow only there."""
    records = [
        ended(1),
        ended(2, state=State.FAILED),
        ended(3, flow="demo/other"),
    ]
    count(with_settings(system, METRICS_FLOWS="demo/echo"), records)
    found = figures(capsys)
    assert found["FailedShare", "Flow", "demo/echo"] == [0, 1]
    assert sum(found["Completed", *KIND]) == 2
    assert not [key for key in found if "demo/other" in key]


def test_many_jobs_share_a_line(measured: System, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, whatever the number of jobs, orgs and flows, as long as none has a hundred values."""
    count(measured, [submitted(number) for number in range(1, 100)])
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_time_is_that_of_the_last_record(measured: System, capsys: pytest.CaptureFixture[str]) -> None:
    """A stream that is read late gives no metrics of today."""
    record = ended(1)
    record["dynamodb"]["ApproximateCreationDateTime"] = 1_600_000_000.0
    count(measured, [record])
    assert {point.at for point in points_of(capsys.readouterr().out.splitlines())} == {1_600_000_000_000}


def test_restored_and_unreadable_rows_are_no_jobs(
    measured: System, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be counted is told of once, and holds up nothing."""
    broken: Record = {"eventID": "1", "dynamodb": {"NewImage": {"id": {"S": "job_x"}}, "SequenceNumber": "5"}}
    count(measured, [restored(1, by=7), broken, ended(2)])
    assert figures(capsys) == {
        ("Unsettled",): [1],
        ("Completed", *KIND): [1],
        ("Ran", *KIND): [1000],
    }


def test_starts_are_no_usage(measured: System) -> None:
    """The records of starts pass through the counting without a word."""
    stream = Stream()
    measured.run("add", parameters={"a": 1})
    records = [each for each in stream.records() if is_start(each)]
    assert len(records) == 1
    before = len(measured.calls)
    count(measured, records)
    assert [call for call in measured.calls[before:] if call[0] in ("UpdateItem", "PutItem")] == []


def test_no_line_without_metrics(system: System, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is the catalog loaded for them."""
    count(system, [ended(1), submitted(2)])
    assert capsys.readouterr().out == ""
    assert "catalog" not in vars(system.deployment)


def started(number: int) -> Record:
    record = ended(number, state=State.RUNNING, completed_at=None, ran_ms=None, started_at=stand_in.NOW)
    record["dynamodb"]["OldImage"] = submitted(number)["dynamodb"]["NewImage"]
    return record


@pytest.mark.parametrize(("jobs", "usd"), [(1, 0.3), (round(counted_together()), 0.15), (30, 0.08)])
def test_price_of_a_million_jobs(
    measured: System, capsys: pytest.CaptureFixture[str], jobs: int, usd: float
) -> None:
    """The lines' bytes at CloudWatch's price: a job alone in its batch, an even million, many."""
    records = [each(number) for number in range(1, jobs + 1) for each in (submitted, started, ended)]
    count(measured, records)
    lines = capsys.readouterr().out.splitlines()
    written = sum(len(line.encode()) + prices.assumed("log_event_bytes") for line in lines)
    assert prices.usd("log_bytes", written) / jobs * 1_000_000 <= usd


def test_fifteen_custom_metrics(measured: System, capsys: pytest.CaptureFixture[str]) -> None:
    """However much happens on the default worker: AWS bills each name with each dimension."""
    everything: list[Any] = [each(number) for number in range(1, 4) for each in (submitted, started, ended)]
    everything += [ended(5, state=State.FAILED, attempt=2), ended(6, state=State.CANCELLED)]
    count(measured, everything)
    of_others = {"Unsettled", "DeadLetters", "TableThrottles", "SweepRounds"}
    assert len({*figures(capsys)} | {(name,) for name in of_others}) <= 15
