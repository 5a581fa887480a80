"""Jobs that are exported from one stack and imported into another, as the API of each answers for them."""

import hashlib
import json
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import Job, Payload, State, job_id
from noukai_functions.jobs.objects import input_key, input_reference
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.row import encode
from noukai_infra.transfer.export import Selection
from noukai_infra.transfer.restoring import Fate
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.infra.operations.transfer.conftest import OTHER, Stacks
from tests.job_rows import pending

START = 1_700_000_000_000
"""The time at which the clock of the functions stands in tests."""

LARGE = json.dumps({"text": "ä" * 10_000})
LARGE_KEY = f"keep-2d/acme/{job_id('acme', 'trial/add', 'large')}/{START}-1"


def answers(system: System, id_: str) -> Any:
    """Return what the API says of a job: its status and its timeline."""
    status, events = (system.send(route, id=id_) for route in (Route.STATUS_BY_ID, Route.EVENTS_BY_ID))
    return status.body, events.body


def put_ended(stacks: Stacks, key: str, **values: Any) -> Job:
    """Put the row of a completed job into the first stack."""
    id_, at = job_id("acme", "trial/add", key), stacks.first.clock.time
    ended = {
        "state": State.COMPLETED,
        "attempt": 1,
        "started_at": at,
        "claimed_at": at,
        "completed_at": at + 5,
    }
    given = {"id": id_, "flow": "trial/add", **ended, "expires_at": at // 1000 + 3600, **values}
    job = pending(given.pop("created_at", at), **given)
    stacks.dynamodb.put_item(TableName="jobs", Item=encode(job))
    return job


def put_large_result(stacks: Stacks) -> Job:
    """Put a job whose result is an object."""
    content = LARGE.encode()
    stacks.s3.put_object(Bucket="payloads", Key=LARGE_KEY, Body=content)
    payload = Payload(LARGE_KEY, len(content), hashlib.sha256(content).hexdigest())
    return put_ended(stacks, "large", result_object=payload)


def put_uploaded_input(stacks: Stacks) -> Job:
    """Put a failed job whose input was uploaded."""
    content = b'{ "message": "from afar",\n "parameters": {"ballast": [1.5, 2e300]} }'
    reference = input_reference(hashlib.sha256(content).hexdigest(), keep_seconds=3600, wait_ms=0)
    stacks.s3.put_object(Bucket="payloads", Key=input_key("acme", reference), Body=content)
    end = {"state": State.FAILED, "error": "ValueError: from afar", "flow": "trial/fail"}
    job = put_ended(stacks, "uploaded", **end)
    message = Message(job.id, job.created_at, job.org, job.flow, {}, input=reference)
    stacks.first.deployment.saved_inputs.keep(message, job, job.created_at)
    return job


def give_jobs(stacks: Stacks) -> dict[str, str]:
    """Let the first stack have a job of each kind; return their ids."""
    first, ids = stacks.first, dict[str, str]()
    ids["completed"] = first.run("add", parameters={"a": 1, "b": 2}, options={"metadata": {"for": "me"}})[
        "id"
    ]
    ids["without output"] = first.run("forget-soon")["id"]
    options = {"maxAttempts": 1, "timeoutSeconds": 7}
    ids["failed"] = first.run("fail", message="no luck", options=options)["id"]
    ids["cancelled"] = first.submit("trial/add", parameters={"a": 5}).body["id"]
    first.send(Route.CANCEL_BY_ID, id=ids["cancelled"])
    first.deliver()  # its message comes, and its input is saved
    ids["large"] = put_large_result(stacks).id
    ids["uploaded"] = put_uploaded_input(stacks).id
    return ids


def test_ended_jobs_are_the_same_in_the_other_stack(stacks: Stacks) -> None:
    """Their status, result and timeline; a second import makes nothing twice."""
    ids = give_jobs(stacks)
    lines = stacks.lines()
    assert lines.keys() == {*ids.values()}
    assert stacks.put(*lines.values())[Fate.IMPORTED] == len(ids)
    for id_ in ids.values():
        assert answers(stacks.other, id_) == answers(stacks.first, id_)
    listed = [
        [job["id"] for job in system.send(Route.LIST_ORG, org="acme").body["jobs"]]
        for system in (stacks.first, stacks.other)
    ]
    assert listed[0] == listed[1]
    assert len(listed[0]) == len(ids)
    before = stacks.dynamodb.scan(TableName=OTHER["JOBS_TABLE"])["Items"]
    assert stacks.put(*lines.values()) == {Fate.EXISTING: len(ids)}
    assert stacks.dynamodb.scan(TableName=OTHER["JOBS_TABLE"])["Items"] == before


def test_line_is_the_status_with_the_input(stacks: Stacks) -> None:
    """As the API answers and as a submission is sent; what is absent is omitted."""
    ids = give_jobs(stacks)
    lines = {name: json.loads(stacks.lines()[id_]) for name, id_ in ids.items()}
    for name in ("completed", "without output", "failed", "cancelled"):
        status, _ = answers(stacks.first, ids[name])
        assert {key: value for key, value in lines[name].items() if key not in ("input", "stored")} == status
    assert lines["large"]["result"]["output"] == json.loads(LARGE)
    assert lines["without output"]["result"]["output"] is None
    assert lines["failed"]["input"] == {"message": "no luck"}
    assert lines["cancelled"]["input"] == {"parameters": {"a": 5}}
    assert lines["uploaded"]["input"] == {"message": "from afar", "parameters": {"ballast": [1.5, 2e300]}}
    assert "input" not in lines["completed"]
    assert not [name for line in lines.values() for name, value in line.items() if value is None]


@pytest.mark.parametrize("name", ["failed", "cancelled", "uploaded"])
def test_imported_job_is_retried(stacks: Stacks, name: str) -> None:
    """With its input, inline or uploaded, and its options."""
    id_ = give_jobs(stacks)[name]
    stacks.put(*stacks.lines().values())
    job = stacks.other.row(id_)
    message = stacks.other.deployment.saved_inputs.read(job)
    assert message is not None
    before = stacks.first.deployment.saved_inputs.read(job)
    assert before is not None
    if name != "uploaded":
        assert message == before
        answer = stacks.other.send(Route.RETRY_BY_ID, id=id_)
        assert (answer.status, answer.body["state"]) == (202, "pending")
        return
    assert message.input is not None
    content = stacks.s3.get_object(Bucket=OTHER["PAYLOADS_BUCKET"], Key=input_key("acme", message.input))
    body = content["Body"].read()
    assert json.loads(body) == {"message": "from afar", "parameters": {"ballast": [1.5, 2e300]}}
    assert message.input.endswith(hashlib.sha256(body).hexdigest())


def test_idempotency_key_finds_the_imported_job(stacks: Stacks) -> None:
    """A caller that repeats a submission at the other stack gets the job; another body is a conflict."""
    headers = {"idempotency-key": "once"}
    id_ = stacks.first.submit("trial/add", headers=headers, parameters={"a": 1}).body["id"]
    stacks.first.deliver()
    stacks.put(*stacks.lines().values())
    again = stacks.other.submit("trial/add", headers=headers, parameters={"a": 1})
    assert (again.status, again.body["id"]) == (202, id_)
    assert stacks.other.status(id_)["state"] == "completed"
    assert stacks.other.submit("trial/add", headers=headers, parameters={"a": 2}).status == 409


def test_unfinished_job_is_exported_and_not_imported(stacks: Stacks) -> None:
    """Its message is in the queue of its own stack: in another one it would never end."""
    id_ = stacks.first.submit("trial/add", parameters={"a": 1}).body["id"]
    (line,) = stacks.lines().values()
    assert json.loads(line)["state"] == "pending"
    assert "input" not in json.loads(line)
    assert stacks.put(line) == {Fate.UNFINISHED: 1}
    assert stacks.other.send(Route.STATUS_BY_ID, id=id_).status == 404


def test_expired_job_is_in_neither(stacks: Stacks) -> None:
    """It is answered as unknown, though its row may be there still."""
    give_jobs(stacks)
    lines = [*stacks.lines().values()]
    stacks.first.clock.time += 8 * 24 * 60 * 60 * 1000
    assert stacks.lines() == {}
    assert stacks.put(*lines) == {Fate.EXPIRED: len(lines)}


def test_expired_row_is_replaced(stacks: Stacks) -> None:
    """As a submission replaces it, and no usage is counted for that."""
    job = put_ended(stacks, "again", result="1")
    stacks.dynamodb.put_item(
        TableName=OTHER["JOBS_TABLE"], Item=encode(put_ended(stacks, "again", expires_at=START // 1000 - 1))
    )
    put_ended(stacks, "again", result="1")
    assert stacks.put(*stacks.lines().values()) == {Fate.IMPORTED: 1}
    assert stacks.other.row(job.id) == job


def test_existing_job_stays_with_its_input(stacks: Stacks) -> None:
    """Also if it ended otherwise there."""
    id_ = give_jobs(stacks)["failed"]
    line = stacks.lines()[id_]
    theirs = pending(START, id=id_, flow="trial/fail", state=State.RUNNING, attempt=1)
    stacks.dynamodb.put_item(TableName=OTHER["JOBS_TABLE"], Item=encode(theirs))
    assert stacks.put(line) == {Fate.EXISTING: 1}
    assert [item["id"]["S"] for item in stacks.dynamodb.scan(TableName=OTHER["JOBS_TABLE"])["Items"]] == [id_]
    assert stacks.other.row(id_) == theirs


def test_lost_result_stays_lost(stacks: Stacks) -> None:
    """The job is completed in both stacks, and both say so of its output."""
    job = put_large_result(stacks)
    stacks.s3.delete_object(Bucket="payloads", Key=LARGE_KEY)
    (line,) = stacks.lines().values()
    assert "result" not in json.loads(line)
    assert stacks.put(line) == {Fate.IMPORTED: 1}
    status, _ = answers(stacks.other, job.id)
    assert (status["state"], status["error"][:11]) == ("completed", "ResultLost:")
    assert status == answers(stacks.first, job.id)[0]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(), {"add", "greet", "globex"}),
        (Selection(org="acme"), {"add", "greet"}),
        (Selection(flow="trial/add"), {"add", "globex"}),
        (Selection(org="acme", flow="trial/add"), {"add"}),
        (Selection(since=START + 1000), {"greet", "globex"}),
        (Selection(until=START + 1000), {"add"}),
        (Selection(since=START + 1000, until=START + 1001, org="acme"), {"greet"}),
        (Selection(org="nobody"), set()),
    ],
)
def test_selection(stacks: Stacks, selection: Selection, found: set[str]) -> None:
    """By org, flow and time of submission: the first time is included, the second one is not."""
    ids = {"add": put_ended(stacks, "add", result="1").id}
    later = {"created_at": START + 1000, "result": "1"}
    ids["greet"] = put_ended(stacks, "greet", flow="trial/greet", **later).id
    ids["globex"] = put_ended(stacks, "globex", org="globex", **later).id
    assert stacks.lines(selection).keys() == {ids[name] for name in found}


def test_unreadable_row_is_named_and_stops_nothing(stacks: Stacks) -> None:
    job = put_ended(stacks, "good", result="1")
    bad = put_ended(stacks, "bad", result="{")
    later = encode(put_ended(stacks, "later", result="1")) | {"fv": {"N": "2"}}
    stacks.dynamodb.put_item(TableName="jobs", Item=later)
    export = stacks.export()
    written = [id_ for page in export.pages(None) for id_, _ in page.lines]
    assert written == [job.id]
    assert {*export.unreadable} == {bad.id, later["id"]["S"]}
