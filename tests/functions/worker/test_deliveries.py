"""The handling of a delivery: it is claimed, deferred, dropped or given back."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.table import Refused
from noukai_wire import limits
from tests.functions.harness import System, output
from tests.functions.stand_ins.calls import hook, unreachable


def test_visibility_that_cannot_be_shortened(system: System) -> None:
    """A worker whose first request to the queue fails still runs its jobs."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    hook(system.deployment.queue.client, "ChangeMessageVisibilityBatch", before=unreachable)
    assert system.deliver() == {"batchItemFailures": []}
    assert system.status(job_id)["state"] == "completed"


def test_delivery_that_fails_returns_after_a_lease(system: System) -> None:
    """A claim that cannot reach the table is retried soon, before the queue's own visibility ends."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    end = hook(system.deployment.table.client, "UpdateItem", before=unreachable)
    assert len(system.deliver()["batchItemFailures"]) == 1
    assert system.hidden_for() == [60]
    end()
    assert "attempt" not in system.status(job_id)


def test_second_attempt_may_succeed(system: System) -> None:
    """A job whose first worker vanished runs again, as attempt 2, once its lease is over."""
    job_id = system.submit("trial/say-who").body["id"]
    claim_elsewhere(system, job_id)
    system.clock.time += 60_001
    system.deliver()
    assert output(system.status(job_id))["attempt"] == 2


def claim_elsewhere(system: System, job_id: str) -> Job:
    """Claim the job as another worker that then falls silent."""
    now = system.clock.time
    created_at = system.row(job_id).created_at
    table = system.deployment.table
    return table.claim(job_id, created_at=created_at, owner="elsewhere", lease_until=now + 60_000, now=now)


def test_delivery_of_a_running_job_is_deferred(system: System) -> None:
    """The delivery is hidden until the lease is over, not deleted."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    claim_elsewhere(system, job_id)
    answer = system.deliver()
    assert len(answer["batchItemFailures"]) == 1
    assert system.hidden_for()[-1] == 60
    assert system.messages() == 1


def test_delivery_before_its_time_is_deferred(system: System) -> None:
    """The delivery is hidden until its job may start."""
    job_id = system.submit("trial/ask-for-time").body["id"]
    system.deliver()
    message = system.message_of(job_id)
    system.deployment.queue.send(message)
    system.deliver()
    assert system.hidden_for()[-1] == 7
    assert system.status(job_id)["attempt"] == 1


def test_lost_worker_without_attempts_left(system: System) -> None:
    """A job whose last worker vanished fails as `worker lost`."""
    job_id = system.submit(parameters={"a": 1}, options={"maxAttempts": 1}).body["id"]
    claim_elsewhere(system, job_id)
    system.clock.time += 60_001
    system.deliver()
    status = system.status(job_id)
    assert (status["state"], status["error"]) == (
        "failed",
        "worker lost: attempt 1 of 1 ended without reporting an outcome",
    )
    assert system.messages() == 0


def test_late_worker_cannot_settle(system: System) -> None:
    """Every write of a worker whose job was taken over is refused, and the new one is not disturbed."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    late = claim_elsewhere(system, job_id)
    system.clock.time += 60_001
    system.deliver()
    settled = system.status(job_id)
    table, now = system.deployment.table, system.clock.time
    with pytest.raises(Refused):
        table.complete(late, result="0", now=now)
    with pytest.raises(Refused):
        table.fail(late, error="late", now=now)
    with pytest.raises(Refused):
        table.release(late, error="late", not_before=now, now=now)
    with pytest.raises(Refused):
        table.extend(late, lease_until=now + 1, progress=None, now=now)
    assert system.status(job_id) == settled


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", "{}", '{"id": 1}', '{"id": "job_x", "surprise": true}']
)
def test_poison_is_dropped(system: System, body: str) -> None:
    """A body that is not a message is dropped; the rest of the batch runs."""
    queue = system.deployment.queue
    queue.client.send_message(QueueUrl=queue.url, MessageBody=body or " ")
    job_id = system.submit(parameters={"a": 1}).body["id"]
    assert system.deliver() == {"batchItemFailures": []}
    assert system.status(job_id)["state"] == "completed"
    assert system.messages() == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": "x" * 5000},
        {"id": 7},
        {"created_at": True},
        {"created_at": 1.5},
        {"created_at": -1},
        {"created_at": 10**60},
        {"org": None},
        {"flow": ["trial/add"]},
        {"arguments": [1]},
        {"arguments": {"a": json.loads("[" * 400 + "]" * 400)}},
        {"timeout_seconds": "5"},
        {"timeout_seconds": -5},
        {"timeout_seconds": True},
        {"backoff_seconds": float("nan")},
        {"backoff_seconds": "1"},
        {"backoff_cap_seconds": -1},
    ],
    ids=lambda changes: f"{changes}"[:40],
)
def test_field_that_no_submission_writes_is_poison(
    system: System, changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """A message with an invalid field is dropped with one line in the log, and changes nothing."""
    job_id = system.submit(parameters={"a": 1}, options={"delaySeconds": 900}).body["id"]
    queue = system.deployment.queue
    queue.client.send_message(QueueUrl=queue.url, MessageBody=system.message_of(job_id, **changes).body)
    assert_dropped(system, caplog)
    assert system.status(job_id)["state"] == "pending"


def assert_dropped(system: System, caplog: pytest.LogCaptureFixture) -> None:
    """Assert that the delivery is deleted and one line says so."""
    with caplog.at_level(logging.WARNING, "noukai"):
        assert system.deliver() == {"batchItemFailures": []}
    assert [record.message for record in caplog.records] == ["a message was dropped"]


def test_field_of_a_newer_submit_is_ignored(system: System) -> None:
    """During an update, a worker runs the messages of a newer submit."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    queue = system.deployment.queue
    queue.client.purge_queue(QueueUrl=queue.url)
    body = json.loads(system.message_of(job_id, arguments={"a": 1}).body) | {"priority": 3}
    queue.client.send_message(QueueUrl=queue.url, MessageBody=json.dumps(body))
    system.deliver()
    assert system.status(job_id)["state"] == "completed"


@pytest.mark.parametrize("changes", [{"id": "job_" + "a" * 26}, {"created_at": 1}])
def test_message_of_no_row_is_dropped(
    system: System, changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """A message without a row, or of another submission with the same id, is dropped."""
    job_id = system.submit(parameters={"a": 1}, options={"delaySeconds": 900}).body["id"]
    system.deployment.queue.send(system.message_of(job_id, **changes))
    assert_dropped(system, caplog)
    assert system.status(job_id)["state"] == "pending"


def test_name_of_a_flow_too_long_for_a_row(system: System) -> None:
    """The job fails and the error says so, however long the unknown flow's name."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    queue = system.deployment.queue
    queue.client.purge_queue(QueueUrl=queue.url)
    queue.send(system.message_of(job_id, flow="x" * 500_000))
    assert system.deliver() == {"batchItemFailures": []}
    assert len(system.status(job_id)["error"]) == limits.MAX_ERROR_BYTES


def test_flow_that_is_gone_fails_its_job(system: System) -> None:
    """The error says that the deployment no longer has the flow."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    queue = system.deployment.queue
    queue.client.purge_queue(QueueUrl=queue.url)
    version = system.deployment.catalog.version
    queue.send(system.message_of(job_id, flow="trial/was-here", version=version))
    system.deliver()
    status = system.status(job_id)
    assert (status["state"], status["error"]) == (
        "failed",
        "FlowNotFound: this deployment no longer has the flow 'trial/was-here'",
    )


def test_slow_batch_gives_back_deliveries_that_have_not_started(system: System) -> None:
    """Deliveries that wait a second for the first job are given back at once, without using an attempt."""
    system.clock.step = 300
    slow = system.submit("trial/count", parameters={"steps": 1}).body["id"]
    others = [
        system.submit("trial/hang", parameters={"begun": "x", "ended": "y"}).body["id"] for _ in range(2)
    ]
    answer = system.deliver(remaining_ms=30_000)
    assert {system.status(job_id).get("attempt") for job_id in others} == {None}
    assert len(answer["batchItemFailures"]) == 2
    assert 0 in system.hidden_for()
    assert system.status(slow)["state"] == "completed"


def test_visibility_is_shortened_for_the_whole_batch_in_one_request(system: System) -> None:
    """On arrival, one request hides every delivery of the batch for one lease only."""
    for _ in range(3):
        system.submit(parameters={"a": 1})
    system.deliver()
    first = next(
        parameters for operation, parameters in system.calls if operation == "ChangeMessageVisibilityBatch"
    )
    assert [entry["VisibilityTimeout"] for entry in first["Entries"]] == [60, 60, 60]


def test_short_visibility_needs_no_shortening(system: System) -> None:
    """A queue whose visibility is within the lease needs no request."""
    system.submit(parameters={"a": 1})
    system.deliver(remaining_ms=60_000)
    assert "ChangeMessageVisibilityBatch" not in [operation for operation, _ in system.calls]


@pytest.mark.parametrize(("step", "seconds", "spent"), [(300, 2, False), (8_000, 30, True)])
def test_short_visibility_is_extended_with_the_lease(
    system: System, tmp_path: Path, step: int, seconds: int, spent: bool
) -> None:
    """A job of seconds needs no request either; one of more than a third of the lease does."""
    files = {"begun": str(tmp_path / "begun"), "ended": str(tmp_path / "ended")}
    system.submit("trial/hang", parameters=files, options={"timeoutSeconds": seconds, "maxAttempts": 1})
    system.clock.step = step
    system.deliver(remaining_ms=60_000)
    assert ("ChangeMessageVisibilityBatch" in [operation for operation, _ in system.calls]) is spent
