"""Submitting many jobs in one request."""

from collections import Counter
from typing import Any

import pytest

from noukai_wire import limits
from noukai_wire.batches import AcceptedBatch
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused, output

ADDRESS = {"org": "acme", "project": "trial", "flow": "add"}


def submit(system: System, *entries: Any, headers: Any = None, **path: str) -> Answer:
    return system.send(Route.SUBMIT_JOBS, body={"jobs": entries}, headers=headers, **{**ADDRESS, **path})


def added(number: int, **more: Any) -> dict[str, Any]:
    return {"parameters": {"a": number}, **more}


def ids(answer: Answer) -> list[str]:
    return [entry["job"]["id"] for entry in answer.body["jobs"]]


def codes(answer: Answer) -> list[str]:
    """Return each entry's error code, or `accepted`."""
    return [entry["error"]["code"] if "error" in entry else "accepted" for entry in answer.body["jobs"]]


def test_every_submission_of_a_batch_is_a_job(system: System) -> None:
    """Each is accepted in its place as by a single request, and runs."""
    answer = submit(system, *(added(number) for number in range(25)))
    batch = AcceptedBatch.model_validate(answer.body)
    assert answer.status == 202
    assert [entry.job and (entry.job.state, entry.job.flow) for entry in batch.jobs] == [
        ("pending", "acme/trial/add")
    ] * 25
    while system.messages():
        system.deliver()
    assert [output(system.status(job_id)) for job_id in ids(answer)] == [number + 1 for number in range(25)]


def test_batch_costs_a_write_for_each_job_and_a_send_for_ten(system: System) -> None:
    """With a cached API key, a hundred jobs are a hundred puts and ten sends."""
    submit(system, added(1))
    del system.calls[:]
    submit(system, *(added(number) for number in range(100)))
    assert Counter(operation for operation, _ in system.calls) == {"PutItem": 100, "SendMessageBatch": 10}


def test_a_wrong_submission_is_refused_on_its_own(system: System) -> None:
    """Each gets the error of a single request; the others are accepted."""
    deep: Any = 1
    for _ in range(limits.MAX_JSON_DEPTH):
        deep = [deep]
    wrong = [
        {"parameters": {"a": "x"}},
        {"parameters": {"a": 1}, "surprise": 1},
        {"parameters": {"a": 1}, "options": {"runAt": "2030-01-01T00:00:00Z"}},
        {"parameters": {"a": 1}, "idempotencyKey": "\n"},
        {"parameters": {"a": 1}, "idempotencyKey": ""},
        {"parameters": {"a": 1}, "idempotencyKey": 7},
        {"parameters": {"a": deep}},
        "text",
        None,
    ]
    answer = submit(system, added(1), *wrong, added(2))
    assert codes(answer) == ["accepted", *["INVALID_INPUT"] * len(wrong), "accepted"]
    paths = [entry["error"]["errors"][0]["path"] for entry in answer.body["jobs"][1:-1]]
    assert paths == [
        *("parameters.a", "surprise", "options.runAt"),
        *["idempotencyKey"] * 3,
        *[""] * 3,
    ]
    assert len(system.jobs()) == system.messages() == 2


def test_missing_message_of_an_entry(system: System) -> None:
    """The code is that of a single submission."""
    assert codes(submit(system, {}, {"message": "x"}, flow="greet")) == ["MISSING_MESSAGE", "accepted"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"jobs": [added(1)] * 101}, "100"),
        ({"jobs": []}, "100"),
        ({"jobs": {}}, "jobs"),
        ({}, "jobs"),
        ([added(1)], "object"),
        ({"jobs": [added(1)], "surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_batch_is_refused_as_a_whole(system: System, body: Any, named: str) -> None:
    """No entry is accepted, and the error names the limit."""
    answer = system.send(Route.SUBMIT_JOBS, body=body, **ADDRESS)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert named in answer.body["detail"]["message"]


def test_a_batch_that_is_too_large_is_refused_as_a_whole(system: System) -> None:
    """The limit is that of every body, and the error names it."""
    answer = system.send(Route.SUBMIT_JOBS, raw=" " * (limits.MAX_BODY_BYTES + 1), **ADDRESS)
    assert_refused(system, answer, ErrorCode.PAYLOAD_TOO_LARGE)
    assert str(limits.MAX_BODY_BYTES) in answer.body["detail"]["message"]


def test_unknown_flow(system: System) -> None:
    """The whole batch is a 404, before its body is read."""
    assert_refused(system, submit(system, flow="nothing"), ErrorCode.FLOW_NOT_FOUND)


def test_key_of_a_batch_names_all_its_jobs(system: System) -> None:
    """The same batch returns the same jobs, also after they have run; none runs again."""
    batch = [added(number) for number in range(12)]
    first = submit(system, *batch, headers={"idempotency-key": "import"})
    while system.messages():
        system.deliver()
    again = submit(system, *batch, headers={"idempotency-key": "import"})
    assert again.body == first.body
    assert len(set(ids(first))) == 12
    assert system.messages() == 0


def test_key_of_an_entry_names_its_job_wherever_it_is_submitted(system: System) -> None:
    """It is the same job elsewhere in the batch, in another batch, or alone."""
    first = submit(system, added(1, idempotencyKey="one"), added(2), headers={"idempotency-key": "b"})
    again = submit(system, added(3), added(1, idempotencyKey="one"))
    alone = system.submit(parameters={"a": 1}, headers={"idempotency-key": "one"})
    assert ids(first)[0] == ids(again)[1] == alone.body["id"]


def test_same_key_with_another_body_is_a_conflict_of_that_entry(system: System) -> None:
    """The key may be derived from the batch's or the entry's own; unchanged entries stay accepted."""
    headers = {"idempotency-key": "b"}
    first = submit(system, added(1), added(2), added(3, idempotencyKey="three"), headers=headers)
    again = submit(system, added(1), added(7), added(8, idempotencyKey="three"), headers=headers)
    assert codes(first) == ["accepted"] * 3
    assert codes(again) == ["accepted", "IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_CONFLICT"]


def test_same_key_twice_in_a_batch(system: System) -> None:
    """It is one job with one message; with another body it is a conflict."""
    same = added(1, idempotencyKey="k")
    answer = submit(system, same, same, added(2, idempotencyKey="k"))
    assert codes(answer) == ["accepted", "accepted", "IDEMPOTENCY_CONFLICT"]
    assert len(system.jobs()) == system.messages() == 1


def test_without_keys_every_entry_is_a_new_job(system: System) -> None:
    """Each submission without a key is a new job."""
    assert len({*ids(submit(system, added(1), added(1))), *ids(submit(system, added(1)))}) == 3


def test_entries_beyond_the_time_limit_are_left_to_the_retry(system: System) -> None:
    """Entries that cannot start before the gateway's timeout are answered as unavailable, and not begun."""
    system.clock.step = 4_000
    system.at_gateway = system.clock.time
    found = codes(submit(system, *(added(number) for number in range(10))))
    accepted = found.count("accepted")
    assert 0 < accepted < 10
    assert found == ["accepted"] * accepted + ["UNAVAILABLE"] * (10 - accepted)
    assert len(system.jobs()) == accepted


def test_delayed_jobs_wait_each_for_its_time(system: System) -> None:
    """Each entry has its own options."""
    submit(system, added(1), added(2, options={"delaySeconds": 300}))
    sent = [
        parameters["Entries"] for operation, parameters in system.calls if operation == "SendMessageBatch"
    ]
    assert [entry["DelaySeconds"] for entry in sent[0]] == [0, 300]


def test_jobs_that_run_later_are_scheduled(system: System) -> None:
    """Jobs beyond the queue's longest delay each wait in a schedule; the others are sent."""
    later = {"options": {"runAt": "2023-11-15T00:00:00Z"}}
    assert codes(submit(system, added(1), added(2, **later))) == ["accepted"] * 2
    assert system.messages() == 1
    assert [operation for operation, _ in system.calls].count("CreateSchedule") == 1
