"""Each line of a request or a delivery names it: its org, job, flow, attempt and request."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from noukai_functions.jobs.table import JobsTable
from noukai_functions.telemetry.logger import renew_logger
from noukai_wire.routes import Route
from tests.functions.harness import System

SECRET = "a word of the input"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
Log = Callable[[], Mapping[str, dict[str, Any]]]


def lines(capsys: pytest.CaptureFixture[str]) -> Mapping[str, dict[str, Any]]:
    """Return the lines that were logged, by their messages."""
    entries = [
        json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"level"')
    ]
    return {entry["message"]: entry for entry in entries}


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], Mapping[str, dict[str, Any]]]]:
    """Return what was logged since the last call."""
    renew_logger()
    yield lambda: lines(capsys)
    renew_logger()


def test_lines_of_an_attempt_name_it(system: System, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that know the message alone, such as that of a delivery that failed."""
    job_id = system.submit("trial/fail", message=SECRET).body["id"]
    system.deliver()
    known = {"job_id": job_id, "org": "acme", "flow": "trial/fail", "attempt": 1}
    assert known.items() <= log()["the flow raised"].items()

    def fail(*_: object, **__: object) -> None:
        raise KeyError

    monkeypatch.setattr(JobsTable, "claim", fail)
    other = system.submit("trial/fail", message=SECRET).body["id"]
    system.deliver()
    line = log()["a delivery failed"]
    assert {"job_id": other, "org": "acme", "flow": "trial/fail"}.items() <= line.items()
    assert "message_id" in line
    assert "attempt" not in line, "no attempt has started, and that of another job is not named"
    assert SECRET not in json.dumps(line)


def test_lines_name_the_trace_of_the_caller(
    system: System, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the request and in the worker; an invalid one is not written."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError

    job_id = system.submit("trial/fail", headers={"traceparent": TRACEPARENT}, message=SECRET).body["id"]
    system.deliver()
    assert log()["the flow raised"]["trace_id"] == TRACE
    monkeypatch.setattr(JobsTable, "read", fail)
    system.send(Route.STATUS_BY_ID, id=job_id, headers={"traceparent": TRACEPARENT})
    assert log()["a request failed"]["trace_id"] == TRACE
    system.send(Route.STATUS_BY_ID, id=job_id, headers={"traceparent": SECRET})
    assert "trace_id" not in log()["a request failed"]


def test_lines_of_a_request_name_it_and_its_org(
    system: System, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError

    job_id = system.submit("trial/fail", message=SECRET).body["id"]
    monkeypatch.setattr(JobsTable, "read", fail)
    answer = system.send(Route.STATUS_BY_ID, id=job_id)
    assert answer.status == 500
    line = log()["a request failed"]
    assert (line["request_id"], line["org"]) == (answer.headers["X-Request-ID"], "acme")
