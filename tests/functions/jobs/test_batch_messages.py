"""The messages of a batch: each is sent as its row is written, and again when the batch is repeated."""

from typing import Any
from unittest.mock import patch

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.jobs.queues.queue import JobQueue, Message, OutgoingMessage
from noukai_functions.jobs.table import JobsTable
from tests.functions.harness import System, output
from tests.functions.requests.test_submit_jobs import added, codes, ids, submit


def test_crash_leaves_at_most_ten_rows_without_a_message(system: System) -> None:
    """Messages are sent as rows are written: a function killed at its 25th write has sent twenty."""
    put, rows = JobsTable.create, []

    def killed(table: JobsTable, job: Any, now: int) -> None:
        rows.append(job.id)
        if len(rows) == 25:
            raise SystemExit
        put(table, job, now)

    with patch.object(JobsTable, "create", killed), pytest.raises(SystemExit):
        submit(system, *(added(number) for number in range(40)))
    assert (len(system.jobs()), system.messages()) == (24, 20)


def test_repeated_batch_sends_each_message_again_once(system: System) -> None:
    """However often its caller repeats it, each job has two messages at most within a delivery time."""
    batch, headers = [added(number) for number in range(12)], {"idempotency-key": "b"}
    for _ in range(4):
        assert codes(submit(system, *batch, headers=headers)) == ["accepted"] * 12
    assert system.messages() == 24


def test_failed_send_of_an_entry_is_healed_by_the_retry(system: System) -> None:
    """Messages that SQS refused are answered as unavailable, the others as accepted; a retry sends them."""
    sqs = system.deployment.queue.client
    send = sqs.send_message_batch

    def lose_one(**request: Any) -> Any:
        request["Entries"] = request["Entries"][1:]
        return {**send(**request), "Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]}

    batch, headers = [added(number) for number in range(3)], {"idempotency-key": "b"}
    with patch.object(sqs, "send_message_batch", lose_one):
        answer = submit(system, *batch, headers=headers)
    assert codes(answer) == ["UNAVAILABLE", "accepted", "accepted"]
    assert system.messages() == 2
    retried = submit(system, *batch, headers=headers)
    while system.messages():
        system.deliver()
    assert [output(system.status(job_id)) for job_id in ids(retried)] == [1, 2, 3]


def test_failed_request_of_ten_is_healed_by_the_retry(system: System) -> None:
    """A send that fails affects its ten messages alone, a write that fails its one job."""
    sqs, put = system.deployment.queue.client, JobsTable.create
    send, calls = sqs.send_message_batch, []

    def fail_first(**request: Any) -> Any:
        calls.append(request)
        if len(calls) == 1:
            raise AwsError("SendMessageBatch", "InternalError", "no")
        return send(**request)

    def fail_last(table: JobsTable, job: Any, now: int) -> None:
        if job.metadata:
            raise AwsError("PutItem", "ThrottlingException", "slow")
        put(table, job, now)

    batch = [*(added(number) for number in range(12)), added(12, options={"metadata": {"x": "y"}})]
    headers = {"idempotency-key": "b"}
    with patch.object(sqs, "send_message_batch", fail_first), patch.object(JobsTable, "create", fail_last):
        answer = submit(system, *batch, headers=headers)
    assert codes(answer) == ["UNAVAILABLE"] * 10 + ["accepted"] * 2 + ["UNAVAILABLE"]
    assert codes(submit(system, *batch, headers=headers)) == ["accepted"] * 13


def test_requests_of_large_messages_are_cut_by_their_size(system: System) -> None:
    """A request to SQS holds at most a mebibyte, however many messages that is."""
    messages = [
        OutgoingMessage(Message(f"job_{'a' * 25}{letter}", 0, "acme", "trial/add", {"text": "x" * 300_000}))
        for letter in "abcd"
    ]
    queue: JobQueue = system.deployment.queue
    assert queue.send_many(messages) == set()
    assert [len(parameters["Entries"]) for _, parameters in system.calls] == [3, 1]
