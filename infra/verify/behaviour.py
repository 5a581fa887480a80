"""What the deployed API does: checks through its endpoint."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import httpx

from infra.verify.check import Check, of_demo
from infra.verify.deployed import Deployed
from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route

_JOB_SECONDS = 30
_GATEWAYS_LIMIT = 10 * 1024 * 1024
_MARGIN_SECONDS = 5
_SCHEDULED_SECONDS = limits.MAX_DELAY_SECONDS + 2 * _JOB_SECONDS
_PRECISION_SECONDS = 60


def _healthy(deployed: Deployed) -> tuple[bool, str]:
    response = deployed.api.get(Route.HEALTH.template)
    return response.is_success and "X-Request-ID" in response.headers, f"{response.status_code} {response.text}"


def _unknown_route(deployed: Deployed) -> tuple[bool, str]:
    return _answers(deployed.api.get("/nowhere"), ErrorCode.NOT_FOUND)


def _encoded_slash(deployed: Deployed) -> tuple[bool, str]:
    return _answers(
        deployed.api.get(Route.STATUS_BY_ID.path(id="job_a/../b")), ErrorCode.NOT_FOUND, ErrorCode.JOB_NOT_FOUND
    )


def _wrong_key(deployed: Deployed) -> tuple[bool, str]:
    response = deployed.api.get(Route.FLOWS.template, headers={"Authorization": "Bearer nk_unknown"})
    right, seen = _answers(response, ErrorCode.UNAUTHENTICATED)
    headers = [name for name in response.headers if "www-authenticate" in name]
    return right and headers == ["www-authenticate"], f"{seen}, headers {headers}"


def _too_large(deployed: Deployed) -> tuple[bool, str]:
    path = Route.SUBMIT.path(org=deployed.org, project="demo", flow="echo")
    response = deployed.api.post(path, json={"message": "x" * limits.MAX_BODY_BYTES})
    return _answers(response, ErrorCode.PAYLOAD_TOO_LARGE)


def _too_large_for_the_gateway(deployed: Deployed) -> tuple[bool, str]:
    path = Route.SUBMIT.path(org=deployed.org, project="demo", flow="echo")
    response = deployed.api.post(path, json={"message": "x" * _GATEWAYS_LIMIT})
    shape = sorted(response.json())
    return response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and shape == ["message"], _seen(response)


def _large(deployed: Deployed) -> tuple[bool, str]:
    where = {"org": deployed.org, "project": "demo", "flow": "echo"}
    content = json.dumps({"message": "x" * limits.MAX_BODY_BYTES}).encode()
    announced = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    target = deployed.api.post(Route.UPLOAD.path(**where), json=announced).raise_for_status().json()
    taken = httpx.put(target["url"], content=content, headers=target["headers"])
    submitted = deployed.api.post(Route.SUBMIT.path(**where), json={"input": target["input"]})
    status = deployed.ended(submitted.raise_for_status().json()["id"], _JOB_SECONDS)
    result = status.get("result") or {}
    fetched = httpx.get(result["outputUrl"]).content if "outputUrl" in result else b""
    right = hashlib.sha256(fetched).hexdigest() == result.get("outputSha256")
    return right, f"put {taken.status_code}, {status['state']} with {len(fetched)} bytes"


def _job_completes(deployed: Deployed) -> tuple[bool, str]:
    status = deployed.ended(deployed.submit("echo", {"value": 42}), _JOB_SECONDS)
    output = (status.get("result") or {}).get("output")
    return status["state"] == "completed" and output == {"message": None, "value": 42}, f"{status['state']}, {output}"


def _idempotent(deployed: Deployed) -> tuple[bool, str]:
    path = Route.SUBMIT.path(org=deployed.org, project="demo", flow="echo")
    headers = {"Idempotency-Key": f"verify-{deployed.clock()}"}
    first, second = (deployed.api.post(path, json={}, headers=headers).raise_for_status().json() for _ in range(2))
    return first == second, f"{first['id']}, {second['id']}"


def _kept_visibility(deployed: Deployed) -> tuple[bool, str]:
    """Two attempts end by their timeout; the second delivery comes by the visibility that the first one was given."""
    began = deployed.clock()
    job = deployed.submit("sleep", {"seconds": 60}, timeoutSeconds=1, maxAttempts=2)
    status = deployed.ended(job, 2 * _JOB_SECONDS)
    seen = f"{status['state']} at attempt {status.get('attempt')} after {deployed.clock() - began:.0f} s"
    return status["state"] == "failed" and status.get("attempt") == 2, seen  # noqa: PLR2004 - as submitted


def _held_request(deployed: Deployed) -> tuple[bool, str]:
    path = Route.EXECUTE.path(org=deployed.org, project="demo", flow="sleep")
    began = deployed.clock()
    patience = httpx.Timeout(limits.MAX_EXECUTE_SECONDS + 2 * _MARGIN_SECONDS)
    response = deployed.api.post(path, json={"parameters": {"seconds": 60}}, timeout=patience)
    held = deployed.clock() - began
    right, seen = _answers(response, ErrorCode.EXECUTE_TIMEOUT)
    if right:
        deployed.api.post(Route.CANCEL_BY_ID.path(id=response.json()["detail"]["id"])).raise_for_status()
    return right and abs(held - limits.MAX_EXECUTE_SECONDS) < _MARGIN_SECONDS, f"{seen}, {held:.1f} s"


def _cancel_stops(deployed: Deployed) -> tuple[bool, str]:
    job = deployed.submit("sleep", {"seconds": 60})
    _until(deployed, lambda: deployed.job(job)["state"] == "running")
    state = deployed.api.post(Route.CANCEL_BY_ID.path(id=job)).json()["state"]
    _until(deployed, lambda: "stoppedAt" in deployed.job(job))
    return state == "cancelled" and "stoppedAt" in deployed.job(job), f"{state}, {deployed.job(job).get('stoppedAt')}"


def _withdrawn(deployed: Deployed) -> tuple[bool, str]:
    job = deployed.submit("echo", {}, runAt=_from_now(_SCHEDULED_SECONDS).isoformat())
    (group,) = deployed.resources("AWS::Scheduler::ScheduleGroup")
    scheduler = deployed.session.client("scheduler")

    def waiting() -> list[str]:
        found = scheduler.list_schedules(GroupName=group, NamePrefix=job)["Schedules"]
        return [each["Name"] for each in found]

    made = waiting()
    deployed.api.post(Route.CANCEL_BY_ID.path(id=job)).raise_for_status()
    left = waiting()
    return len(made) == 1 and not left, f"made {made}, left {left}"


def _runs_later(deployed: Deployed) -> tuple[bool, str]:
    """The scheduler takes its role and sends the job's message: this takes a quarter of an hour."""
    moment = _from_now(_SCHEDULED_SECONDS)
    job = deployed.submit("echo", {}, runAt=moment.isoformat())
    deployed.sleep(_SCHEDULED_SECONDS)
    status = deployed.ended(job, _PRECISION_SECONDS + _JOB_SECONDS)
    late = datetime.fromisoformat(status.get("startedAt", "9999-12-31T00:00:00Z")) - moment
    right = timedelta(0) <= late < timedelta(seconds=_PRECISION_SECONDS + _MARGIN_SECONDS)
    return status["state"] == "completed" and right, f"{status['state']}, {late} late"


def _from_now(seconds: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _until(deployed: Deployed, condition: Callable[[], bool]) -> None:
    deadline = deployed.clock() + _JOB_SECONDS
    while not condition() and deployed.clock() < deadline:
        deployed.sleep(0.5)


def _answers(response: httpx.Response, *codes: ErrorCode) -> tuple[bool, str]:
    found = response.json().get("detail", {}).get("code")
    right = any((response.status_code, found) == (code.status, code) for code in codes)
    return right and "X-Request-ID" in response.headers, _seen(response)


def _seen(response: httpx.Response) -> str:
    return f"{response.status_code} {response.text[:200]}"


CHECKS = (
    Check("the endpoint is healthy", _healthy),
    Check("an unknown route gets our 404", _unknown_route),
    Check("a path with an encoded slash gets our 404", _encoded_slash),
    Check("a wrong key gets our 401 with its header", _wrong_key),
    Check("a body over our limit gets our 413", _too_large),
    Check("a body over the gateway's limit gets the gateway's 413", _too_large_for_the_gateway, on_aws=True),
    Check("a job completes", of_demo(_job_completes)),
    Check("an input that no body holds goes up, and its result comes back", of_demo(_large)),
    Check("an idempotency key gives the same job twice", of_demo(_idempotent)),
    Check("a partial batch keeps a changed visibility", of_demo(_kept_visibility)),
    Check("a request is held for 25 s", of_demo(_held_request), on_aws=True),
    Check("a cancelled job's code is stopped", of_demo(_cancel_stops)),
    Check("the schedule of a cancelled job is taken away", of_demo(_withdrawn)),
    Check("a job of a later moment starts within a minute of it", of_demo(_runs_later), on_aws=True),
)
