"""The reader of dead letters: it fails jobs that nobody runs, and leaves the others alone."""

from typing import Any

import pytest

from noukai_wire.routes import Route
from tests.functions.harness import System


def deliver(system: System, job_id: str, **changes: Any) -> dict[str, Any]:
    """Make the job's message a dead-letter message, and invoke the reader with it."""
    system.deployment.dead_letters.send(system.message_of(job_id, **changes))
    return system.deliver(queue=system.deployment.dead_letters)


def dead_letters(system: System) -> int:
    return system.messages(system.deployment.dead_letters)


def test_job_that_never_started_is_failed(system: System) -> None:
    """The job is failed with the reason, and the message is deleted."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    deliver(system, job_id)
    status = system.status(job_id)
    assert (status["state"], "never started" in status["error"]) == ("failed", True)
    assert dead_letters(system) == 0


def test_job_whose_worker_is_lost_is_failed(system: System) -> None:
    """A job whose lease is over is failed although attempts are left."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    claim(system, job_id)
    system.clock.time += 60_001
    deliver(system, job_id)
    status = system.status(job_id)
    assert (status["state"], "worker lost" in status["error"]) == ("failed", True)


def test_job_that_waits_for_another_attempt_keeps_its_error(system: System) -> None:
    """The error of a released job includes what went wrong before."""
    job_id = system.submit("trial/fail", message="no luck").body["id"]
    system.deliver()
    system.clock.time += 60_001
    deliver(system, job_id)
    error = "never started again after attempt 1 of 2: ValueError: no luck"
    assert system.status(job_id)["error"] == error


def claim(system: System, job_id: str) -> None:
    now = system.clock.time
    system.deployment.table.claim(job_id, created_at=now, owner="other", lease_until=now + 60_000, now=now)


def test_running_job_is_not_touched(system: System) -> None:
    """The message of a job with a live lease is deferred until the lease is over."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    claim(system, job_id)
    answer = deliver(system, job_id)
    assert len(answer["batchItemFailures"]) == 1
    assert system.hidden_for() == [60]
    assert (system.status(job_id)["state"], dead_letters(system)) == ("running", 1)


def test_waiting_job_is_not_touched(system: System) -> None:
    """The message of a job that waits for its time is deferred until then."""
    job_id = system.submit(parameters={"a": 1}, options={"delaySeconds": 600}).body["id"]
    deliver(system, job_id)
    assert system.hidden_for() == [600]
    assert (system.status(job_id)["state"], dead_letters(system)) == ("pending", 1)


@pytest.mark.parametrize("changes", [{"id": "job_" + "a" * 26}, {"created_at": 1}])
def test_dead_letter_of_no_row_is_dropped(system: System, changes: dict[str, Any]) -> None:
    """A message without a row, or of another submission, is dropped."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    assert deliver(system, job_id, **changes) == {"batchItemFailures": []}
    assert (system.status(job_id)["state"], dead_letters(system)) == ("pending", 0)


def test_dead_letter_of_a_settled_job_is_dropped(system: System) -> None:
    """The message of an ended job is dropped."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    assert deliver(system, job_id) == {"batchItemFailures": []}
    assert (system.status(job_id)["state"], dead_letters(system)) == ("cancelled", 0)


def test_dead_letter_that_cannot_be_processed_stays(system: System) -> None:
    """While the table cannot be reached, the message stays, for the operator to send again."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    system.deployment.dead_letters.send(system.message_of(job_id))
    system.deployment.table.client.delete_table(TableName="jobs")
    assert len(system.deliver(queue=system.deployment.dead_letters)["batchItemFailures"]) == 1
    assert dead_letters(system) == 1


def test_dead_letter_that_is_no_message_is_dropped(system: System) -> None:
    """A message that no submission wrote is dropped with a line in the log."""
    dead = system.deployment.dead_letters
    dead.client.send_message(QueueUrl=dead.url, MessageBody="{}")
    assert system.deliver(queue=dead) == {"batchItemFailures": []}
    assert dead_letters(system) == 0
