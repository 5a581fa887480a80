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
from noukai_functions.telemetry.logger import InvocationFailedError, logger, logs_failures, renew_logger
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import System
from tests.infra.health.hostile_calls import (
    ACTS,
    ALL,
    BODY,
    HEADERS,
    KEY,
    SECRET,
    Act,
)

MOST = 12
"""The calls of an invocation that fail in turn; those that follow are of the same kinds."""


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


def invoke(act: Callable[[], object]) -> None:
    """Invoke a function as Lambda does, which writes the text of an exception into the log."""
    try:
        logs_failures(lambda _event, _context: act())(None, None)
    except InvocationFailedError as error:
        print(error)  # noqa: T201 - as Lambda does


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
