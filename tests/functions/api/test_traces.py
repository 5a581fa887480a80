"""The caller's trace: from the header `traceparent` through the message to the flow and its children."""

import json
from typing import Any

import pytest

from noukai_wire import limits
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, output
from tests.functions.stand_ins.delayed_messages import delayed_messages, fire, moment

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
ADDRESS = {"org": "acme", "project": "tracing", "flow": "show-trace"}


def headers(traceparent: str | None = TRACE, **more: str) -> dict[str, str]:
    return {**({} if traceparent is None else {"traceparent": traceparent}), **more}


def submit(system: System, traceparent: str | None = TRACE, key: str = "", **body: Any) -> Answer:
    sent = headers(traceparent, **({"idempotency-key": key} if key else {}))
    return system.send(Route.SUBMIT, body=body, headers=sent, **ADDRESS)


def shown(system: System, job_id: str) -> list[Any]:
    """Return what the flow has seen, without its process."""
    return list(output(system.status(job_id))[:-1])


def bodies(system: System) -> list[Any]:
    """Return the messages that were sent, as JSON."""
    sent = [parameters["MessageBody"] for name, parameters in system.calls if name == "SendMessage"]
    return [json.loads(body) for body in sent]


def everywhere(traceparent: str) -> list[str]:
    return [traceparent, traceparent, f"TRACEPARENT={traceparent}"]


NOWHERE = [None, None]


def test_flow_and_its_children_see_the_trace(system: System) -> None:
    """The context has it, and so has the environment."""
    job_id = submit(system).body["id"]
    system.deliver()
    assert shown(system, job_id) == everywhere(TRACE)


def test_state_goes_with_the_trace(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the flow and its children, and not to the next job; without a valid trace it is dropped."""
    monkeypatch.setenv("TRACESTATE", "worker=1")
    state = {"tracestate": "rojo=00f067aa0ba902b7 , congo=t61rcWkgMzE"}
    sent = (headers(**state), headers(), headers("x", **state), headers(tracestate="no state"))
    job_ids = [system.send(Route.SUBMIT, body={}, headers=each, **ADDRESS).body["id"] for each in sent]
    system.deliver()
    whole = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
    assert [shown(system, job_id) for job_id in job_ids] == [
        [*everywhere(TRACE), f"TRACESTATE={whole}", whole, whole],
        everywhere(TRACE),
        NOWHERE,
        everywhere(TRACE),
    ]


def test_retried_job_keeps_the_state_of_its_own_trace(system: System) -> None:
    """A retry that belongs to another trace has that one's, or none."""
    body, old = {"parameters": {"fails": True}}, headers(tracestate="rojo=1")
    states = []
    for own in (None, headers(OTHER), headers(OTHER, tracestate="congo=2")):
        job_id = system.send(Route.SUBMIT, body=body, headers=old, **ADDRESS).body["id"]
        system.deliver()
        system.send(Route.RETRY_BY_ID, id=job_id, headers=own)
        states.append(bodies(system)[-1].get("tracestate"))
        system.deliver()
    assert states == ["rojo=1", None, "congo=2"]


def test_next_attempt_sees_nothing_of_it(system: System) -> None:
    """The environment of a process is restored; a worker's own trace is none of its jobs'."""
    seen = []
    for traceparent in (TRACE, None, OTHER, None):
        job_id = submit(system, traceparent).body["id"]
        system.deliver()
        seen.append(output(system.status(job_id)))
    assert [each[:-1] for each in seen] == [everywhere(TRACE), NOWHERE, everywhere(OTHER), NOWHERE]
    assert len({each[-1] for each in seen}) == 1


def test_trace_of_the_worker_is_not_that_of_its_jobs(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local system may be started within a trace."""
    monkeypatch.setenv("TRACEPARENT", OTHER)
    job_ids = [submit(system, traceparent).body["id"] for traceparent in (None, TRACE, None)]
    system.deliver()
    assert [shown(system, job_id) for job_id in job_ids] == [NOWHERE, everywhere(TRACE), NOWHERE]


def test_every_job_of_a_batch_belongs_to_the_trace(system: System) -> None:
    answer = system.send(Route.SUBMIT_JOBS, body={"jobs": [{}, {}]}, headers=headers(), **ADDRESS)
    system.deliver()
    ids = [entry["job"]["id"] for entry in answer.body["jobs"]]
    assert [shown(system, job_id) for job_id in ids] == [everywhere(TRACE)] * 2


def test_execution_belongs_to_the_trace(system: System) -> None:
    system.clock.while_asleep = lambda: system.deliver() if len(system.clock.slept) == 1 else None
    answer = system.send(Route.EXECUTE, body={}, headers=headers(), **ADDRESS)
    assert answer.body["output"][:-1] == everywhere(TRACE)


@pytest.mark.parametrize(
    "wrong", ["", "x", TRACE.upper(), f"{TRACE}, {OTHER}", "00-" + "0" * 32 + TRACE[35:]]
)
def test_invalid_header_is_ignored(system: System, wrong: str) -> None:
    """It is no error, and the job has no trace."""
    answer = submit(system, wrong)
    system.deliver()
    assert (answer.status, shown(system, answer.body["id"])) == (202, NOWHERE)


def test_job_without_a_trace_pays_nothing_for_it(system: System) -> None:
    """Neither its message nor its row says anything; a traced job's row is the same."""
    rows = []
    for traceparent in (None, TRACE):
        job_id = submit(system, traceparent).body["id"]
        found = system.deployment.table.client.get_item(TableName="jobs", Key={"id": {"S": job_id}})
        rows.append(found["Item"].keys())
    without, traced = bodies(system)
    assert rows[0] == rows[1]
    assert "traceparent" not in without
    assert traced.keys() - without.keys() == {"traceparent"}


def test_repeated_submission_may_have_another_trace(system: System) -> None:
    """A span of each try of a request is usual: the idempotency key still names the same job."""
    first, second = (submit(system, traceparent, key="k") for traceparent in (TRACE, OTHER))
    assert (second.status, second.body["id"]) == (202, first.body["id"])


def test_later_job_belongs_to_the_trace(system: System) -> None:
    """Its message waits in a schedule."""
    job_id = submit(system, options={"runAt": moment(system, 3600)}).body["id"]
    system.clock.time += 3600 * 1000
    fire(system)
    system.deliver()
    assert shown(system, job_id) == everywhere(TRACE)


def test_trace_is_no_reason_to_refuse_a_job(system: System) -> None:
    """A message that just fits into a schedule goes without it."""
    options = {"runAt": moment(system, 3600)}
    submit(system, None, options=options, parameters={"ballast": ""})
    (schedule,) = delayed_messages(system)
    room = limits.MAX_SCHEDULED_BYTES - len(schedule["Target"]["Input"])
    full: dict[str, Any] = {"parameters": {"ballast": "x" * room}, "options": options}
    answers = [submit(system, traceparent, **full).status for traceparent in (None, TRACE)]
    assert answers == [202, 202]
    others = [
        each["Target"]["Input"] for each in delayed_messages(system) if each["Name"] != schedule["Name"]
    ]
    assert [len(each) for each in others] == [limits.MAX_SCHEDULED_BYTES] * 2
    full["parameters"] = {"ballast": "x" * (room + 1)}
    assert submit(system, None, **full).status == 413


@pytest.mark.parametrize(("own", "expected"), [(None, TRACE), (OTHER, OTHER), ("x", TRACE)])
def test_retried_job(system: System, own: str | None, expected: str) -> None:
    """It belongs to the trace of its retry's caller, else to that of the failed job."""
    job_id = submit(system, parameters={"fails": True}).body["id"]
    system.deliver()
    assert system.status(job_id)["state"] == "failed"
    again = system.send(Route.RETRY_BY_ID, id=job_id, headers=headers(own)).body["id"]
    system.deliver()
    assert system.status(again)["error"] == f"PermanentError: {everywhere(expected)!r}"
