"""The input of a job, where it is stored anyway."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from noukai_functions.jobs.lifecycle import START_WITHIN_MS
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.api.test_uploads import Uploads
from tests.functions.harness import Answer, System
from tests.functions.stand_ins.delayed_messages import moment

EXACT = {"message": "grüße \U0001f388", "parameters": {"ballast": [3544790567247868102, 0.1, 1.0, -0.0]}}
HOUR = 3600


def asked(system: System, job_id: str) -> Answer:
    return system.send(Route.INPUT_BY_ID, id=job_id)


def failed(system: System, **body: Any) -> str:
    status = system.run("fail", options={"maxAttempts": 1}, **body)
    assert status["state"] == "failed"
    return str(status["id"])


def test_input_of_a_failed_job_is_shown_exactly(system: System) -> None:
    """No number changes on the way, nor does any character."""
    job_id = failed(system, **EXACT)
    del system.calls[:]
    answer = asked(system, job_id)
    assert answer.status == 200
    assert json.dumps(answer.body) == json.dumps(EXACT)
    assert [operation for operation, _ in system.calls] == ["GetItem", "GetItem"]


def test_both_forms_of_the_route_answer(system: System) -> None:
    job_id = failed(system, message="no luck")
    path = {"org": "acme", "project": "trial", "id": job_id}
    expected = {"message": "no luck", "parameters": {}}
    assert system.send(Route.INPUT, flow="fail", **path).body == expected
    assert system.send(Route.INPUT, flow="add", **path).code == ErrorCode.JOB_NOT_FOUND


def test_input_without_a_message_has_none(system: System) -> None:
    """A cancelled job's input is back once a worker has seen its message."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    early = asked(system, job_id)
    assert (early.code, "look again later" in early.body["detail"]["message"]) == (ErrorCode.NOT_FOUND, True)
    system.deliver()
    assert asked(system, job_id).body == {"parameters": {"a": 1}}


def test_job_that_waits_for_its_time_shows_its_input(system: System) -> None:
    """From its schedule, until that is due; then it is in the queue."""
    options = {"runAt": moment(system, HOUR)}
    job_id = system.submit("trial/add", parameters={"a": 7}, options=options).body["id"]
    assert asked(system, job_id).body == {"parameters": {"a": 7}}
    system.clock.time += HOUR * 1000
    assert asked(system, job_id).code == ErrorCode.NOT_FOUND


@pytest.mark.parametrize("state", ["pending", "completed"])
def test_input_that_is_not_kept(system: System, state: str) -> None:
    """The refusal says why, and costs no read beyond the job's."""
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    if state == "completed":
        system.deliver()
    del system.calls[:]
    answer = asked(system, job_id)
    assert (answer.status, answer.code) == (404, ErrorCode.NOT_FOUND)
    said = {"pending": "until the job ends", "completed": "this one is completed"}[state]
    assert said in answer.body["detail"]["message"]
    assert [operation for operation, _ in system.calls] == ["GetItem"]


def test_input_lost_with_its_message(system: System) -> None:
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    system.clock.time += START_WITHIN_MS
    answer = asked(system, job_id)
    assert "was lost with the job's message" in answer.body["detail"]["message"]


def test_uploaded_input_is_given_by_url(large: System, s3: Endpoint) -> None:
    """With its size and its SHA-256, byte by byte as it was uploaded, until it has expired."""
    uploads = Uploads(large, s3)
    given = {"message": "no luck " * 100_000, "parameters": {"ballast": [3544790567247868102]}}
    reference = uploads.upload(given, "trial/fail")
    job_id = failed(large, input=reference)
    shown = asked(large, job_id).body
    content = httpx.get(shown["inputUrl"], verify=s3.trust()).content
    assert content == json.dumps(given).encode()
    assert (shown["inputBytes"], shown["inputSha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    uploads.lose(reference)
    assert "has expired" in asked(large, job_id).body["detail"]["message"]
