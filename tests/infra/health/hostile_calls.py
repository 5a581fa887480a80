"""The invocations of each handler with hostile values, for tests of what the functions log."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from noukai_functions.handlers import dead_letters, metering, reactions, sweep, tick
from noukai_functions.handlers import deliver as deliver_events
from noukai_functions.jobs.row import encode
from noukai_functions.webhooks.sending.message import Event, Message
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.stand_ins.stream import Stream
from tests.functions.time import LambdaContext

INPUT, RESULT, METADATA, HEADER, TEXT, PATH = (f"x5tErT{name}" for name in "irmhtp")
KEY = "nk_x5tErTk"
IDEMPOTENCY_KEY = "x5tErTd"
SECRET = "x5tErT"
"""The beginning of each value."""

ALL = f"{INPUT} {RESULT} {METADATA} {HEADER} {TEXT} {PATH} {KEY} {IDEMPOTENCY_KEY}"
BODY = {"message": INPUT, "options": {"metadata": {"for": METADATA}, "maxAttempts": 1}}
SCHEDULE = {"flow": "trial/greet", "cron": "* * * * *", "message": INPUT}
FLOW = {"org": "acme", "project": "trial", "flow": "greet"}
HEADERS = {"idempotency-key": IDEMPOTENCY_KEY, "x-request-id": f"{HEADER} {HEADER}", "traceparent": HEADER}

Act = Callable[[System, str], Callable[[], object]]
"""What prepares an invocation about a job, and returns it."""


def send(route: Route, *, body: Any = None, query: str = "", **more: Any) -> Act:
    """Return a request of a route about the job, with hostile headers."""
    names = [name[1:-1] for name in route.template.split("/") if name.startswith("{")]

    def prepare(system: System, job_id: str) -> Callable[[], object]:
        path = {"id": job_id, "version": "v0", "step": "attempt-1", "name": "report", **FLOW, **more}
        sent = body(job_id) if callable(body) else body
        here = {name: path[name] for name in names}
        return lambda: system.send(route, body=sent, query=query, headers=HEADERS, **here)

    return prepare


def deliver(flow: str, **given: Any) -> Act:
    """Return the delivery of a new job, whose flow returns, raises or prints what it was given."""

    def prepare(system: System, _job_id: str) -> Callable[[], object]:
        submitted = system.submit(flow, **given)
        arguments = given.get("parameters", given)
        event = delivery(system.message_of(submitted.body["id"], arguments=arguments).body)
        return lambda: system.deployment.worker.work(event, LambdaContext())

    return prepare


def bury(system: System, job_id: str) -> Callable[[], object]:
    """Return the settling of a dead-letter message of the job, and of one that is none of ours."""
    event = delivery(
        system.message_of(job_id, arguments={"message": INPUT}).body, json.dumps({"id": INPUT, "a": [INPUT]})
    )
    return lambda: dead_letters.settle(event, system.deployment)


def count(system: System, _job_id: str) -> Callable[[], object]:
    """Return the counting of the records of the stream, and of one that cannot be read."""
    records = [*Stream().records(), {"dynamodb": {"NewImage": {"k": {"N": INPUT}}}}]
    return lambda: metering.meter({"Records": records, "shardId": "1"}, system.deployment)


def fire(system: System, _job_id: str) -> Callable[[], object]:
    """Return the tick at an instant of a schedule; the instants of another one fail."""
    for name in ("report", "other"):
        system.send(Route.PUT_SCHEDULE, body=SCHEDULE, name=name)
    stored = system.deployment.schedules.read("acme", "other")
    if stored is not None:
        gone = replace(stored.definition, flow=f"trial/{TEXT}")
        system.deployment.schedules.replace(stored, replace(stored, definition=gone))
    system.clock.time += 60_000
    return lambda: tick.run(system.deployment, lambda: True)


def settle_overdue(system: System, _job_id: str) -> Callable[[], object]:
    system.submit(**BODY, flow="trial/greet")
    system.clock.time += 30 * 24 * 60 * 60 * 1000
    return lambda: sweep.run(system.deployment, lambda: True)


def billing(system: System) -> Endpoint:
    """Return an endpoint whose address is not public."""
    made = Endpoint("acme", "billing", "a", f"https://192.0.2.1/{TEXT}", ("job.failed",), None, 0)
    system.deployment.endpoints.create(made)
    return made


def post(system: System, job_id: str) -> Callable[[], object]:
    """Return the first try of an event, and of what is none."""
    event = Event(system.clock.time, "job.failed", json.dumps({"of": INPUT}), job_id, "trial/fail")
    posted = delivery(Message.to(billing(system), event, job_id, 1).text, json.dumps({"id": INPUT}))
    return lambda: deliver_events.deliver(posted, system.deployment)


def tell(system: System, job_id: str) -> Callable[[], object]:
    """Return the reaction to the end of the job, and to that of one that cannot be read."""
    billing(system)
    row = {**encode(replace(system.row(job_id), webhook="billing")), "d": {"B": "AA=="}}
    changes = [{"SequenceNumber": "1", "NewImage": each} for each in (row, {**row, "k": {"N": INPUT}})]
    told = {"Records": [{"dynamodb": change} for change in changes]}
    return lambda: reactions.react(told, system.deployment)


def delivery(*bodies: str) -> dict[str, Any]:
    """Return an event of a queue with messages."""
    shared = {"receiptHandle": "x", "attributes": {"ApproximateReceiveCount": "1"}}
    return {"Records": [{"messageId": f"{at}", "body": body, **shared} for at, body in enumerate(bodies)]}


ACTS: dict[str, Act] = {
    **{route.name: send(route) for route in Route if route.method == "GET"},
    "STATUS_OF_TEXT": send(Route.STATUS_BY_ID, id=PATH),
    "SUBMIT": send(Route.SUBMIT, body=BODY),
    "SUBMIT_LATER": send(
        Route.SUBMIT,
        body={**BODY, "options": {**BODY["options"], "runAt": "2024-06-01T00:00:00Z"}},  # type: ignore[dict-item]
    ),
    "SUBMIT_TO_TEXT": send(Route.SUBMIT, body=BODY, flow=PATH),
    "SUBMIT_WRONG": send(Route.SUBMIT, body={**BODY, TEXT: TEXT}),
    "SUBMIT_JOBS": send(Route.SUBMIT_JOBS, body={"jobs": [BODY, {**BODY, "idempotencyKey": TEXT}]}),
    "EXECUTE": send(Route.EXECUTE, body=BODY),
    "UPLOAD": send(Route.UPLOAD, body={}),
    "STATUSES": send(Route.STATUSES, body=lambda job_id: {"ids": [job_id]}),
    "CANCEL": send(Route.CANCEL),
    "CANCEL_JOBS": send(Route.CANCEL_JOBS, body={}),
    "RETRY": send(Route.RETRY),
    "USAGE_OF_TEXT": send(Route.USAGE, query=f"from={TEXT}"),
    "PUT_SCHEDULE": send(Route.PUT_SCHEDULE, body=SCHEDULE),
    "PUT_SCHEDULE_OF_TEXT": send(Route.PUT_SCHEDULE, body=SCHEDULE, name=TEXT),
    "tick": fire,
    "worker": deliver("trial/greet", message=INPUT),
    "worker of a flow that raises": deliver("trial/fail", message=INPUT),
    "worker of a flow that prints": deliver("speaking/write", parameters={"texts": [INPUT, RESULT]}),
    "PUT_WEBHOOK": send(Route.PUT_WEBHOOK, body={"url": f"https://hooks.example.com/{TEXT}"}),
    "PUT_WEBHOOK_OF_TEXT": send(Route.PUT_WEBHOOK, body={"url": TEXT}),
    "ROTATE_WEBHOOK": send(Route.ROTATE_WEBHOOK, body={"revoke": TEXT}),
    "MAKE_TOKEN": send(Route.MAKE_TOKEN, body={"flow": TEXT, "origin": TEXT, "scopes": [TEXT]}),
    "REDELIVER": send(Route.REDELIVER, body={"since": TEXT, "cursor": TEXT}),
    "deliver": post,
    "reactions": tell,
    "dead letters": bury,
    "metering": count,
    "sweep": settle_overdue,
}
