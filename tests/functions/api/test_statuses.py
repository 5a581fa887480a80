"""The status of many jobs in one request."""

import json
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import START_WITHIN_MS
from noukai_wire import limits
from noukai_wire.batches import StatusList
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused

UNKNOWN = "job_" + "a" * 26


def ask(system: System, *ids: Any) -> Answer:
    return system.send(Route.STATUSES, body={"ids": ids})


def errors(answer: Answer) -> list[str | None]:
    return [
        entry.error.code if entry.error else None for entry in StatusList.model_validate(answer.body).jobs
    ]


def test_statuses_equal_those_of_single_requests(system: System) -> None:
    """They come in the order of the ids, with their results."""
    ids = [system.submit(parameters={"a": number}).body["id"] for number in range(12)]
    system.deliver()
    answer = ask(system, *ids)
    assert answer.status == 200
    assert [entry["job"] for entry in answer.body["jobs"]] == [system.status(job_id) for job_id in ids]
    assert {entry["job"]["state"] for entry in answer.body["jobs"]} == {"completed", "pending"}


def test_a_hundred_jobs_are_one_read(system: System) -> None:
    """The read is consistent, as for one job: after a terminal answer, none says that the job runs."""
    ids = [system.submit(parameters={"a": 1}).body["id"] for _ in range(limits.MAX_BATCH_SIZE)]
    del system.calls[:]
    assert errors(ask(system, *ids)) == [None] * limits.MAX_BATCH_SIZE
    ((operation, request),) = system.calls
    assert (operation, request["RequestItems"]["jobs"]["ConsistentRead"]) == ("BatchGetItem", True)


def test_jobs_that_have_not_ended_say_when_to_ask_again(system: System) -> None:
    """The hint is the same as for one job; ended jobs have none."""
    done = system.run("add", parameters={"a": 1})["id"]
    fresh = system.submit(parameters={"a": 1}).body["id"]
    delayed = system.submit(parameters={"a": 1}, options={"delaySeconds": 300}).body["id"]
    answer = ask(system, done, fresh, delayed)
    assert [entry.get("retryAfterMs") for entry in answer.body["jobs"]] == [None, 1000, 10_000]
    alone = system.send(Route.STATUS_BY_ID, id=delayed).headers["Retry-After-Ms"]
    assert alone == "10000"


def test_ids_that_are_not_the_callers_are_unknown(system: System) -> None:
    """Another org's job, an expired one, one that never existed and an invalid id get the same answer."""
    own = system.run("add", parameters={"a": 1}, options={"keepSeconds": limits.MIN_KEEP_SECONDS})["id"]
    system.key = "nk_globex"
    foreign = ask(system, own)
    unknown = ask(system, UNKNOWN)
    assert foreign.body["jobs"][0]["error"] == unknown.body["jobs"][0]["error"]
    system.key = "nk_acme"
    system.clock.time += limits.MIN_KEEP_SECONDS * 1000
    assert errors(ask(system, own, UNKNOWN, "nonsense", "")) == [ErrorCode.JOB_NOT_FOUND] * 4


def test_overdue_job_is_failed(system: System) -> None:
    """Every read settles it, so that nobody waits for ever."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    system.clock.time += START_WITHIN_MS
    assert ask(system, job_id).body["jobs"][0]["job"]["state"] == "failed"


def test_results_beyond_an_answer_come_with_the_next_request(large: System) -> None:
    """An answer holds as many results as Lambda allows, at least one; the next request gets the rest."""
    parameters = {"value": "\\", "times": limits.MAX_RESULT_BYTES // 2 - 2}
    left = [large.run("repeat", parameters=parameters)["id"] for _ in range(5)]
    for expected in (2, 2, 1):
        answer = ask(large, *left)
        unread = [entry["id"] for entry in answer.body["jobs"] if "error" in entry]
        assert {entry["error"]["code"] for entry in answer.body["jobs"] if "error" in entry} <= {
            "UNAVAILABLE"
        }
        assert len(left) - len(unread) == expected
        left = unread


@pytest.mark.parametrize("kind", ["results", "metadata"])
def test_answer_fits_into_the_limit_of_lambda(large: System, kind: str) -> None:
    """A character beyond the first plane is four bytes of a result, and 14 of a function's answer."""
    text = "\N{GRINNING FACE}"
    if kind == "results":
        # Seven results are too large together, but each is small enough alone.
        parameters = {"value": text, "times": limits.MAX_RESULT_BYTES // 4 - 1}
        ids = [large.run("repeat", parameters=parameters)["id"] for _ in range(7)]
    else:
        metadata = {f"{name:02}{text * 62}": text * 256 for name in range(16)}
        ids = [
            large.submit(parameters={"a": 1}, options={"metadata": metadata}).body["id"] for _ in range(100)
        ]
    left = ids
    while left:
        answer = ask(large, *left)
        assert len(json.dumps({"body": json.dumps(answer.body)})) < 6_291_556
        unread = [entry["id"] for entry in answer.body["jobs"] if "error" in entry]
        assert len(unread) < len(left)
        left = unread


def test_rows_that_aws_left_out_are_read_again(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that was not read is not an unknown job."""
    job_id = system.submit(parameters={"a": 1}).body["id"]
    unread = {"Responses": {}, "UnprocessedKeys": {"jobs": {"Keys": [{"id": {"S": job_id}}]}}}
    monkeypatch.setattr(system.deployment.table.client, "batch_get_item", lambda **_: unread)
    assert errors(ask(system, job_id, "nonsense")) == [ErrorCode.UNAVAILABLE, ErrorCode.JOB_NOT_FOUND]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"ids": [UNKNOWN] * 101}, "100"),
        ({"ids": []}, "100"),
        ({"ids": UNKNOWN}, "ids"),
        ({}, "ids"),
        ({"ids": [UNKNOWN, 7]}, "ids.1"),
        ({"ids": [UNKNOWN], "surprise": 1}, "surprise"),
    ],
)
def test_wrong_requests(system: System, body: Any, named: str) -> None:
    """Each is refused with a 422 that names the fault."""
    answer = system.send(Route.STATUSES, body=body)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert named in answer.body["detail"]["message"]
