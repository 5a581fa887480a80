"""Hostile input: it is returned as plain text or refused, and appears in no header or log."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.telemetry.logger import logger
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused, output

FORGED = 'x\r\n{"level":"ERROR","message":"forged"}\u2028\x1b[2J'
TRIAL = {"org": "acme", "project": "trial"}


@pytest.fixture
def log(system: System, tmp_path: Path) -> Iterator[Path]:  # noqa: ARG001 - the system silences the log first
    """Return the file of the functions' log, to which the flows' processes write too."""
    handler = next(handler for handler in logger().handlers if isinstance(handler, logging.StreamHandler))
    path = tmp_path / "log"
    with path.open("a", buffering=1) as file:
        before = handler.setStream(file)
        logger().setLevel(logging.INFO)
        yield path
        handler.setStream(before)


def assert_headers_are_whole(answer: Answer) -> None:
    for name, value in answer.headers.items():
        assert f"{name}{value}".isprintable(), (name, value)


def test_last_of_repeated_fields_counts(system: System) -> None:
    """No check and no flow sees the first one."""
    raw = (
        '{"parameters": {"a": "x"}, "parameters": {"a": "y", "a": 2}, '
        '"options": {"maxAttempts": 99}, "options": {}}'
    )
    job = system.send(Route.SUBMIT, raw=raw, flow="add", **TRIAL).body["id"]
    system.deliver()
    assert output(system.status(job)) == 3
    raw = '{"parameters": {"a": 1}, "parameters": {"a": "x"}}'
    assert system.send(Route.SUBMIT, raw=raw, flow="add", **TRIAL).code == ErrorCode.INVALID_INPUT


@pytest.mark.parametrize(
    "text", [FORGED, "a\r\nSet-Cookie: a=b", "\x00", "\u202egnp.exe", "<script>", "'; --", "${jndi:x}"]
)
def test_metadata_is_text_and_nothing_else(system: System, text: str) -> None:
    """It comes back as it was sent, in the body alone."""
    accepted = system.submit(parameters={"a": 1}, options={"metadata": {text[:64]: text}})
    shown = system.send(Route.STATUS_BY_ID, id=accepted.body["id"])
    assert shown.body["metadata"] == {text[:64]: text}
    for answer in (accepted, shown):
        assert_headers_are_whole(answer)


@pytest.mark.parametrize("header", ["idempotency-key", "authorization", "x-anything"])
def test_header_of_ten_kilobytes(system: System, header: str) -> None:
    """A header that we read is refused in a short answer; any other makes no difference."""
    value = {"authorization": "Bearer nk_"}.get(header, "") + "k" * 10_000
    answer = system.submit(parameters={"a": 1}, headers={header: value})
    expected = {"idempotency-key": 422, "authorization": 401, "x-anything": 202}
    assert answer.status == expected[header]
    assert len(json.dumps(answer.body)) < 1000


@pytest.mark.parametrize(
    "part", ["add\r\nLocation: x", "add/jobs", "../../flows", "add\x00", "%2e%2e", "add\ufffd", FORGED]
)
@pytest.mark.parametrize("place", ["project", "flow", "id", "version"])
def test_encoded_path(system: System, place: str, part: str) -> None:
    """A segment that decodes to a slash or a control character names nothing."""
    route = {"id": Route.STATUS, "version": Route.SUBMIT_VERSION}.get(place, Route.SUBMIT)
    path = {"flow": "add", "id": "job_" + "a" * 26, "version": "v0", **TRIAL, place: part}
    answer = system.send(route, body={"parameters": {"a": 1}}, **path)
    assert_refused(system, answer, ErrorCode.JOB_NOT_FOUND if place == "id" else ErrorCode.FLOW_NOT_FOUND)
    assert_headers_are_whole(answer)


def test_id_with_a_line_break_is_unknown(system: System) -> None:
    """Text that is an id followed by a line break is no id."""
    job = system.submit(parameters={"a": 1}).body["id"]
    for id_ in (f"{job}\n", f" {job}", f"{job}#input"):
        assert system.send(Route.STATUS_BY_ID, id=id_).code == ErrorCode.JOB_NOT_FOUND


def test_failure_of_a_request_logs_one_line_without_its_input(system: System, log: Path) -> None:
    """The line holds neither body nor key, and the caller can add no line of their own."""
    system.deployment.table.client.delete_table(TableName="jobs")
    headers = {"idempotency-key": "a secret", "user-agent": FORGED}
    answer = system.submit("trial/greet", message=FORGED, headers=headers)
    assert answer.code == ErrorCode.UNAVAILABLE
    assert_log_is_ours(log)
    assert not {"a secret", "nk_acme", "forged"} & set(log.read_text().replace('"', " ").split())


def test_failing_flow_cannot_add_lines_to_the_log(system: System, log: Path) -> None:
    """An exception with line breaks in its message stays within one line."""
    assert system.run("fail", message=FORGED, options={"maxAttempts": 1})["state"] == "failed"
    assert_log_is_ours(log)


def assert_log_is_ours(log: Path) -> None:
    lines: list[Any] = [json.loads(line) for line in log.read_text().split("\n") if line]
    assert lines
    assert all(line["service"] == "noukai" and line["message"] != "forged" for line in lines)


@pytest.mark.parametrize("digits", [309, 4000])
def test_whole_number_that_no_double_holds(system: System, digits: int) -> None:
    """It is refused as too large, since a schema could not compare it."""
    raw = '{"parameters": {"a": %s}}' % ("9" * digits)
    answer = system.send(Route.SUBMIT, raw=raw, flow="add", **TRIAL)
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert "too large" in answer.body["detail"]["message"]
