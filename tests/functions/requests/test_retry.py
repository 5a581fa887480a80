"""Retrying a job that did not complete."""

import json
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import START_WITHIN_MS
from noukai_functions.jobs.queues.queue import Message
from noukai_wire.models import JobAccepted
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System


def failed(system: System, **options: Any) -> Any:
    """Return a job that failed, with its own input."""
    options = {"maxAttempts": 1, "metadata": {"for": "a test"}, **options}
    status = system.run("fail", message="no luck", options=options)
    assert status["state"] == "failed"
    return status


def retry(system: System, job_id: str) -> Answer:
    return system.send(Route.RETRY, org="acme", project="trial", flow="fail", id=job_id)


def test_failed_job_is_submitted_again(system: System) -> None:
    """The same input becomes a new job that names the one it retries; the old one is unchanged."""
    old = failed(system, timeoutSeconds=7, backoffSeconds=2, backoffCapSeconds=3)
    answer = retry(system, old["id"])
    accepted = JobAccepted.model_validate(answer.body)
    assert (answer.status, accepted.state, accepted.id != old["id"]) == (202, "pending", True)
    sent = next(parameters for operation, parameters in reversed(system.calls) if operation == "SendMessage")
    message = Message.parse(sent["MessageBody"])
    assert (message.timeout_seconds, message.backoff_seconds, message.backoff_cap_seconds) == (7, 2, 3)
    system.deliver()
    new = system.status(accepted.id)
    assert (new["error"], new["retryOf"]) == ("ValueError: no luck", old["id"])
    assert (new["maxAttempts"], new["metadata"]) == (1, {"for": "a test"})
    assert system.status(old["id"]) == old


def test_retrying_twice_makes_one_job(system: System) -> None:
    """A second retry returns the job of the first; that job can be retried in turn."""
    old = failed(system)
    first = retry(system, old["id"]).body["id"]
    assert retry(system, old["id"]).body["id"] == first
    system.deliver()
    assert retry(system, first).body["id"] not in (first, old["id"])


def test_cancelled_job_is_submitted_again(system: System) -> None:
    """It can be retried once its message has been received, before or after its flow began."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    early = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (early.status, early.code, early.headers["Retry-After"]) == (503, "UNAVAILABLE", "2")
    system.deliver()
    again = system.send(Route.RETRY_BY_ID, id=job_id).body["id"]
    system.deliver()
    assert system.status(again)["result"]["output"] == 2


def test_dead_letters_job_is_submitted_again(system: System) -> None:
    """A job that the reader of dead letters has failed can be retried."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    dead = system.deployment.dead_letters
    dead.send(system.message_of(job_id, arguments={"a": 41}))
    system.deliver(queue=dead)
    again = system.send(Route.RETRY_BY_ID, id=job_id).body["id"]
    system.deliver()
    assert system.status(again)["result"]["output"] == 42


def test_cancelled_job_whose_input_never_comes(system: System) -> None:
    """Once its message is gone for good, the retry is told that the input is lost."""
    job_id = system.submit("trial/add", parameters={"a": 1}, options={"keepSeconds": 30 * 24 * 3600}).body[
        "id"
    ]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    system.clock.time += START_WITHIN_MS
    assert system.send(Route.RETRY_BY_ID, id=job_id).status == 422


@pytest.mark.parametrize(
    "body",
    [
        {"message": "é" * 131_000},
        {"message": "\U0001f388" * 65_000},
        {"message": "x", "parameters": {"ballast": [1e15] * 52_000}},
    ],
    ids=["two bytes", "four bytes", "numbers"],
)
def test_largest_inputs_are_kept(system: System, body: dict[str, Any]) -> None:
    """The job fails and is retried however much its input grows when stored: a row holds 400 KB."""
    raw = json.dumps({**body, "options": {"maxAttempts": 1}}, ensure_ascii=False, separators=(",", ":"))
    raw = raw.replace("1000000000000000.0", "1e15")
    job_id = system.send(Route.SUBMIT, raw=raw, org="acme", project="trial", flow="fail").body["id"]
    assert system.deliver() == {"batchItemFailures": []}
    assert system.status(job_id)["state"] == "failed"
    kept = system.deployment.saved_inputs.read(system.row(job_id))
    assert kept is not None
    assert kept.arguments == {"message": body["message"]} | body.get("parameters", {})
    assert retry(system, job_id).status == 202


def test_input_is_found_at_once(system: System) -> None:
    """The read is consistent: a caller who has just seen the failure finds the input."""
    old = failed(system)
    del system.calls[:]
    retry(system, old["id"])
    reads = [parameters for operation, parameters in system.calls if operation == "GetItem"]
    assert [read["ConsistentRead"] for read in reads if read["TableName"] == "jobs"] == [True, True]


def test_id_that_is_used_again_is_retried_anew(system: System) -> None:
    """A job with the id of an expired one is retried as itself, although the other's retry is still kept."""
    headers = {"idempotency-key": "k"}
    retried = []
    for message, pause in (("first", 3_000_000), ("second", 0)):
        job_id = system.submit(
            "trial/fail", message=message, headers=headers, options={"maxAttempts": 1, "keepSeconds": 3600}
        ).body["id"]
        system.deliver()
        system.clock.time += pause
        answer = retry(system, job_id)
        assert answer.status == 202
        retried.append(answer.body["id"])
        system.deliver()
        system.clock.time += 700_000
    assert [system.status(retried[1])[name] for name in ("error", "retryOf")] == [
        "ValueError: second",
        job_id,
    ]
    assert system.status(retried[0])["state"] == "failed"


@pytest.mark.parametrize("whose", ["expired", "another org's", "nobody's"])
def test_unknown_jobs_are_not_retried(system: System, whose: str) -> None:
    """An expired job, or another org's, is unknown."""
    job_id = failed(system)["id"] if whose != "nobody's" else "job_" + "a" * 26
    if whose == "expired":
        system.clock.time += 8 * 24 * 3600 * 1000
    if whose == "another org's":
        system.key = "nk_globex"
    answer = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (answer.status, answer.code) == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("end", ["pending", "running", "completed"])
def test_other_jobs_are_not_retried(system: System, end: str) -> None:
    """The refusal names the job's state."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    if end == "running":
        now = system.clock.time
        system.deployment.table.claim(job_id, created_at=now, owner="o", lease_until=now + 1, now=now)
    if end == "completed":
        system.deliver()
    answer = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (answer.status, answer.code) == (422, "INVALID_INPUT")
    assert end in answer.body["detail"]["message"]


def test_lost_input_is_reported(system: System) -> None:
    """A job whose message was never received cannot be retried, and the error says so."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.clock.time += START_WITHIN_MS
    answer = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (answer.status, "input was lost" in answer.body["detail"]["message"]) == (422, True)


def test_completed_job_pays_nothing_for_retries(system: System) -> None:
    """Only a job that does not complete pays for saving its input."""
    system.run("add", parameters={"a": 1})
    assert "PutItem" not in [operation for operation, _ in system.calls]
    system.run("fail", message="x", options={"maxAttempts": 1})
    puts = [parameters["Item"]["id"]["S"] for operation, parameters in system.calls if operation == "PutItem"]
    assert [name.partition("#")[2] for name in puts] == ["log#1", "input"]


def test_input_that_does_not_return_is_reported_as_lost(system: System) -> None:
    """The input of a cancelled job is awaited for an hour, the time its message may need, not for days."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    assert system.send(Route.RETRY_BY_ID, id=job_id).status == 503
    system.clock.time += 3600 * 1000
    answer = system.send(Route.RETRY_BY_ID, id=job_id)
    assert (answer.status, "input was lost" in answer.body["detail"]["message"]) == (422, True)
