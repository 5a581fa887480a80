"""A job's timeline: what happened to it, from its row alone."""

from typing import Any

from noukai_wire.routes import Route
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
