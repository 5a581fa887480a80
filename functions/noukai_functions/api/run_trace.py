"""The trace of a run for the published SDKs: a job with its attempts as steps. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from noukai_functions.api.answers import flow_address
from noukai_functions.api.statuses import Shown
from noukai_functions.api.timeline import Event, timeline
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.refusals import InvalidInputError, StepNotFoundError
from noukai_functions.timestamps import timestamp

_NUMBER = re.compile("[1-9][0-9]?")
_ENDS = frozenset({"retried", "completed", "failed", "cancelled"})


def run_trace(job: Job, shown: Shown) -> dict[str, Any]:
    """Return the run's summary and its steps; `shown` has the job's output."""
    steps = [_step(*pair, shown) for pair in _attempts(job)]
    return {"flowRun": _summary(job, len(steps)), "steps": steps}


def step_trace(job: Job, shown: Shown, step_id: str, attempt: str) -> dict[str, Any]:
    """Return one step; `attempt` is `latest`, `all` or the number of the step's own attempt.

    Raises:
        StepNotFoundError: the run has no such step, or not with that attempt.
        InvalidInputError: the attempt is none of the three.
    """
    if attempt not in ("latest", "all") and not _NUMBER.fullmatch(attempt):
        raise InvalidInputError([("attempt", "must be latest, all or the number of an attempt")])
    for step in run_trace(job, shown)["steps"]:
        if step["stepId"] == step_id and attempt in ("latest", "all", str(step["attempt"])):
            return {**step, "attempts": [step]} if attempt == "all" else step
    raise StepNotFoundError


def trace_events(trace: Mapping[str, Any], shown: Shown) -> str:
    """Return a trace as server-sent events; that of an ended run ends with its completion."""
    run, steps = trace["flowRun"], trace["steps"]
    events = [{"eventType": "run_started", "executionId": run["id"], "flowId": run["flowId"], "stepCount": 1}]
    for step in steps:
        events += _events_of(step)
    if "completedAt" in run:
        result = {"status": run["status"], **shown}
        events.append(
            {"eventType": "flow_completed", "executionId": run["id"], "result": result, "summary": run}
        )
    return "".join(_framed(event) for event in events)


def _events_of(step: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    named = {"stepId": step["stepId"], "name": step["stepId"]}
    yield {"eventType": "step_started", **named}
    if step["status"] == "completed":
        output = (step.get("outputContext") or {}).get("output")
        yield {"eventType": "step_completed", **named, "output": output, "durationMs": step.get("durationMs")}
    elif step["status"] == "failed":
        yield {"eventType": "step_error", **named, "error": step.get("errorContext")}


def _framed(event: Mapping[str, Any]) -> str:
    return f"event: {event['eventType']}\ndata: {json.dumps(event, separators=(',', ':'))}\n\n"


def _summary(job: Job, steps: int) -> dict[str, Any]:
    fields = {
        "id": job.id,
        "flowId": flow_address(job),
        "status": _status(job.state),
        "triggerType": "api",
        "startedAt": timestamp(job.started_at),
        "completedAt": timestamp(job.completed_at),
        "durationMs": _between(job.started_at, job.completed_at),
        "stepCount": steps,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _attempts(job: Job) -> Iterator[tuple[Event, Event | None]]:
    """Yield the start of each attempt, and its end if it has ended."""
    events = timeline(job)
    for started in events:
        if started.type == "started":
            ends = [end for end in events if end.type in _ENDS and end.attempt == started.attempt]
            yield started, ends[0] if ends else None


def _step(started: Event, end: Event | None, shown: Shown) -> dict[str, Any]:
    is_completed = end is not None and end.type == "completed"
    error = None if end is None or is_completed else {"message": end.message or end.type}
    fields = {
        "stepId": f"attempt-{started.attempt}",
        "attempt": started.attempt,
        "status": "running" if end is None else "completed" if is_completed else "failed",
        "startedAt": timestamp(started.at),
        "completedAt": end and timestamp(end.at),
        "durationMs": end and _between(started.at, end.at),
        "outputContext": dict(shown) if is_completed and shown else None,
        "errorContext": error,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _status(state: State) -> str:
    # The published SDKs know only `completed` and `failed` as ends.
    return State.FAILED.value if state is State.CANCELLED else state.value


def _between(start: int | None, end: int | None) -> int | None:
    return None if start is None or end is None else max(0, end - start)
