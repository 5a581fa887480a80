import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import DELIVERY_MS
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.table import JobsTable
from noukai_wire import limits
from noukai_wire.models import JobAccepted
from noukai_wire.routes import Route
from tests.functions.harness import System


def test_repeated_submissions_cost_one_message(system: System) -> None:
    """Within a delivery time the same key sends at most once more, in case the first send crashed."""
    headers = {"idempotency-key": "k"}
    for _ in range(10):
        assert system.submit(parameters={"a": 1}, headers=headers).status == 202
    assert system.messages() == 2
    system.clock.time += DELIVERY_MS
    for _ in range(10):
        system.submit(parameters={"a": 1}, headers=headers)
    assert system.messages() == 3


def test_repeated_submission_of_a_delayed_job(system: System) -> None:
    """Its delivery time begins when it may start."""
    headers, options = {"idempotency-key": "k"}, {"delaySeconds": 600}
    for _ in range(3):
        system.submit(parameters={"a": 1}, headers=headers, options=options)
        system.clock.time += 2 * DELIVERY_MS
    assert system.messages() == 2


def test_repeated_submission_that_cannot_be_noted(system: System) -> None:
    """The job is accepted anyway: its message is on its way."""
    headers = {"idempotency-key": "k"}
    system.submit(parameters={"a": 1}, headers=headers)
    refusal = AwsError("UpdateItem", "ThrottlingException", "slow")
    with patch.object(JobsTable, "note_resent", side_effect=refusal):
        assert system.submit(parameters={"a": 1}, headers=headers).status == 202


def test_submission_is_accepted(system: System) -> None:
    """The answer is 202 with the job, its location and when to ask."""
    answer = system.submit("trial/greet", message="world")

    accepted = JobAccepted.model_validate(answer.body)
    assert answer.status == 202
    assert answer.headers["Location"] == f"/api/v1/seq/acme/trial/greet/jobs/{accepted.id}"
    assert answer.headers["Retry-After"] == "1"
    assert answer.headers["X-Request-ID"] == "request-1"
    assert (accepted.state, accepted.flow, accepted.status) == ("pending", "acme/trial/greet", "started")
    assert (accepted.execution_id, accepted.flow_id, accepted.block_count) == (accepted.id, accepted.flow, 1)
    assert accepted.created_at == "2023-11-14T22:13:20.000Z"


def test_submission_costs_one_write_and_one_send(system: System) -> None:
    """With a cached API key it is one put and one send, also with an idempotency key."""
    system.submit(parameters={"a": 1})
    del system.calls[:]
    system.submit(parameters={"a": 1}, headers={"idempotency-key": "k"})
    assert [operation for operation, _ in system.calls] == ["PutItem", "SendMessage"]


def test_without_a_key_every_submission_is_a_new_job(system: System) -> None:
    """Two submissions without Idempotency-Key are two jobs."""
    assert system.submit(parameters={"a": 1}).body["id"] != system.submit(parameters={"a": 1}).body["id"]


def test_same_key_is_the_same_job(system: System) -> None:
    """The same key, flow and body return the same job, also after it has run; it does not run again."""
    headers = {"idempotency-key": "order 66"}
    first = system.submit(parameters={"a": 1}, headers=headers)
    system.deliver()
    again = system.submit(parameters={"a": 1}, headers=headers)
    assert (again.status, again.body) == (202, first.body)
    assert system.messages() == 0


def test_same_key_of_another_flow_is_another_job(system: System) -> None:
    """A key belongs to one flow of one org."""
    headers = {"idempotency-key": "order 66"}
    ids = {system.submit("trial/add", parameters={"a": 1}, headers=headers).body["id"]}
    ids.add(system.submit("trial/add-later", parameters={"a": 1}, headers=headers).body["id"])
    system.key = "nk_globex"
    ids.add(
        system.send(
            Route.SUBMIT,
            body={"parameters": {"a": 1}},
            headers=headers,
            org="globex",
            project="trial",
            flow="add",
        ).body["id"]
    )
    assert len(ids) == 3


@pytest.mark.parametrize(
    "other", [{"parameters": {"a": 2}}, {"parameters": {"a": 1}, "options": {"timeoutSeconds": 5}}]
)
def test_same_key_with_another_body_is_a_conflict(system: System, other: dict[str, Any]) -> None:
    """The answer is a 409, and the first job is unchanged."""
    headers = {"idempotency-key": "order 66"}
    first = system.submit(parameters={"a": 1}, headers=headers)
    answer = system.submit(headers=headers, **other)
    assert (answer.status, answer.code) == (409, "IDEMPOTENCY_CONFLICT")
    assert system.status(first.body["id"])["state"] == "pending"
    assert system.messages() == 1


def test_body_is_compared_after_parsing(system: System) -> None:
    """Spelling and order do not matter: null options and omitted SDK fields are the same as absent ones."""
    headers = {"idempotency-key": "order 66"}
    first = system.submit(parameters={"a": 1, "b": 2}, headers=headers)
    raw = '{"options": null, "trace": true, "parameters": {"b": 2,  "a": 1}}'
    again = system.send(Route.SUBMIT, raw=raw, headers=headers, org="acme", project="trial", flow="add")
    assert again.body == first.body


def test_many_callers_with_one_key_make_one_job(system: System) -> None:
    """Callers that submit the same key at the same time all get one job."""
    with ThreadPoolExecutor(32) as callers:
        answers = list(
            callers.map(
                lambda _: system.submit(parameters={"a": 1}, headers={"idempotency-key": "k"}), range(32)
            )
        )
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    while system.messages():
        system.deliver()
    assert (system.row(answers[0].body["id"]).state, system.row(answers[0].body["id"]).attempt) == (
        "completed",
        1,
    )


def test_failed_send_is_healed_by_the_retry(system: System) -> None:
    """A send that fails after the put is a 503; a retry with the same key sends the message."""
    url = system.deployment.environment["QUEUE_URL"]
    headers = {"idempotency-key": "k"}
    system.deployment.queue.client.delete_queue(QueueUrl=url)
    answer = system.submit(parameters={"a": 1}, headers=headers)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "UNAVAILABLE", "1")

    system.deployment.queue.client.create_queue(QueueName="QUEUE_URL")
    retried = system.submit(parameters={"a": 1}, headers=headers)
    system.deliver()
    assert system.status(retried.body["id"])["result"]["output"] == 2


def test_delayed_job_waits(system: System) -> None:
    """`delaySeconds` delays the message, and the job cannot be claimed before its time."""
    answer = system.submit(parameters={"a": 1}, options={"delaySeconds": 300})
    sent = next(parameters for operation, parameters in system.calls if operation == "SendMessage")
    assert sent["DelaySeconds"] == 300
    assert answer.headers["Retry-After"] == "10"


def test_options_reach_the_job(system: System) -> None:
    """A submission's metadata, attempts, retention and timeout override the flow's and the deployment's."""
    answer = system.submit(
        parameters={"a": 1},
        options={"maxAttempts": 7, "metadata": {"team": "Ä"}, "keepSeconds": 3600, "timeoutSeconds": 9},
    )
    sent = next(parameters for operation, parameters in system.calls if operation == "SendMessage")
    assert Message.parse(sent["MessageBody"]).timeout_seconds == 9
    system.deliver()
    status = system.status(answer.body["id"])
    assert (status["maxAttempts"], status["metadata"]) == (7, {"team": "Ä"})
    assert status["expiresAt"] == "2023-11-14T23:13:20.000Z"


def test_backoff_of_a_submission_reaches_its_worker(system: System) -> None:
    """It overrides the flow's, to the fraction, and is in the message only if given."""
    options = {"backoffSeconds": 0.25, "backoffCapSeconds": 2.0}
    for chosen in ({}, options):
        system.submit(parameters={"a": 1}, options=chosen)
    plain, own = (
        parameters["MessageBody"] for operation, parameters in system.calls if operation == "SendMessage"
    )
    assert "backoff" not in plain
    assert "timeout" not in plain
    assert (Message.parse(own).backoff_seconds, Message.parse(own).backoff_cap_seconds) == (0.25, 2)


@pytest.mark.parametrize("end", ["running", "completed", "failed", "cancelled"])
def test_retried_submission_of_a_job_that_moved_on(system: System, end: str) -> None:
    """In every state the key returns the job, and nothing is sent again."""
    headers, options = {"idempotency-key": "k"}, {"maxAttempts": 1}
    first = system.submit("trial/fail", message="x", headers=headers, options=options).body
    job_id, now = first["id"], system.clock.time
    if end == "cancelled":
        system.send(Route.CANCEL_BY_ID, id=job_id)
    elif end == "failed":
        system.deliver()
    else:
        table = system.deployment.table
        job = table.claim(job_id, created_at=now, owner="o", lease_until=now + 1, now=now)
        if end == "completed":
            table.complete(job, result="1", now=now)
    assert system.status(job_id)["state"] == end
    del system.calls[:]
    again = system.submit("trial/fail", message="x", headers=headers, options=options)
    assert (again.status, again.body) == (202, first)
    assert [operation for operation, _ in system.calls] == ["PutItem"]


def test_whole_numbers_may_be_spelled_as_floats(system: System) -> None:
    """`5.0` is 5: JSON has only one kind of number."""
    options = {"delaySeconds": 0.0, "maxAttempts": 2.0, "keepSeconds": 3600.0, "timeoutSeconds": 9.0}
    answer = system.submit(parameters={"a": 1}, options=options)
    system.deliver()
    status = system.status(answer.body["id"])
    assert (status["state"], status["maxAttempts"]) == ("completed", 2)


def test_largest_body_fits_the_queue(large: System) -> None:
    """The largest body, of characters that grow most when encoded, is accepted and arrives."""
    overhead = len(json.dumps({"message": ""}))
    text = "é" * ((limits.MAX_BODY_BYTES - overhead) // 2)
    raw = json.dumps({"message": text}, ensure_ascii=False)
    accepted = large.send(Route.SUBMIT, raw=raw, org="acme", project="trial", flow="perhaps")
    large.deliver()
    assert large.status(accepted.body["id"])["result"]["output"] == f"got {text}"
    too_large = large.send(Route.SUBMIT, raw=raw + " " * 10, org="acme", project="trial", flow="perhaps")
    assert (too_large.status, too_large.code) == (413, "PAYLOAD_TOO_LARGE")
    assert "262144" in too_large.body["detail"]["message"]
