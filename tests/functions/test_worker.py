"""The worker on real rows, messages and flow processes."""

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from functions.lifecycle import Job
from functions.store import Refused
from noukai_wire.routes import Route
from tests.functions.harness import System


def run(system: System, flow: str, **body: Any) -> Any:
    """Submit a job, deliver its message once, and give its status."""
    job_id = system.submit(f"trial/{flow}", **body).body["id"]
    system.deliver()
    return system.status(job_id)


def output(status: Any) -> Any:
    assert status["state"] == "completed", status
    return status["result"]["output"]


@pytest.mark.parametrize("flow", ["add", "add-later"])
def test_sync_and_async_flows(system: System, flow: str) -> None:
    """`def` and `async def` alike are called with their arguments by name and return the result."""
    assert output(run(system, flow, parameters={"a": 2, "b": 3})) == 5


@pytest.mark.parametrize(
    ("body", "said"), [({}, "got None"), ({"message": None}, "got None"), ({"message": ""}, "got ")]
)
def test_message_that_may_be_null(system: System, body: dict[str, Any], said: str) -> None:
    """A flow that requires a message but takes null is called with None when there is none."""
    assert output(run(system, "perhaps", **body)) == said


def test_arguments_arrive_as_annotated(system: System) -> None:
    """Models, enums, dates, unions and sets are what the annotations say."""
    parameters = {
        "lines": [{"article": "nut", "pieces": 3}, {"article": "bolt"}],
        "colour": "blue",
        "due": "2030-05-01T12:00:00Z",
        "size": "any",
        "tags": ["b", "a"],
    }
    expected = {"pieces": 4, "colour": "BLUE", "year": 2030, "size": "any", "tags": ["a", "b"]}
    assert output(run(system, "order", parameters=parameters)) == expected


def test_context(system: System) -> None:
    """A flow that asks for the context learns its job, attempt and org, and how long it may run."""
    status = run(system, "say-who")
    assert output(status) == {"job": status["id"], "attempt": 1, "org": "acme", "cancelled": False}
    assert output(run(system, "remaining", options={"timeoutSeconds": 12})) == 12
    assert output(run(system, "remaining")) == 60


def test_short_job_costs_two_writes(system: System) -> None:
    """A job that ends before the first heartbeat costs a claim, a settling write and one visibility request."""
    run(system, "add", parameters={"a": 1})
    system.submit(parameters={"a": 1})
    system.deliver()
    operations = [operation for operation, _ in system.calls if operation not in ("ReceiveMessage", "DeleteMessage")]
    assert operations == ["ChangeMessageVisibilityBatch", "UpdateItem", "UpdateItem"]


def test_row_of_a_short_job_is_small(system: System) -> None:
    """With an input of 300 bytes and a result of 500 the row stays under the kilobyte of one write unit."""
    job_id = run(system, "greet", message="x" * 500)["id"]
    item = system.deployment.store.client.get_item(TableName="jobs", Key={"id": {"S": job_id}})["Item"]
    size = sum(
        len(name) + len(content if isinstance(content, bytes) else str(content))
        for name, value in item.items()
        for content in value.values()
    )
    assert size < 850


def test_failed_attempt_is_released_with_a_backoff(system: System) -> None:
    """An exception gives the job back with its error and the backoff as the message's visibility; no new message."""
    status = run(system, "fail", message="no luck")
    assert (status["state"], status["attempt"], status["lastError"]) == ("pending", 1, "ValueError: no luck")
    assert "error" not in status
    assert "SendMessage" not in [operation for operation, _ in system.calls]
    held, paused = system.hidden_for()
    not_before = system.row(status["id"]).not_before
    assert (held, paused <= 1) == (60, True)
    assert not_before is not None
    assert 0 <= not_before - system.clock.time <= 1000


def test_last_failed_attempt_fails_the_job(system: System) -> None:
    """With no attempts left the exception's type and message are the job's error."""
    status = run(system, "fail", message="no luck", options={"maxAttempts": 1})
    assert (status["state"], status["error"]) == ("failed", "ValueError: no luck")
    assert system.messages() == 0


def test_second_attempt_may_succeed(system: System) -> None:
    """A job whose first worker vanished runs again, as attempt 2, once its lease is over."""
    job_id = system.submit("trial/say-who").body["id"]
    claim_elsewhere(system, job_id)
    system.clock.time += 60_001
    system.deliver()
    assert output(system.status(job_id))["attempt"] == 2


def claim_elsewhere(system: System, job_id: str) -> Job:
    """Let another worker claim the job and say nothing more."""
    now = system.clock.time
    created_at = system.row(job_id).created_at
    store = system.deployment.store
    return store.claim(job_id, created_at=created_at, owner="elsewhere", lease_until=now + 60_000, now=now)


def test_permanent_error_fails_at_once(system: System) -> None:
    """`PermanentError` fails the job although attempts are left."""
    status = run(system, "refuse")
    assert (status["state"], status["attempt"], status["error"]) == ("failed", 1, "PermanentError: never again")


def test_retry_after_of_an_exception_is_honoured(system: System) -> None:
    """`retry_after` on the exception is the pause before the next attempt."""
    status = run(system, "ask-for-time")
    assert system.row(status["id"]).not_before == system.clock.time + 7000
    assert system.hidden_for()[-1] == 7


@pytest.mark.parametrize(
    ("kind", "said"), [("set", "set"), ("nan", "float"), ("surrogate", "surrogates"), ("large", "262144")]
)
def test_result_that_is_not_json(system: System, kind: str, said: str) -> None:
    """What cannot be a result fails the job at once and says what it is."""
    status = run(system, "return-value", parameters={"kind": kind})
    assert (status["state"], status["attempt"]) == ("failed", 1)
    assert said in status["error"]


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("sys-exit", "SystemExit: 3"),
        ("exit", "ProcessDied: the flow's process ended itself with status 3"),
        ("kill", "ProcessDied: the flow's process was ended by SIGKILL (out of memory?)"),
        ("segfault", "ProcessDied: the flow's process was ended by SIGSEGV"),
    ],
)
def test_flow_that_ends_its_process(system: System, how: str, error: str) -> None:
    """A flow that ends its process takes only its own attempt with it."""
    status = run(system, "end-process", parameters={"how": how})
    assert (status["state"], status["error"]) == ("failed", error)


def test_flow_that_closes_its_streams(system: System) -> None:
    """A flow may close its standard streams; the runtime speaks through others."""
    assert output(run(system, "close-streams")) == "still here"


@pytest.mark.parametrize("flow", ["hang", "hang-later"])
def test_timeout_stops_the_flow(system: System, tmp_path: Path, flow: str) -> None:
    """A flow that runs too long is interrupted, cleans up, and its job fails with `TimeoutError`."""
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    system.clock.step = 1000
    status = run(system, flow, parameters={"begun": str(begun), "ended": str(ended)}, options={"timeoutSeconds": 2})
    assert (status["state"], status["error"]) == ("failed", "TimeoutError: the flow was stopped after 2 seconds")
    assert status["stoppedAt"]
    assert ended.exists()


@pytest.mark.parametrize("flow", ["hang", "hang-later"])
def test_cancelled_flow_is_stopped(system: System, tmp_path: Path, flow: str) -> None:
    """A running job is cancelled for every reader at once, its code is interrupted, and `stoppedAt` says when."""
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    job_id = system.submit(f"trial/{flow}", parameters={"begun": str(begun), "ended": str(ended)}).body["id"]
    answers = cancel_once_begun(system, job_id, begun)
    status = system.status(job_id)
    assert (answers[0]["state"], status["state"]) == ("cancelled", "cancelled")
    assert status["stoppedAt"] > status["completedAt"]
    assert ended.exists()
    assert system.messages() == 0


def test_stubborn_flow_is_killed_after_the_grace(system: System, tmp_path: Path) -> None:
    """A flow that swallows the interruption is killed once its grace is over."""
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    parameters = {"begun": str(begun), "ended": str(ended), "stubborn": True}
    job_id = system.submit("trial/hang", parameters=parameters).body["id"]
    cancel_once_begun(system, job_id, begun)
    assert system.status(job_id)["stoppedAt"]
    assert not ended.exists()


def cancel_once_begun(system: System, job_id: str, begun: Path) -> list[Any]:
    """Deliver the job, and cancel it from beside as soon as its flow has begun."""
    answers = []

    def cancel() -> None:
        while not begun.exists():
            threading.Event().wait(0.01)
        answers.append(system.send(Route.CANCEL_BY_ID, id=job_id).body)

    beside = threading.Thread(target=cancel)
    system.clock.step = 1000
    beside.start()
    system.deliver()
    beside.join()
    return answers


def test_progress_is_written_while_the_flow_runs(system: System) -> None:
    """What a flow reports stands in the row while it runs, and is gone from the settled job."""
    system.clock.step = 1000
    job_id = system.submit("trial/count", parameters={"steps": 3}).body["id"]
    system.deliver()
    assert "progress" not in system.status(job_id)
    assert output(system.status(job_id)) == 3


def test_delivery_of_a_running_job_is_deferred(system: System) -> None:
    """A delivery that meets a live lease is hidden until the lease is over, never deleted."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    claim_elsewhere(system, job_id)
    answer = system.deliver()
    assert len(answer["batchItemFailures"]) == 1
    assert system.hidden_for()[-1] == 60
    assert system.messages() == 1


def test_delivery_before_its_time_is_deferred(system: System) -> None:
    """A delivery that comes too early is hidden until its job may start."""
    job_id = system.submit("trial/ask-for-time").body["id"]
    system.deliver()
    message = system.message_of(job_id)
    system.deployment.queue.send(message)
    system.deliver()
    assert system.hidden_for()[-1] == 7
    assert system.status(job_id)["attempt"] == 1


def test_lost_worker_without_attempts_left(system: System) -> None:
    """A job whose last worker vanished fails as `worker lost`."""
    job_id = system.submit(parameters={"a": 1}, options={"maxAttempts": 1}).body["id"]
    claim_elsewhere(system, job_id)
    system.clock.time += 60_001
    system.deliver()
    status = system.status(job_id)
    assert (status["state"], status["error"]) == (
        "failed",
        "worker lost: attempt 1 of 1 ended without a word",
    )
    assert system.messages() == 0


def test_late_worker_cannot_settle(system: System) -> None:
    """A worker whose job was taken over is refused every write, and the one that took it over is not disturbed."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    late = claim_elsewhere(system, job_id)
    system.clock.time += 60_001
    system.deliver()
    settled = system.status(job_id)
    store, now = system.deployment.store, system.clock.time
    with pytest.raises(Refused):
        store.complete(late, result="0", now=now)
    with pytest.raises(Refused):
        store.fail(late, error="late", now=now)
    with pytest.raises(Refused):
        store.release(late, error="late", not_before=now)
    with pytest.raises(Refused):
        store.extend(late, lease_until=now + 1, progress=None)
    assert system.status(job_id) == settled


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"id": 1}', '{"id": "job_x", "surprise": true}'])
def test_poison_is_dropped(system: System, body: str) -> None:
    """A body that is not a message is dropped, and its neighbours run."""
    queue = system.deployment.queue
    queue.client.send_message(QueueUrl=queue.url, MessageBody=body or " ")
    job_id = system.submit(parameters={"a": 1}).body["id"]
    assert system.deliver() == {"batchItemFailures": []}
    assert system.status(job_id)["state"] == "completed"
    assert system.messages() == 0


@pytest.mark.parametrize("changes", [{"id": "job_" + "a" * 26}, {"created_at": 1}])
def test_message_of_no_row_is_dropped(system: System, changes: dict[str, Any]) -> None:
    """A message without a row, or of another submission under the same id, is dropped and changes nothing."""
    job_id = system.submit(parameters={"a": 1}, options={"delaySeconds": 900}).body["id"]
    system.deployment.queue.send(system.message_of(job_id, **changes))
    assert system.deliver() == {"batchItemFailures": []}
    assert system.status(job_id)["state"] == "pending"


def test_flow_that_is_gone_fails_its_job(system: System) -> None:
    """A job whose flow this deployment no longer has fails and says so."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    queue = system.deployment.queue
    queue.client.purge_queue(QueueUrl=queue.url)
    queue.send(system.message_of(job_id, flow="trial/was-here"))
    system.deliver()
    status = system.status(job_id)
    assert (status["state"], status["error"]) == (
        "failed",
        "FlowNotFound: this deployment has no flow 'trial/was-here' any more",
    )


def test_batch_that_takes_long_gives_back_what_has_not_started(system: System) -> None:
    """Deliveries that a first job keeps waiting for a second are given back at once, without using an attempt."""
    system.clock.step = 300
    slow = system.submit("trial/count", parameters={"steps": 1}).body["id"]
    others = [system.submit("trial/hang", parameters={"begun": "x", "ended": "y"}).body["id"] for _ in range(2)]
    answer = system.deliver(remaining_ms=30_000)
    assert {system.status(job_id).get("attempt") for job_id in others} == {None}
    assert len(answer["batchItemFailures"]) == 2
    assert 0 in system.hidden_for()
    assert system.status(slow)["state"] == "completed"


def test_visibility_is_shortened_for_the_whole_batch_in_one_request(system: System) -> None:
    """On arrival every delivery of the batch is hidden for one lease only, by one request."""
    for _ in range(3):
        system.submit(parameters={"a": 1})
    system.deliver()
    first = next(parameters for operation, parameters in system.calls if operation == "ChangeMessageVisibilityBatch")
    assert [entry["VisibilityTimeout"] for entry in first["Entries"]] == [60, 60, 60]


def test_short_visibility_needs_no_shortening(system: System) -> None:
    """A function whose time, and so whose queue's visibility, is within the lease spends no request on it."""
    system.submit(parameters={"a": 1})
    system.deliver(remaining_ms=60_000)
    assert "ChangeMessageVisibilityBatch" not in [operation for operation, _ in system.calls]


def test_error_is_cut_to_its_limit(system: System) -> None:
    """A message in an error is at most 2 KB of valid text."""
    status = run(system, "fail", message="ü" * 5000, options={"maxAttempts": 1})
    assert status["error"].startswith("ValueError: üü")
    assert 2046 <= len(status["error"].encode()) <= 2048


def test_trace_is_in_the_log_only(system: System, tmp_path: Path) -> None:
    """The caller sees type and message; the log has the trace."""
    log, written = logging.FileHandler(tmp_path / "log"), logging.getLogger("noukai")
    written.addHandler(log)
    written.setLevel(logging.ERROR)
    try:
        status = run(system, "fail", message="no luck", options={"maxAttempts": 1})
    finally:
        written.removeHandler(log)
        log.close()
    assert "Traceback" not in json.dumps(status)
    assert "raise ValueError(message)" in (tmp_path / "log").read_text()
