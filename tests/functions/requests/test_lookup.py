"""Status and cancel."""

import pytest

from noukai_functions.jobs.lifecycle import START_WITHIN_MS
from noukai_wire.flows import FlowList
from noukai_wire.models import JobStatus
from noukai_wire.routes import Route
from tests.functions.harness import System


def new_job(system: System) -> str:
    job_id: str = system.submit(parameters={"a": 1}).body["id"]
    del system.calls[:]
    return job_id


def test_pending_job(system: System) -> None:
    """A pending job is shown with its known values and a poll interval."""
    job = new_job(system)
    answer = system.send(Route.STATUS, org="acme", project="trial", flow="add", id=job)
    assert answer.body == {
        "id": job,
        "state": "pending",
        "flow": "acme/trial/add",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "maxAttempts": 3,
        "executionId": job,
        "status": "pending",
    }
    assert (answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == ("1", "1000")


def test_completed_job(system: System) -> None:
    """The result is as the contract and the published SDKs want it, without Retry-After."""
    job = new_job(system)
    system.clock.time += 1500
    system.deliver()
    answer = system.send(Route.STATUS_BY_ID, id=job)
    status = JobStatus.model_validate(answer.body)
    assert answer.body["result"] == {
        "status": "completed",
        "output": 2,
        "executionId": job,
        "flowId": "acme/trial/add",
        "blockCount": 1,
    }
    assert (status.state, status.attempt, status.error) == ("completed", 1, None)
    assert status.queued_for is not None
    assert status.queued_for.total_seconds() == 1.5
    assert status.expires_at == "2023-11-21T22:13:21.000Z"
    assert "Retry-After" not in answer.headers


def test_status_is_one_consistent_read(system: System) -> None:
    """A status costs one strongly consistent read."""
    job = new_job(system)
    system.send(Route.STATUS_BY_ID, id=job)
    assert [(operation, parameters["ConsistentRead"]) for operation, parameters in system.calls] == [
        ("GetItem", True)
    ]


@pytest.mark.parametrize(
    "route",
    [
        Route.STATUS_BY_ID,
        Route.WAIT_BY_ID,
        Route.LOGS_BY_ID,
        Route.EVENTS_BY_ID,
        Route.INPUT_BY_ID,
        Route.CANCEL_BY_ID,
    ],
    ids=lambda r: r.name,
)
def test_job_of_another_org_is_unknown(system: System, route: Route) -> None:
    """It is answered exactly as an unknown id, and not changed."""
    job = new_job(system)
    system.key = "nk_globex"
    answers = [system.send(route, id=id_) for id_ in (job, "job_" + "a" * 26, "nonsense", "job_" + "A" * 26)]
    assert {(answer.status, str(answer.body)) for answer in answers} == {(404, str(answers[0].body))}
    assert answers[0].code == "JOB_NOT_FOUND"
    system.key = "nk_acme"
    assert system.status(job)["state"] == "pending"


@pytest.mark.parametrize(
    "route",
    [Route.STATUS, Route.WAIT, Route.LOGS, Route.EVENTS, Route.INPUT, Route.CANCEL],
    ids=lambda r: r.name,
)
def test_job_of_another_flow_is_unknown(system: System, route: Route) -> None:
    """A job is found below its own flow only."""
    job = new_job(system)
    answer = system.send(route, org="acme", project="trial", flow="greet", id=job)
    assert (answer.status, answer.code) == (404, "JOB_NOT_FOUND")
    assert system.status(job)["state"] == "pending"


def test_next_read_fails_a_job_that_never_started(system: System) -> None:
    """A job whose message was lost fails once it can never start, with that reason."""
    job = new_job(system)
    system.clock.time += START_WITHIN_MS
    status = system.status(job)
    assert (status["state"], status["error"]) == (
        "failed",
        "never started: its message was lost or could not be delivered",
    )
    assert system.deliver() == {"batchItemFailures": []}
    assert system.messages() == 0


def test_cancel_is_one_write(system: System) -> None:
    """One write cancels a pending job; its answer shows that, and its flow never runs."""
    job = new_job(system)
    answer = system.send(Route.CANCEL, org="acme", project="trial", flow="add", id=job)
    assert [operation for operation, _ in system.calls] == ["UpdateItem"]
    assert (answer.status, answer.body["state"]) == (200, "cancelled")
    assert (answer.body["status"], answer.body["error"]) == ("failed", "cancelled")
    assert answer.body["expiresAt"] == "2023-11-21T22:13:20.000Z"
    system.deliver()
    assert system.status(job) == answer.body
    assert system.messages() == 0


def test_cancel_of_a_terminal_job_changes_nothing(system: System) -> None:
    """An ended job is returned unchanged."""
    job = new_job(system)
    system.deliver()
    before = system.status(job)
    answer = system.send(Route.CANCEL_BY_ID, id=job)
    assert (answer.status, answer.body) == (200, before)


def test_flows_of_the_deployment(system: System) -> None:
    """`GET /flows` shows each flow by the caller's address of it, with the schema of its input."""
    system.key = "nk_globex"
    flows = {flow.flow: flow for flow in FlowList.model_validate(system.send(Route.FLOWS).body).flows}
    assert flows["globex/trial/add"].description == "Add two numbers."
    assert flows["globex/trial/add"].input["required"] == ["a"]
    assert flows["globex/trial/add"].input["properties"]["b"]["default"] == 1
    assert flows["globex/trial/fail"].max_attempts == 2
    assert "context" not in flows["globex/trial/count"].input["properties"]


def test_health_needs_no_key(system: System) -> None:
    """The health check answers everybody."""
    system.key = None
    answer = system.send(Route.HEALTH)
    assert (answer.status, answer.body) == (200, {"status": "ok"})


def test_key_is_looked_up_once_a_minute(system: System) -> None:
    """A key is cached for a minute, so a revocation takes effect within it."""

    def ask() -> int:
        return system.send(Route.FLOWS).status

    assert [ask(), ask()] == [200, 200]
    assert [operation for operation, _ in system.calls].count("GetItem") == 1
    system.deployment.table.client.update_item(
        TableName="keys",
        Key={"hash": {"S": system.calls[0][1]["Key"]["hash"]["S"]}},
        UpdateExpression="SET revoked = :now",
        ExpressionAttributeValues={":now": {"N": "1"}},
    )
    system.clock.time += 59_000
    assert ask() == 200
    system.clock.time += 1_001
    assert ask() == 401
