"""The retention of jobs: expired ones are gone at once, even if their row is not deleted."""

from typing import Any

import pytest

from noukai_functions.names import EXPIRES_AT
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System, assert_refused

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
KEY = {"idempotency-key": "order 66"}
OF_A_JOB = [route for route in Route if "{id}" in route.template]
HOURLY = {"maxAttempts": 1, "keepSeconds": 3600}


def failed(system: System, **options: Any) -> str:
    job_id: str = system.submit("trial/fail", message="no", options={"maxAttempts": 1, **options}).body["id"]
    system.deliver()
    return job_id


@pytest.mark.parametrize(
    ("flow", "options", "kept_ms"),
    [
        ("add", {}, 7 * DAY_MS),
        ("add", {"keepSeconds": 3600}, HOUR_MS),
        ("add", {"keepSeconds": 365 * 24 * 3600}, 365 * DAY_MS),
        ("forget-soon", {}, 2 * HOUR_MS),
        ("forget-soon", {"keepSeconds": None}, 2 * HOUR_MS),
        ("forget-soon", {"keepSeconds": 30 * 24 * 3600}, 30 * DAY_MS),
    ],
)
def test_job_is_kept_as_asked(system: System, flow: str, options: dict[str, Any], kept_ms: int) -> None:
    """The submission decides, else the flow, else it is a week; it counts from the job's end."""
    parameters = {"a": 1} if flow == "add" else {}
    job_id = system.submit(f"trial/{flow}", parameters=parameters, options=options).body["id"]
    system.clock.time += 5000
    system.deliver()
    assert system.row(job_id).expires_at == (system.clock.time + kept_ms) // 1000
    system.clock.time += kept_ms - 1000
    assert system.status(job_id)["state"] == "completed"
    system.clock.time += 1000
    assert system.send(Route.STATUS_BY_ID, id=job_id).code == "JOB_NOT_FOUND"


@pytest.mark.parametrize("end", ["failed", "cancelled"])
@pytest.mark.parametrize("route", OF_A_JOB, ids=lambda route: route.name)
def test_expired_job_is_unknown_to_every_route(system: System, route: Route, end: str) -> None:
    """From the second it expires it is answered as an unknown id, and nothing is written or sent."""
    if end == "failed":
        job_id = failed(system, keepSeconds=3600)
    else:
        job_id = system.submit("trial/fail", message="no", options=HOURLY).body["id"]
        system.send(Route.CANCEL_BY_ID, id=job_id)
        system.deliver()
    system.clock.time += HOUR_MS - 1000
    path = {
        "id": job_id,
        **({"step": "attempt-1"} if "{step}" in route.template else {}),
        **({"org": "acme", "project": "trial", "flow": "fail"} if "{flow}" in route.template else {}),
    }
    known = system.send(route, **path)
    if route is Route.STEP_TRACE and end == "cancelled":  # before it had an attempt
        assert (known.status, known.code) == (404, "NOT_FOUND")
    else:
        assert known.status in (200, 202)
    system.clock.time += 1000
    rows, messages = system.row(job_id), system.messages()
    answer = system.send(route, **path)
    assert (answer.status, answer.code) == (404, "JOB_NOT_FOUND")
    assert (system.row(job_id), system.messages()) == (rows, messages)


@pytest.mark.parametrize("route", [Route.SUBMIT, Route.EXECUTE], ids=lambda route: route.name)
def test_expired_job_frees_its_key(system: System, route: Route) -> None:
    """The same key makes a new job, even with another body."""
    system.submit(parameters={"a": 1}, headers=KEY, options={"keepSeconds": 3600})
    system.deliver()
    system.clock.time += HOUR_MS
    system.clock.while_asleep = system.deliver
    body = {"parameters": {"a": 41}}
    answer = system.send(route, body=body, headers=KEY, org="acme", project="trial", flow="add").body
    system.deliver()
    status = system.status(answer["executionId"])
    assert (status["result"]["output"], status["createdAt"]) == (42, "2023-11-14T23:13:20.000Z")


def test_input_is_kept_as_long_as_its_job(system: System) -> None:
    """A failed job can be retried until it expires; the new job is kept as long."""
    job_id = failed(system, keepSeconds=30 * 24 * 3600)
    item = system.deployment.table.client.get_item(TableName="jobs", Key={"id": {"S": f"{job_id}#input"}})[
        "Item"
    ]
    assert int(item[EXPIRES_AT]["N"]) == system.row(job_id).expires_at
    system.clock.time += 30 * DAY_MS - 1000
    again = system.send(Route.RETRY_BY_ID, id=job_id).body["id"]
    system.deliver()
    assert system.row(again).expires_at == system.clock.time // 1000 + 30 * 24 * 3600


@pytest.mark.parametrize("seconds", [0, 3599, 365 * 24 * 3600 + 1, -3600, 3600.5, "3600", True])
def test_time_out_of_bounds_is_refused(system: System, seconds: object) -> None:
    """A job is kept for an hour at least and a year at most, in whole seconds."""
    answer = system.submit(parameters={"a": 1}, options={"keepSeconds": seconds})
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert [error["path"] for error in answer.body["detail"]["errors"]] == ["options.keepSeconds"]


def test_flows_say_how_long_they_are_kept(system: System) -> None:
    """The description of a flow has its retention."""
    flows = {flow["flow"]: flow["keepSeconds"] for flow in system.send(Route.FLOWS).body["flows"]}
    assert (flows["acme/trial/forget-soon"], flows["acme/trial/add"]) == (7200, 604_800)
