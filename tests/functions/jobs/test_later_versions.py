"""Rows and messages of a later version, after a rollback: they are not misread, changed or dropped."""

import json
from typing import Any

from noukai_functions.jobs.queues.queue import JobQueue
from noukai_functions.jobs.row import FORMAT
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.jobs.sweeping import swept


def row(system: System, job_id: str) -> dict[str, Any]:
    found = system.deployment.table.client.get_item(TableName="jobs", Key={"id": {"S": job_id}})
    return dict(found["Item"])


def submitted_later(system: System) -> str:
    """Submit a job, as if a later version had written its row."""
    job_id: str = system.submit(parameters={"a": 1}).body["id"]
    later: Any = {**row(system, job_id), FORMAT: {"N": "2"}}
    system.deployment.table.client.put_item(TableName="jobs", Item=later)
    return job_id


def send_later(system: System, queue: JobQueue) -> str:
    """Replace a job's message by one that a later version sends."""
    job_id: str = system.submit(parameters={"a": 1}).body["id"]
    default = system.deployment.queue
    default.client.purge_queue(QueueUrl=default.url)
    body = json.loads(system.message_of(job_id, arguments={"a": 1}).body) | {"format": 2}
    queue.client.send_message(QueueUrl=queue.url, MessageBody=json.dumps(body))
    return job_id


def test_row_stays_as_it_is(system: System) -> None:
    """Nothing changes it, not even its delivery, which comes again after a lease."""
    job_id = submitted_later(system)
    before = row(system, job_id)
    assert system.send(Route.CANCEL_BY_ID, id=job_id).status == 404
    assert len(system.deliver()["batchItemFailures"]) == 1
    assert 60 in system.hidden_for()
    system.clock.time += 11 * 24 * 3600 * 1000
    assert swept(system) == 0
    assert row(system, job_id) == before


def test_message_is_given_back(system: System) -> None:
    """A worker of the later version takes it."""
    job_id = send_later(system, system.deployment.queue)
    assert len(system.deliver()["batchItemFailures"]) == 1
    assert system.hidden_for()[-1] == 60
    assert (system.status(job_id)["state"], system.messages()) == ("pending", 1)


def test_dead_letter_message_stays(system: System) -> None:
    """It stays until the operator sends it again."""
    job_id = send_later(system, system.deployment.dead_letters)
    assert len(system.deliver(queue=system.deployment.dead_letters)["batchItemFailures"]) == 1
    assert system.status(job_id)["state"] == "pending"


def test_kept_input_is_neither_retried_nor_shown(system: System) -> None:
    """What a later version has kept may mean something else."""
    job_id = system.run("fail", message="no luck", options={"maxAttempts": 1})["id"]
    job = system.row(job_id)
    inputs = system.deployment.saved_inputs
    kept = inputs.read(job)
    assert kept
    body = json.dumps({**json.loads(kept.body), "format": 2})
    inputs.keep(_Sent(body), job, system.clock.time)  # type: ignore[arg-type]
    assert system.send(Route.RETRY_BY_ID, id=job_id).status == 404
    assert system.send(Route.INPUT_BY_ID, id=job_id).code == ErrorCode.JOB_NOT_FOUND


class _Sent:
    """A message as a later version writes it."""

    def __init__(self, body: str) -> None:
        self.body = body
