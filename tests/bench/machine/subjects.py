"""The requests to our functions, and the same to the typical handler."""

import json
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast

from noukai_functions.jobs.lifecycle import Job, State, job_id
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_functions.jobs.table import JobsTable
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.bench.machine.aws_stub import Row, Rows
from tests.job_rows import pending

Event = Mapping[str, Any]

TABLES = {"jobs": "jobs", "typical": "typical", "overdue": "overdue", "keys": "keys", "usage": "usage"}
"""The sweep has its own table, and so has the typical handler, whose rows are different."""

_FLOW = "demo/word-count"
_KEY = "nk_bench"
_NOW = int(time.time() * 1000)
_HOUR_MS = 3_600_000
_OUTPUT = json.dumps({"text": "x" * 480})
_QUEUED = pending(
    _NOW, id=job_id("acme", _FLOW, "queued"), flow=_FLOW, digest=bytes(16), keep_seconds=604_800
)
_RUNNING = replace(
    _QUEUED,
    id=job_id("acme", _FLOW, "running"),
    state=State.RUNNING,
    attempt=1,
    owner="q1Z_5dXw",
    started_at=_NOW + 40,
    lease_until=_NOW + 60_000,
)
_DONE = replace(
    _RUNNING,
    id=job_id("acme", _FLOW, "done"),
    state=State.COMPLETED,
    lease_until=None,
    completed_at=_NOW + 240,
    expires_at=_NOW // 1000 + 604_800,
    result=_OUTPUT,
)
_FAILED = replace(
    _DONE, id=job_id("acme", _FLOW, "failed"), state=State.FAILED, result=None, error="ValueError: no"
)
_LOST = replace(_RUNNING, id=job_id("acme", _FLOW, "lost"), attempt=3, lease_until=_NOW - 1)
_OVERDUE = replace(_QUEUED, id=job_id("acme", _FLOW, "overdue"), start_by=_NOW - 1)
_TYPICAL = "job_0c8f1f3f1d3c4c6f9a3e2b1d4f5a6b7c"


@dataclass(frozen=True)
class Subject:
    """One of our functions with its event, and the typical handler's event for the same purpose."""

    entry: str
    event: Event
    rival: str
    """One of the handlers in `RIVALS`."""
    table: str = TABLES["jobs"]


def changed() -> Rows:
    """Return the row of an overdue job after it was failed."""
    failed = {"state": State.FAILED, "error": "worker lost", "completed_at": _NOW, "lease_until": None}
    return {(TABLES["jobs"], _LOST.id): _row(replace(_LOST, **failed))}  # type: ignore[arg-type]  # as above


def rows() -> Rows:
    """Return every row that an event needs, in the table's form."""
    key = {
        "hash": {"S": sha256(_KEY.encode()).hexdigest()},
        "org": {"S": "acme"},
        "scopes": {"SS": [*Scope]},
        "used": {"N": str(_NOW)},
    }
    typical = {
        **{
            name: {"S": value}
            for name, value in {"id": _TYPICAL, "flow": "echo", "state": "completed"}.items()
        },
        **{name: {"N": str(_NOW)} for name in ("created_at", "started_at", "completed_at")},
        "attempt": {"N": "1"},
        "output": {"S": _OUTPUT},
    }
    return {
        (TABLES["keys"], key["hash"]["S"]): key,  # type: ignore[index]  # of many kinds
        (TABLES["typical"], _TYPICAL): typical,
        (TABLES["overdue"], _OVERDUE.id): _row(_OVERDUE),
        **{(TABLES["jobs"], job.id): _row(job) for job in (_QUEUED, _RUNNING, _DONE, _FAILED, _LOST)},
        (TABLES["jobs"], f"{_FAILED.id}#input"): _input(_FAILED),
        (TABLES["usage"], "acme"): _sum(),
    }


def _row(job: Job) -> Row:
    recorder = _Recorder()
    JobsTable(cast("Any", recorder), TABLES["jobs"]).create(job, _NOW)
    return recorder.row


def _input(job: Job) -> Row:
    recorder = _Recorder()
    SavedInputs(cast("Any", recorder), TABLES["jobs"]).keep(_message(job), job, _NOW)
    return recorder.row


def _sum() -> Row:
    """Return the org's usage of the flow today."""
    day = datetime.fromtimestamp(_NOW / 1000, UTC).date()
    key = {"o": {"S": "acme"}, "k": {"S": f"{day}/{_FLOW}/shardId-1"}, "q": {"S": "1"}}
    return {**key, **{name: {"N": "1"} for name in "cfxnrm"}}


def _on_the_wire(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {kind: b64encode(part).decode() if kind == "B" else part for kind, part in value.items()}


class _Recorder:
    row: Row

    def put_item(self, **request: Any) -> None:
        self.row = {name: _on_the_wire(value) for name, value in request["Item"].items()}


def _message(job: Job) -> Message:
    return Message(job.id, job.created_at, job.org, job.flow, {"message": "to be or not to be"})


def _request(route: Route, body: Any = None, **path: str) -> Event:
    text = None if body is None else json.dumps(body)
    return _http(route.method, route.key, route.path(**path), text, path)


def _repeated(event: Event) -> Event:
    """Return a request for the ended job, at a time when it is worth waiting for."""
    context = {**event["requestContext"], "timeEpoch": _NOW + _HOUR_MS}
    return {**event, "headers": {**event["headers"], "idempotency-key": "done"}, "requestContext": context}


def _http(method: str, key: str, path: str, body: str | None, variables: Mapping[str, str]) -> Event:
    return {
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "authorization": f"Bearer {_KEY}",
            "content-type": "application/json",
            "host": "abcdefghij.execute-api.us-east-1.amazonaws.com",
            "user-agent": "noukai-python/0.2.0",
            "x-forwarded-for": "192.0.2.1",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": key,
            "stage": "$default",
            "timeEpoch": _NOW,
        },
        "pathParameters": variables or None,
        "body": body,
        "isBase64Encoded": False,
    }


def _delivery(body: str) -> Event:
    record = {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(_NOW)},
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:jobs",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


def _ended() -> Event:
    """Return the event of the stream in which a job has ended."""
    images = {"OldImage": _row(_RUNNING), "NewImage": _row(replace(_DONE, ran_ms=200))}
    numbers = {"SequenceNumber": "100000000003498069978", "ApproximateCreationDateTime": _NOW // 1000}
    change = {"Keys": {"id": {"S": _DONE.id}}, **numbers, **images}
    record = {"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "MODIFY", "dynamodb": change}
    return {"Records": [record], "shardId": "shardId-00000001", "state": {}, "isFinalInvokeForWindow": False}


_BODY = {"message": "to be or not to be", "parameters": {"top": 3}}
_ADDRESS = {"org": "acme", "project": "demo", "flow": "word-count"}

RIVALS: Mapping[str, tuple[str, Event]] = {
    "submit": ("typical_api", _http("POST", "$default", "/api/v1/jobs/word-count", json.dumps(_BODY), {})),
    "status": ("typical_api", _http("GET", "$default", f"/api/v1/jobs/{_TYPICAL}", None, {})),
    "cancel": ("typical_api", _http("POST", "$default", f"/api/v1/jobs/{_TYPICAL}/cancel", None, {})),
    "worker": ("typical_worker", _delivery(json.dumps({"id": _TYPICAL, "flow": "word-count"}))),
}
SUBJECTS = (
    Subject("submit", _request(Route.SUBMIT, _BODY, **_ADDRESS), "submit"),
    Subject("submit_jobs", _request(Route.SUBMIT_JOBS, {"jobs": [_BODY]}, **_ADDRESS), "submit"),
    Subject("execute", _repeated(_request(Route.EXECUTE, _BODY, **_ADDRESS)), "submit"),
    Subject("retry", _request(Route.RETRY_BY_ID, id=_FAILED.id), "submit"),
    Subject("status", _request(Route.STATUS_BY_ID, id=_DONE.id), "status"),
    Subject("statuses", _request(Route.STATUSES, {"ids": [_DONE.id]}), "status"),
    Subject("wait", _request(Route.WAIT_BY_ID, id=_DONE.id), "status"),
    Subject("cancel", _request(Route.CANCEL_BY_ID, id=_RUNNING.id), "cancel"),
    Subject("list_jobs", _request(Route.LIST_JOBS, **_ADDRESS), "status"),
    Subject("cancel_jobs", _request(Route.CANCEL_JOBS, {}, **_ADDRESS), "cancel"),
    Subject("describe", _request(Route.FLOWS), "status"),
    Subject("usage", _request(Route.USAGE), "status"),
    Subject("worker", _delivery(_message(_RUNNING).body), "worker"),
    Subject("dead_letters", _delivery(_message(_LOST).body), "worker"),
    Subject("metering", _ended(), "worker"),
    Subject("sweep", {}, "worker", table=TABLES["overdue"]),
)
