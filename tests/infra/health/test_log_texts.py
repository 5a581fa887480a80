"""No line that the functions write quotes what a caller has sent or a flow has returned, whatever fails."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPMessage
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ParamValidationError

from noukai_functions.aws.connection import Answer, Connection
from noukai_functions.handlers import dead_letters, metering, reactions, sweep, tick
from noukai_functions.handlers import deliver as deliver_events
from noukai_functions.jobs.row import encode
from noukai_functions.telemetry.logger import InvocationFailedError, logger, logs_failures, renew_logger
from noukai_functions.webhooks.sending.message import Event, Message
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import System
from tests.functions.stand_ins.stream import Stream
from tests.functions.time import LambdaContext

INPUT, RESULT, METADATA, HEADER, TEXT, PATH = (f"x5tErT{name}" for name in "irmhtp")
KEY = "nk_x5tErTk"
IDEMPOTENCY_KEY = "x5tErTd"
SECRET = "x5tErT"
"""The beginning of each value."""

ALL = f"{INPUT} {RESULT} {METADATA} {HEADER} {TEXT} {PATH} {KEY} {IDEMPOTENCY_KEY}"
MOST = 12
"""The calls of an invocation that fail in turn; those that follow are of the same kinds."""

BODY = {"message": INPUT, "options": {"metadata": {"for": METADATA}, "maxAttempts": 1}}
SCHEDULE = {"flow": "trial/greet", "cron": "* * * * *", "message": INPUT}
FLOW = {"org": "acme", "project": "trial", "flow": "greet"}
HEADERS = {"idempotency-key": IDEMPOTENCY_KEY, "x-request-id": f"{HEADER} {HEADER}", "traceparent": HEADER}


def quoted() -> NoReturn:
    """Raise what quotes every value: in its text, its notes, its causes and its members."""
    cause, group = KeyError(ALL), ExceptionGroup(ALL, [ValueError(ALL), OSError(5, ALL, ALL)])
    for each in (cause, group):
        each.add_note(ALL)
    raise group from cause


def refused() -> Answer:
    """Return AWS's answer to a call: an error with a message that quotes the request."""
    content = json.dumps({"__type": "ValidationException", "message": ALL}).encode()
    return Answer(400, HTTPMessage(), content)


FAILURES = (refused, quoted)


class Calls:
    """The calls of AWS within a context, one of which fails."""

    def __init__(self, failing: int, fail: Callable[[], Any]) -> None:
        self.failing = failing
        self.fail = fail
        self.made = 0

    def is_next_to_fail(self) -> bool:
        self.made += 1
        return self.made == self.failing


@contextmanager
def failing(number: int, fail: Callable[[], Any]) -> Iterator[Calls]:
    """Let the call with this number fail; count them all."""
    calls = Calls(number, fail)
    exchange, make = Connection.exchange, BaseClient._make_api_call  # type: ignore[attr-defined]

    def exchanged(self: Connection, headers: Any, body: bytes) -> Answer:
        return calls.fail() if calls.is_next_to_fail() else exchange(self, headers, body)

    def made(self: Any, operation: str, parameters: Any) -> Any:
        if not calls.is_next_to_fail():
            return make(self, operation, parameters)
        if calls.fail is quoted:
            raise ParamValidationError(report=ALL)
        raise ClientError({"Error": {"Code": "ValidationException", "Message": ALL}}, operation)

    with patch.object(Connection, "exchange", exchanged), patch.object(BaseClient, "_make_api_call", made):
        yield calls


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


def invoke(act: Callable[[], object]) -> None:
    """Invoke a function as Lambda does, which writes the text of an exception into the log."""
    try:
        logs_failures(lambda _event, _context: act())(None, None)
    except InvocationFailedError as error:
        print(error)  # noqa: T201 - as Lambda does


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
    "REDELIVER": send(Route.REDELIVER, body={"since": TEXT, "cursor": TEXT}),
    "deliver": post,
    "reactions": tell,
    "dead letters": bury,
    "metering": count,
    "sweep": settle_overdue,
}


@pytest.fixture
def heard(system: System, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Return all that was written to the log since the last look, also by other processes."""
    system.add_key(KEY, "acme", scopes=tuple(Scope))
    system.key = KEY
    renew_logger()

    def read() -> str:
        sys.stdout.flush()
        return "".join(capfd.readouterr())

    yield read
    renew_logger()


def fresh(system: System) -> System:
    """Return the system with a process of functions that has cached nothing; the worker's stays."""
    kept = {"processes": system.deployment.processes, "worker": system.deployment.worker}
    deployment = replace(system.deployment)
    vars(deployment).update(kept)
    return replace(system, deployment=deployment)


def job_of(system: System) -> str:
    """Return a job with every hostile value, which has failed, so that it may be retried."""
    submitted = system.submit("trial/fail", headers=HEADERS, **BODY)
    system.deliver()
    system.submit(**BODY, flow="trial/greet")
    return str(submitted.body["id"])


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_no_line_quotes_a_caller(system: System, heard: Callable[[], str], act: Act) -> None:
    """For each handler, and each AWS call of it that fails, with an error that quotes all values."""
    job_id = job_of(system)
    prepared = act(fresh(system), job_id)
    with failing(0, quoted) as calls:
        invoke(prepared)
    assert SECRET not in heard()
    for fail in FAILURES:
        for number in range(1, min(calls.made, MOST) + 1):
            prepared = act(fresh(system), job_id)
            with failing(number, fail):
                invoke(prepared)
    said = heard()
    assert SECRET not in said
    assert '"exception"' in said or not calls.made


def test_successful_job_writes_no_line(system: System, heard: Callable[[], str]) -> None:
    """Neither its requests nor its worker: 100 bytes a request would be 0.21 USD per million jobs."""
    environment = {**system.deployment.environment, "METRICS_NAMESPACE": "noukai"}
    system = replace(system, deployment=replace(system.deployment, environment=environment))
    job_id = system.submit("trial/greet", headers=HEADERS, **BODY).body["id"]
    system.deliver()
    for route in (Route.STATUS_BY_ID, Route.WAIT_BY_ID, Route.LOGS_BY_ID, Route.EVENTS_BY_ID):
        assert system.send(route, id=job_id).status == 200
    assert system.status(job_id)["state"] == "completed"
    assert heard() == ""
    system.deployment.processes.close()


def test_line_has_the_places_and_classes(heard: Callable[[], str]) -> None:
    """Of an exception, its cause and its members, without texts; an error of the system has the system's."""
    try:
        quoted()
    except ExceptionGroup:
        logger().exception("a line")
    line = json.loads(heard())
    assert line["exception_name"] == "ExceptionGroup"
    assert re.search(
        r'File "tests/infra/health/test_log_texts\.py", line \d+, in quoted\n', line["exception"]
    )
    for told in ("KeyError", "ExceptionGroup", "ValueError", "OSError: Input/output error"):
        assert told in line["exception"].splitlines()
    assert SECRET not in json.dumps(line)
