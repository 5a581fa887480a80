"""The trace of a run, as the published SDKs ask for it: a job with its attempts as steps."""

import json
from typing import Any

import noukai_sdk
import pytest
from noukai_sdk._streaming import parse_sse_stream_sync

from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System

PATH = {"org": "acme", "project": "speaking"}


def trace(system: System, job_id: str, flow: str = "raise-after") -> Any:
    answer = system.send(Route.TRACE, id=job_id, flow=flow, **PATH)
    assert answer.status == 200
    noukai_sdk.Trace.model_validate(answer.body)
    return answer.body


def streamed(system: System, job_id: str, flow: str = "raise-after") -> list[Any]:
    """Return the events as the SDK reads them: none is left out."""
    answer = system.send(Route.TRACE_STREAM, id=job_id, flow=flow, **PATH)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream")
    events = [*parse_sse_stream_sync(iter([answer.body.encode()]))]
    assert len(events) == answer.body.count("\n\n")
    return events


def test_failed_attempts_are_failed_steps(system: System) -> None:
    job_id = system.submit("speaking/raise-after", message="no").body["id"]
    assert trace(system, job_id)["steps"] == []
    system.deliver()
    waiting = trace(system, job_id)
    assert (waiting["flowRun"]["status"], waiting["flowRun"]["stepCount"]) == ("pending", 1)
    assert "completedAt" not in waiting["flowRun"]
    system.clock.time += 60_000
    system.deployment.queue.send(system.message_of(job_id, arguments={"message": "no"}))
    system.deliver()
    ended = trace(system, job_id)
    assert [(step["stepId"], step["attempt"], step["status"]) for step in ended["steps"]] == [
        ("attempt-1", 1, "failed"),
        ("attempt-2", 2, "failed"),
    ]
    assert ended["steps"][1]["errorContext"] == {"message": "ValueError: no"}
    assert ended["flowRun"]["flowId"] == "acme/speaking/raise-after"
    assert ended["flowRun"]["durationMs"] == 60_000


def test_completed_job_has_its_output(system: System) -> None:
    job_id = system.submit(parameters={"a": 1, "b": 2}).body["id"]
    system.deliver()
    answer = system.send(Route.TRACE, id=job_id, org="acme", project="trial", flow="add").body
    (step,) = noukai_sdk.Trace.model_validate(answer).steps
    assert (step.status, step.output_context, step.error_context) == ("completed", {"output": 3}, None)
    assert answer["flowRun"]["status"] == "completed"


def test_cancelled_job_is_a_failed_run(system: System) -> None:
    job_id = system.submit("speaking/raise-after", message="no").body["id"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    assert trace(system, job_id)["flowRun"]["status"] == "failed"


def test_stream_is_held_until_the_end(system: System) -> None:
    job_id = system.submit("speaking/print-lines", parameters={"count": 1}).body["id"]
    system.clock.while_asleep = lambda: len(system.clock.slept) == 2 and system.deliver()
    events = streamed(system, job_id, "print-lines")
    kinds = [event.event_type for event in events]
    assert kinds == ["run_started", "step_started", "step_completed", "flow_completed"]
    assert (events[0].execution_id, events[-1].result["status"]) == (job_id, "completed")
    assert system.status(job_id)["state"] == "completed"


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_stream_of_what_there_is(system: System, state: str) -> None:
    """After 25 seconds the stream ends without an end of the run."""
    job_id = system.submit("speaking/raise-after", message="no", options={"maxAttempts": 1}).body["id"]
    if state == "failed":
        system.deliver()
    kinds = [event.event_type for event in streamed(system, job_id)]
    assert (
        kinds
        == {
            "pending": ["run_started"],
            "failed": ["run_started", "step_started", "step_error", "flow_completed"],
        }[state]
    )
    assert sum(system.clock.slept) == (25 if state == "pending" else 0)


def step(system: System, job_id: str, name: str, query: str = "") -> Any:
    path = {"id": job_id, "flow": "raise-after", "step": name, **PATH}
    return system.send(Route.STEP_TRACE, query=query, **path)


def test_each_attempt_is_a_step_of_its_own(system: System) -> None:
    """The SDK asks for the latest attempt of a step, for all of them or for one by its number."""
    job_id = system.submit("speaking/raise-after", message="no").body["id"]
    assert step(system, job_id, "attempt-1").code == ErrorCode.NOT_FOUND
    system.deliver()
    system.clock.time += 60_000
    system.deployment.queue.send(system.message_of(job_id, arguments={"message": "no"}))
    system.deliver()
    for each in trace(system, job_id)["steps"]:
        for query in ("", "attempt=latest", f"attempt={each['attempt']}"):
            answer = step(system, job_id, each["stepId"], query)
            assert (answer.status, answer.body) == (200, each)
            noukai_sdk.StepTrace.model_validate(answer.body)
        every = noukai_sdk.StepAttempts.model_validate(
            step(system, job_id, each["stepId"], "attempt=all").body
        )
        assert (every.step_id, [one.attempt for one in every.attempts]) == (each["stepId"], [each["attempt"]])


@pytest.mark.parametrize(
    ("name", "query", "code"),
    [
        ("attempt-2", "", ErrorCode.NOT_FOUND),
        ("attempt-1", "attempt=2", ErrorCode.NOT_FOUND),
        ("step-1", "attempt=all", ErrorCode.NOT_FOUND),
        *(("attempt-1", f"attempt={wrong}", ErrorCode.INVALID_INPUT) for wrong in ("0", "-1", "none", "٢")),
        ("attempt-1", "loop_index=0", ErrorCode.INVALID_INPUT),
    ],
)
def test_step_that_a_run_does_not_have(system: System, name: str, query: str, code: ErrorCode) -> None:
    job_id = system.submit("speaking/raise-after", message="no").body["id"]
    system.deliver()
    assert step(system, job_id, name, query).code == code


@pytest.mark.parametrize("route", [Route.TRACE, Route.STEP_TRACE, Route.TRACE_STREAM])
def test_job_of_another_org_or_flow_is_unknown(system: System, route: Route) -> None:
    job_id = system.submit("speaking/raise-after", message="no").body["id"]
    named = {"step": "attempt-1"} if route is Route.STEP_TRACE else {}
    answer = system.send(route, id=job_id, flow="silent", **PATH, **named)
    assert answer.code == ErrorCode.JOB_NOT_FOUND
    system.key = "nk_globex"
    answer = system.send(route, id=job_id, org="globex", project="speaking", flow="raise-after", **named)
    assert answer.code == ErrorCode.JOB_NOT_FOUND
    assert job_id not in json.dumps(answer.body)
