"""Retrying a job that did not complete."""

from typing import Any

import pytest

from noukai_wire.models import JobAccepted
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System


def failed(system: System, **options: Any) -> Any:
    """A job that failed, with an input of its own."""
    options = {"maxAttempts": 1, "metadata": {"for": "a test"}, **options}
    status = system.run("fail", message="no luck", options=options)
    assert status["state"] == "failed"
    return status


def retry(system: System, job_id: str) -> Answer:
    return system.send(Route.RETRY, org="acme", project="trial", flow="fail", id=job_id)


def test_failed_job_is_submitted_again(system: System) -> None:
    """The same input becomes a new job that says which one it retries; the old one stays as it is."""
    old = failed(system, timeoutSeconds=7)
    answer = retry(system, old["id"])
    accepted = JobAccepted.model_validate(answer.body)
    assert (answer.status, accepted.state, accepted.id != old["id"]) == (202, "pending", True)
    system.deliver()
    new = system.status(accepted.id)
    assert (new["error"], new["retryOf"]) == ("ValueError: no luck", old["id"])
    assert (new["maxAttempts"], new["metadata"]) == (1, {"for": "a test"})
    assert system.status(old["id"]) == old


def test_retrying_twice_makes_one_job(system: System) -> None:
    """Who retries a job that was retried gets the job that came of it; that one can be retried in turn."""
    old = failed(system)
    first = retry(system, old["id"]).body["id"]
    assert retry(system, old["id"]).body["id"] == first
    system.deliver()
    assert retry(system, first).body["id"] not in (first, old["id"])


def test_cancelled_job_is_submitted_again(system: System) -> None:
    """A cancelled job is retried once its message has come by, be it before or after its flow began."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    assert system.send(Route.RETRY_BY_ID, id=job_id).status == 422
    system.deliver()
    again = system.send(Route.RETRY_BY_ID, id=job_id).body["id"]
    system.deliver()
    assert system.status(again)["result"]["output"] == 2


def test_dead_letters_job_is_submitted_again(system: System) -> None:
    """A job that the reader of dead letters has settled can be retried."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    dead = system.deployment.dead_letters
    dead.send(system.message_of(job_id, arguments={"a": 41}))
    system.deliver(queue=dead)
    again = system.send(Route.RETRY_BY_ID, id=job_id).body["id"]
    system.deliver()
    assert system.status(again)["result"]["output"] == 42


@pytest.mark.parametrize("end", ["pending", "running", "completed"])
def test_other_jobs_are_not_retried(system: System, end: str) -> None:
    """A job that may still complete, or has, is refused with what it is."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    if end == "running":
        now = system.clock.time
        system.deployment.store.claim(job_id, created_at=now, owner="o", lease_until=now + 1, now=now)
    if end == "completed":
        system.deliver()
    answer = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (answer.status, answer.code) == (422, "INVALID_INPUT")
    assert end in answer.body["detail"]["message"]


def test_lost_input_is_said_to_be_lost(system: System) -> None:
    """A job whose message never came by cannot be retried, and says so."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.clock.time += 4 * 24 * 3600 * 1000
    answer = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (answer.status, "never delivered" in answer.body["detail"]["message"]) == (422, True)


def test_completed_job_pays_nothing_for_retries(system: System) -> None:
    """Only a job that does not complete costs the write of its input."""
    system.run("add", parameters={"a": 1})
    assert "PutItem" not in [operation for operation, _ in system.calls]
    system.run("fail", message="x", options={"maxAttempts": 1})
    assert [operation for operation, _ in system.calls].count("PutItem") == 1
