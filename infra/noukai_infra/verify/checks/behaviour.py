"""The behaviour of the deployed API, through its endpoint."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus

import httpx

from noukai_infra.verify.check import Saw, check, expect, require
from noukai_infra.verify.deployed import KEPT, Deployed, answers
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route

_JOB_SECONDS = 30
_GATEWAYS_LIMIT = 10 * 1024 * 1024
_MARGIN_SECONDS = 5
_SCHEDULED_SECONDS = limits.MAX_DELAY_SECONDS + 2 * _JOB_SECONDS
_PRECISION_SECONDS = 60


@check("The endpoint is healthy.")
def healthy(deployed: Deployed, saw: Saw) -> None:
    response = deployed.api.get(Route.HEALTH.template)
    saw(f"{response.status_code} {response.text}")
    require(response.is_success and "X-Request-ID" in response.headers, "a success with X-Request-ID")


@check("An unknown route gets our 404.")
def unknown_route(deployed: Deployed, saw: Saw) -> None:
    response = deployed.api.get("/nowhere")
    saw(_seen(response))
    require(answers(response, ErrorCode.NOT_FOUND), "our 404")


@check("A method that no route has gets an answer of ours, not the gateway's 500.")
def method_without_a_route(deployed: Deployed, saw: Saw) -> None:
    for method in ("OPTIONS", "PATCH"):
        response = deployed.api.request(method, Route.FLOWS.template)
        saw(f"{method}: {response.status_code}, X-Request-ID {response.headers.get('X-Request-ID')}")
        is_ours = "X-Request-ID" in response.headers
        require(is_ours and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, "an answer of ours")


@check("A path with an encoded slash gets our 404.")
def encoded_slash(deployed: Deployed, saw: Saw) -> None:
    response = deployed.api.get(Route.STATUS_BY_ID.path(id="job_a/../b"))
    saw(_seen(response))
    require(answers(response, ErrorCode.NOT_FOUND, ErrorCode.JOB_NOT_FOUND), "our 404")


@check("A wrong key gets our 401 with its header.")
def wrong_key(deployed: Deployed, saw: Saw) -> None:
    response = deployed.api.get(Route.FLOWS.template, headers={"Authorization": "Bearer nk_unknown"})
    right, seen = answers(response, ErrorCode.UNAUTHENTICATED), _seen(response)
    headers = [name for name in response.headers if "www-authenticate" in name]
    saw(f"{seen}, headers {headers}")
    expect((right, headers), (True, ["www-authenticate"]))


@check("A body over our limit gets our 413.")
def too_large(deployed: Deployed, saw: Saw) -> None:
    path = Route.SUBMIT.path(org=deployed.org, project="demo", flow="echo")
    response = deployed.api.post(path, json={"message": "x" * limits.MAX_BODY_BYTES})
    saw(_seen(response))
    require(answers(response, ErrorCode.PAYLOAD_TOO_LARGE), "our 413")


@check("A body over the gateway's limit gets the gateway's 413.", on_aws=True)
def too_large_for_the_gateway(deployed: Deployed, saw: Saw) -> None:
    path = Route.SUBMIT.path(org=deployed.org, project="demo", flow="echo")
    response = deployed.api.post(path, json={"message": "x" * _GATEWAYS_LIMIT})
    shape = sorted(response.json())
    saw(_seen(response))
    expect((response.status_code, shape), (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ["message"]))


@check("An input that no body holds goes up, and its result comes back.", needs_demo=True)
def large(deployed: Deployed, saw: Saw) -> None:
    where = {"org": deployed.org, "project": "demo", "flow": "echo"}
    content = json.dumps({"message": "x" * limits.MAX_BODY_BYTES}).encode()
    announced = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "options": KEPT}
    target = deployed.api.post(Route.UPLOAD.path(**where), json=announced).raise_for_status().json()
    taken = httpx.put(target["url"], content=content, headers=target["headers"])
    submitted = deployed.api.post(
        Route.SUBMIT.path(**where), json={"input": target["input"], "options": KEPT}
    )
    status = deployed.ended(submitted.raise_for_status().json()["id"], _JOB_SECONDS)
    result = status.get("result") or {}
    fetched = httpx.get(result["outputUrl"]).content if "outputUrl" in result else b""
    right = hashlib.sha256(fetched).hexdigest() == result.get("outputSha256")
    saw(f"put {taken.status_code}, {status['state']} with {len(fetched)} bytes")
    require(right, "the bytes of outputSha256")


@check("A job completes.", needs_demo=True)
def job_completes(deployed: Deployed, saw: Saw) -> None:
    status = deployed.ended(deployed.submit("echo", {"value": 42}), _JOB_SECONDS)
    output = (status.get("result") or {}).get("output")
    saw(f"{status['state']}, {output}")
    expect((status["state"], output), ("completed", {"message": None, "value": 42}))


@check("A job that has ended is counted by way of the stream.", needs_demo=True)
def use_is_counted(deployed: Deployed, saw: Saw) -> None:

    def counted() -> int:
        jobs: int = deployed.api.get(Route.USAGE.template).raise_for_status().json()["total"]["jobs"]
        return jobs

    before, began = counted(), deployed.clock()
    deployed.ended(deployed.submit("echo", {}), _JOB_SECONDS)
    _until(deployed, lambda: counted() > before, 2 * _JOB_SECONDS)
    saw(f"{counted() - before} more after {deployed.clock() - began:.0f} s")
    require(counted() > before, "one more job that is counted")


@check("An idempotency key gives the same job twice.", needs_demo=True)
def idempotent(deployed: Deployed, saw: Saw) -> None:
    path = Route.SUBMIT.path(org=deployed.org, project="demo", flow="echo")
    headers = {"Idempotency-Key": f"verify-{deployed.clock()}"}
    asked = partial(deployed.api.post, path, json={"options": KEPT}, headers=headers)
    first, second = (asked().raise_for_status().json() for _ in range(2))
    saw(f"{first['id']}, {second['id']}")
    expect(second, first)


@check("A partial batch keeps a changed visibility.", needs_demo=True)
def kept_visibility(deployed: Deployed, saw: Saw) -> None:
    began = deployed.clock()
    job = deployed.submit("sleep", {"seconds": 60}, timeoutSeconds=1, maxAttempts=2)
    status = deployed.ended(job, 2 * _JOB_SECONDS)
    saw(f"{status['state']} at attempt {status.get('attempt')} after {deployed.clock() - began:.0f} s")
    expect((status["state"], status.get("attempt")), ("failed", 2))


@check("A request is held for 25 s.", on_aws=True, needs_demo=True)
def held_request(deployed: Deployed, saw: Saw) -> None:
    path = Route.EXECUTE.path(org=deployed.org, project="demo", flow="sleep")
    began = deployed.clock()
    patience = httpx.Timeout(limits.MAX_EXECUTE_SECONDS + 2 * _MARGIN_SECONDS)
    response = deployed.api.post(
        path, json={"parameters": {"seconds": 60}, "options": KEPT}, timeout=patience
    )
    held = deployed.clock() - began
    right, seen = answers(response, ErrorCode.EXECUTE_TIMEOUT), _seen(response)
    if right:
        deployed.api.post(Route.CANCEL_BY_ID.path(id=response.json()["detail"]["id"])).raise_for_status()
    saw(f"{seen}, {held:.1f} s")
    require(right, "our 504")
    is_in_time = abs(held - limits.MAX_EXECUTE_SECONDS) < _MARGIN_SECONDS
    require(is_in_time, f"an answer after {limits.MAX_EXECUTE_SECONDS} s")


@check("A cancelled job's code is stopped.", needs_demo=True)
def cancel_stops(deployed: Deployed, saw: Saw) -> None:
    job = deployed.submit("sleep", {"seconds": 60})
    _until(deployed, lambda: deployed.job(job)["state"] == "running")
    state = deployed.api.post(Route.CANCEL_BY_ID.path(id=job)).json()["state"]
    _until(deployed, lambda: "stoppedAt" in deployed.job(job))
    saw(f"{state}, {deployed.job(job).get('stoppedAt')}")
    expect(state, "cancelled")
    require("stoppedAt" in deployed.job(job), "stoppedAt")


@check("The schedule of a cancelled job is taken away.", needs_demo=True)
def withdrawn(deployed: Deployed, saw: Saw) -> None:
    job = deployed.submit("echo", {}, runAt=_from_now(_SCHEDULED_SECONDS).isoformat())
    (group,) = deployed.resources("AWS::Scheduler::ScheduleGroup")
    scheduler = deployed.session.client("scheduler")

    def waiting() -> list[str]:
        found = scheduler.list_schedules(GroupName=group, NamePrefix=job)["Schedules"]
        return [each["Name"] for each in found]

    made = waiting()
    deployed.api.post(Route.CANCEL_BY_ID.path(id=job)).raise_for_status()
    left = waiting()
    saw(f"made {made}, left {left}")
    expect((len(made), left), (1, []))


@check("A job for a later time starts within a minute of it.", on_aws=True, needs_demo=True)
def runs_later(deployed: Deployed, saw: Saw) -> None:
    due = _from_now(_SCHEDULED_SECONDS)
    job = deployed.submit("echo", {}, runAt=due.isoformat())
    deployed.sleep(_SCHEDULED_SECONDS)
    status = deployed.ended(job, _PRECISION_SECONDS + _JOB_SECONDS)
    late = datetime.fromisoformat(status.get("startedAt", "9999-12-31T00:00:00Z")) - due
    right = timedelta(0) <= late < timedelta(seconds=_PRECISION_SECONDS + _MARGIN_SECONDS)
    saw(f"{status['state']}, {late} late")
    expect(status["state"], "completed")
    require(right, f"a start within {_PRECISION_SECONDS} s of that time")


def _from_now(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _until(deployed: Deployed, condition: Callable[[], bool], seconds: float = _JOB_SECONDS) -> None:
    deadline = deployed.clock() + seconds
    while not condition() and deployed.clock() < deadline:
        deployed.sleep(0.5)


def _seen(response: httpx.Response) -> str:
    return f"{response.status_code} {response.text[:200]}"
