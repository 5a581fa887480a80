"""The run of a flow in a worker: its arguments, result and errors."""

import json
import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.functions.harness import System, output


@pytest.mark.parametrize("flow", ["add", "add-later"])
def test_sync_and_async_flows(system: System, flow: str) -> None:
    """`def` and `async def` are called with arguments by name, and return the result."""
    assert output(system.run(flow, parameters={"a": 2, "b": 3})) == 5


@pytest.mark.parametrize(
    ("body", "said"), [({}, "got None"), ({"message": None}, "got None"), ({"message": ""}, "got ")]
)
def test_message_that_may_be_null(system: System, body: dict[str, Any], said: str) -> None:
    """A flow that requires a message but takes null is called with None when there is none."""
    assert output(system.run("perhaps", **body)) == said


def test_arguments_arrive_as_annotated(system: System) -> None:
    """Models, enums, dates, unions and sets arrive as the annotations say."""
    parameters = {
        "lines": [{"article": "nut", "pieces": 3}, {"article": "bolt"}],
        "colour": "blue",
        "due": "2030-05-01T12:00:00Z",
        "size": "any",
        "tags": ["b", "a"],
    }
    expected = {"pieces": 4, "colour": "BLUE", "year": 2030, "size": "any", "tags": ["a", "b"]}
    assert output(system.run("order", parameters=parameters)) == expected


def test_tuples(system: System) -> None:
    """Each place of a tuple is checked at submission."""
    assert output(system.run("pair", parameters={"pair": [1, "a"], "rest": [2]})) == [1, "a", 2]
    for wrong in (["a", 1], [1], [1, "a", 2]):
        assert system.submit("trial/pair", parameters={"pair": wrong}).status == 422


def test_context(system: System) -> None:
    """A flow that asks for the context learns its job, attempt, org and time limit."""
    status = system.run("say-who")
    assert output(status) == {"job": status["id"], "attempt": 1, "org": "acme", "cancelled": False}
    assert output(system.run("remaining", options={"timeoutSeconds": 12})) == 12
    assert output(system.run("remaining")) == 60


def test_short_job_costs_two_writes(system: System) -> None:
    """A job shorter than a heartbeat costs a claim, a settling write and one visibility request."""
    system.run("add", parameters={"a": 1})
    system.submit(parameters={"a": 1})
    system.deliver()
    operations = [
        operation for operation, _ in system.calls if operation not in ("ReceiveMessage", "DeleteMessage")
    ]
    assert operations == ["UpdateItem", "ChangeMessageVisibilityBatch", "UpdateItem"]


def claims(system: System) -> list[Any]:
    """Return the values that each claim of the last delivery wrote."""
    written = [
        parameters["ExpressionAttributeValues"] for name, parameters in system.calls if name == "UpdateItem"
    ]
    return [values for values in written if ":claimed_at" in values]


def test_claim_writes_the_expected_end(system: System) -> None:
    """A worker that has seen a flow succeed writes the expected end of its next run with the claim."""
    for expected in (False, True):
        system.run("add", parameters={"a": 1})
        assert [":expected_at" in values for values in claims(system)] == [expected]
    system.run("greet", message="x")
    assert ":expected_at" not in claims(system)[0]


def test_failed_runs_change_no_estimate(system: System) -> None:
    """The duration of a failed run says nothing about that of a successful one."""
    for _ in range(2):
        system.run("fail", message="x", options={"maxAttempts": 1})
        assert ":expected_at" not in claims(system)[0]


def test_row_of_a_short_job_is_small(system: System) -> None:
    """With 300 bytes of input and 500 of result, the row is within the kilobyte of one write unit."""
    job_id = system.run("greet", message="x" * 500)["id"]
    item = system.deployment.table.client.get_item(TableName="jobs", Key={"id": {"S": job_id}})["Item"]
    size = sum(
        len(name) + len(content if isinstance(content, bytes) else str(content))
        for name, value in item.items()
        for content in value.values()
    )
    assert size < 850


def test_failed_attempt_is_released_with_a_backoff(system: System) -> None:
    """An exception releases the job with its error; the backoff is its message's visibility."""
    status = system.run("fail", message="no luck")
    assert (status["state"], status["attempt"], status["lastError"]) == ("pending", 1, "ValueError: no luck")
    assert "error" not in status
    assert "SendMessage" not in [operation for operation, _ in system.calls]
    held, paused = system.hidden_for()
    not_before = system.row(status["id"]).not_before
    assert (held, paused <= 1) == (60, True)
    assert not_before is not None
    assert 0 <= not_before - system.clock.time <= 1000


def test_last_failed_attempt_fails_the_job(system: System) -> None:
    """After the last attempt, the exception's type and message are the job's error."""
    status = system.run("fail", message="no luck", options={"maxAttempts": 1})
    assert (status["state"], status["error"]) == ("failed", "ValueError: no luck")
    assert system.messages() == 0


def test_permanent_error_fails_at_once(system: System) -> None:
    """`PermanentError` fails the job although attempts are left."""
    status = system.run("refuse")
    assert (status["state"], status["attempt"], status["error"]) == (
        "failed",
        1,
        "PermanentError: never again",
    )


def test_retry_after_of_an_exception_is_honoured(system: System) -> None:
    """`retry_after` of the exception is the pause before the next attempt."""
    status = system.run("ask-for-time")
    assert system.row(status["id"]).not_before == system.clock.time + 7000
    assert system.hidden_for()[-1] == 7


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ("no time", 0),
        ("half a second", 0.5),
        ("years", 900),
        ("too long for a float", 900),
        ("for ever", 900),
        ("two minutes", 120),
        ("nine days", 900),
    ],
)
def test_every_valid_pause(system: System, asked: str, pause: float) -> None:
    """Seconds of any size and a `timedelta` are pauses; a quarter of an hour is the most."""
    status = system.run("ask-for", message=asked)
    assert system.row(status["id"]).not_before == system.clock.time + pause * 1000
    assert system.hidden_for()[-1] == math.ceil(pause)
    assert status["lastError"] == "BusyError: busy"


@pytest.mark.parametrize("asked", ["the past", "no number", "text", "nothing", "a date", "an error"])
def test_invalid_pause(system: System, asked: str) -> None:
    """If `retry_after` is anything else, or raises, the flow's backoff applies and the error is unchanged."""
    status = system.run("ask-for", message=asked)
    assert (status["state"], status["lastError"]) == ("pending", "BusyError: busy")
    not_before = system.row(status["id"]).not_before
    assert not_before is not None
    assert 0 <= not_before - system.clock.time <= 1000


def test_backoff_of_the_submission_overrides_that_of_the_flow(system: System) -> None:
    """Without one of its own, a submission has its flow's, of up to a second."""
    options = {"maxAttempts": 20, "backoffSeconds": 900, "backoffCapSeconds": 900}
    pauses = [system.run("fail", message="x", options=options) for _ in range(5)]
    bounds = [(system.row(status["id"]).not_before or 0) - system.clock.time for status in pauses]
    assert 1000 < max(bounds) <= 900_000
    status = system.run("fail", message="x", options={"backoffSeconds": 0})
    assert system.row(status["id"]).not_before == system.clock.time


def test_error_is_cut_to_its_limit(system: System) -> None:
    """The message of an error is at most 2 KB of valid text."""
    status = system.run("fail", message="ü" * 5000, options={"maxAttempts": 1})
    assert status["error"].startswith("ValueError: üü")
    assert 2046 <= len(status["error"].encode()) <= 2048


def test_trace_is_in_the_log_only(system: System, tmp_path: Path) -> None:
    """The caller sees type and message; the log has the trace only: a message may quote the input."""
    log, written = logging.FileHandler(tmp_path / "log"), logging.getLogger("noukai")
    log.setFormatter(logging.Formatter("%(message)s %(exception)s"))
    written.addHandler(log)
    written.setLevel(logging.ERROR)
    try:
        status = system.run("fail", message="no luck", options={"maxAttempts": 1})
    finally:
        written.removeHandler(log)
        log.close()
    assert "Traceback" not in json.dumps(status)
    trace = (tmp_path / "log").read_text()
    assert "raise ValueError(message)" in trace
    assert trace.endswith("ValueError\n")
    assert "no luck" not in trace


def test_failed_import_is_retried(system: System, asset: Path) -> None:
    """A module that raises on import costs an attempt, like any exception of a flow."""
    broken = asset / "flows" / "broken.py"
    job_id = system.submit("trial/add", parameters={"a": 1}).body["id"]
    queue = system.deployment.queue
    queue.client.purge_queue(QueueUrl=queue.url)
    queue.send(system.message_of(job_id, flow="broken/at-first"))
    catalog = system.deployment.catalog
    system.deployment.catalog = replace(catalog, flows={"broken/at-first": catalog.flows["trial/add"]})
    broken.write_text("raise ConnectionError('not yet')\n")
    try:
        system.deliver()
    finally:
        broken.unlink()
    status = system.status(job_id)
    assert (status["state"], status["lastError"]) == ("pending", "ConnectionError: not yet")
