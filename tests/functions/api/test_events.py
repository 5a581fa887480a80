"""A job's timeline: what happened to it, from its row alone."""

from dataclasses import replace
from typing import Any

import pytest

from noukai_wire.routes import Route
from tests.bench.account.capacity import item_bytes
from tests.functions.harness import System


def events(system: System, job_id: str) -> list[dict[str, Any]]:
    answer = system.send(Route.EVENTS_BY_ID, id=job_id)
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.body["events"]
    assert found == sorted(found, key=lambda event: str(event["at"]))
    return found


def kinds(system: System, job_id: str) -> list[tuple[str, int | None]]:
    return [(event["type"], event.get("attempt")) for event in events(system, job_id)]


def test_completed_job(system: System) -> None:
    """It was submitted, started and completed, each at its own time."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    assert kinds(system, job_id) == [("submitted", None)]
    system.clock.time += 5000
    system.deliver()
    assert kinds(system, job_id) == [("submitted", None), ("started", 1), ("completed", 1)]
    status = system.status(job_id)
    shown = {event["type"]: event["at"] for event in events(system, job_id)}
    assert (shown["submitted"], shown["started"]) == (status["createdAt"], status["startedAt"])
    assert shown["completed"] == status["completedAt"]


@pytest.mark.parametrize("route", [Route.SUBMIT, Route.SUBMIT_JOBS, Route.EXECUTE])
def test_submission_names_the_key(system: System, route: Route) -> None:
    body = {"parameters": {"a": 1}}
    path = {"org": "acme", "project": "trial", "flow": "add"}
    system.send(route, body={"jobs": [body]} if route is Route.SUBMIT_JOBS else body, **path)
    (job_id,) = system.jobs()
    assert events(system, job_id)[0]["message"] == "by the key a test"


def test_retry_names_its_own_key(system: System) -> None:
    """Not that of the job which it retries."""
    system.add_key("nk_other", "acme", name="another")
    old = system.submit("trial/fail", message="no", options={"maxAttempts": 1}).body["id"]
    system.deliver()
    again = replace(system, key="nk_other").send(Route.RETRY_BY_ID, id=old).body["id"]
    assert events(system, old)[0]["message"] == "by the key a test"
    assert events(system, again)[0]["message"] == f"by the key another, as a retry of {old}"


def test_job_that_waits_says_until_when(system: System) -> None:
    job_id = system.submit(parameters={"a": 1}, options={"delaySeconds": 60}).body["id"]
    assert kinds(system, job_id) == [("submitted", None), ("waiting", None)]
    assert events(system, job_id)[1]["message"] == "until 2023-11-14T22:14:20.000Z, as submitted"


def test_failed_job_says_why(system: System) -> None:
    job_id = system.submit("trial/fail", message="no", options={"maxAttempts": 1}).body["id"]
    system.deliver()
    assert events(system, job_id)[-1]["message"] == system.status(job_id)["error"]


def test_timeline_is_one_read(system: System) -> None:
    job_id = system.submit(parameters={"a": 1}).body["id"]
    del system.calls[:]
    events(system, job_id)
    assert [operation for operation, _ in system.calls] == ["GetItem"]


def retried(system: System, flow: str = "speaking/raise-after", **options: Any) -> str:
    """Run the first attempt of a job that raises; return its id."""
    job_id: str = system.submit(flow, message="no", options=options).body["id"]
    system.deliver()
    return job_id


def attempt(system: System, job_id: str) -> None:
    """Run the next attempt."""
    system.clock.time += 15 * 60 * 1000
    system.deployment.queue.send(system.message_of(job_id, arguments={"message": "no"}))
    system.deliver()


def test_retried_job_says_why_and_when_it_starts_again(system: System) -> None:
    """The error of the last attempt in whole, of those before by its class; every attempt has its start."""
    job_id = retried(system, maxAttempts=3, backoffSeconds=60)
    first = events(system, job_id)[-1]
    assert (first["type"], first["attempt"]) == ("retried", 1)
    not_before = system.row(job_id).not_before
    assert not_before is not None
    assert first["message"].startswith("ValueError: no; the next attempt starts at 2023-11-14T")
    attempt(system, job_id)
    attempt(system, job_id)
    assert kinds(system, job_id) == [
        ("submitted", None),
        ("started", 1),
        ("retried", 1),
        ("started", 2),
        ("retried", 2),
        ("started", 3),
        ("failed", 3),
    ]
    shown = events(system, job_id)
    assert [event["message"] for event in shown if event["type"] == "retried"] == [
        "ValueError",
        "ValueError: no",
    ]


def test_only_the_last_attempts_are_kept(system: System) -> None:
    """Eight of twenty, in a row of less than a kilobyte."""
    job_id = retried(system, maxAttempts=20, metadata={"for": "x" * 100})
    for _ in range(19):
        attempt(system, job_id)
    started = [number for kind, number in kinds(system, job_id) if kind == "started"]
    assert started == [*range(13, 21)]
    (row,) = [item for item in system.deployment.table.client.scan(TableName="jobs")["Items"] if "s" in item]
    assert item_bytes(row) < 1024


def test_attempt_whose_worker_is_lost(system: System) -> None:
    """It was never written how it ended."""
    job_id = system.submit("speaking/raise-after", message="no").body["id"]
    now = system.clock.time
    system.deployment.table.claim(job_id, created_at=now, owner="lost", lease_until=now + 60_000, now=now)
    attempt(system, job_id)
    shown = [
        (event["type"], event.get("attempt"), event.get("message", "")) for event in events(system, job_id)
    ]
    assert shown[1:3] == [("started", 1, ""), ("retried", 1, "its worker was lost")]
    assert [(kind, number) for kind, number, _ in shown[3:]] == [("started", 2), ("failed", 2)]


def test_first_job_of_a_worker_waits_for_its_start(system: System) -> None:
    first, second = (system.submit(parameters={"a": 1}).body["id"] for _ in range(2))
    system.deliver()
    said = [
        next(event.get("message") for event in events(system, job_id) if event["type"] == "started")
        for job_id in (first, second)
    ]
    assert sorted(said, key=str) == [None, "on a new worker"]


def test_progress_of_a_running_job(system: System) -> None:
    job_id = system.submit(parameters={"a": 1}).body["id"]
    now = system.clock.time
    job = system.deployment.table.claim(job_id, created_at=now, owner="me", lease_until=now + 60_000, now=now)
    shown = {"percent": 12.5, "message": "counting"}
    system.deployment.table.extend(job, lease_until=now + 90_000, progress=shown, now=now + 5000)
    assert events(system, job_id)[-1] == {
        "at": "2023-11-14T22:13:25.000Z",
        "type": "progress",
        "attempt": 1,
        "message": "12.5 % counting",
    }
    system.deployment.table.complete(job, result="1", now=now + 6000)
    assert ("progress", 1) not in kinds(system, job_id)


@pytest.mark.parametrize("route", [Route.CANCEL_BY_ID, Route.CANCEL_JOBS])
def test_cancelled_job_names_the_key(system: System, route: Route) -> None:
    job_id = system.submit(parameters={"a": 1}).body["id"]
    path = (
        {"id": job_id} if route is Route.CANCEL_BY_ID else {"org": "acme", "project": "trial", "flow": "add"}
    )
    system.send(route, body={} if route is Route.CANCEL_JOBS else None, **path)
    assert events(system, job_id)[-1]["type"] == "cancelled"
    assert events(system, job_id)[-1]["message"] == "by the key a test"
    assert "attempt" not in events(system, job_id)[-1]


def test_stopped_code_of_a_cancelled_job(system: System) -> None:
    job_id = system.submit(parameters={"a": 1}).body["id"]
    now = system.clock.time
    job = system.deployment.table.claim(job_id, created_at=now, owner="me", lease_until=now + 60_000, now=now)
    system.send(Route.CANCEL_BY_ID, id=job_id)
    system.deployment.table.record_stopped(job, now + 2000)
    assert kinds(system, job_id)[-2:] == [("cancelled", 1), ("stopped", 1)]


@pytest.mark.parametrize(
    "history", ["", ";", "x", "1,2", "1,2,3,4,5,6", "1,x,3,E", "1,5,5,E;later", "1,9999999999999999,5,E"]
)
def test_history_of_a_later_version_hides_no_event(system: System, history: str) -> None:
    """What is not understood is left out; the job is shown."""
    job_id = retried(system, maxAttempts=2)
    system.deployment.table.client.update_item(
        TableName="jobs",
        Key={"id": {"S": job_id}},
        UpdateExpression="SET hi = :history",
        ExpressionAttributeValues={":history": {"S": history or " "}},
    )
    assert kinds(system, job_id)[0] == ("submitted", None)


def test_row_of_an_earlier_version(system: System) -> None:
    """It has none of what the timeline is made from but the times of its states."""
    job_id = retried(system, maxAttempts=2)
    system.deployment.table.client.update_item(
        TableName="jobs", Key={"id": {"S": job_id}}, UpdateExpression="REMOVE hi, sb"
    )
    assert kinds(system, job_id) == [("submitted", None), ("started", 1)]
    assert "message" not in events(system, job_id)[0]
