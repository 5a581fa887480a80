"""Canary jobs: their share, and the queue of all their messages."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.aws import client
from noukai_functions.jobs.queues.canary import CACHE_MS, is_in_canary
from noukai_functions.names import CANARY_ROW, CANARY_SHARE
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.time import LambdaContext

SOURCE = "arn:aws:sqs:us-east-1:123456789012:canary"


@pytest.fixture
def canary(system: System) -> Iterator[System]:
    """Return the system of a deployment with a canary, without a share yet."""
    url = client("sqs").create_queue(QueueName="canary")["QueueUrl"]
    more = {"CANARY_QUEUES": json.dumps({"default": url})}
    made = replace(system.deployment, environment={**system.deployment.environment, **more})
    system.deployment.processes.close()
    system.deployment = made
    yield system
    made.processes.close()


def set_share(system: System, share: int | None) -> None:
    """Set the share as the operator's command does, and let every process read it."""
    table = system.deployment.table.client
    key: Any = {"id": {"S": CANARY_ROW}}
    if share is None:
        table.delete_item(TableName="jobs", Key=key)
    else:
        table.put_item(TableName="jobs", Item={**key, CANARY_SHARE: {"N": str(share)}})
    system.clock.time += CACHE_MS


def queued(system: System, *, canary: bool) -> list[str]:
    """Return the ids of the jobs whose messages are in a queue, without taking them."""
    queue = system.deployment.queues.of(None, "job_a", canary=canary)
    answer: Any = queue.client.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [json.loads(each["Body"])["id"] for each in answer.get("Messages", ())]


def test_share_of_ids() -> None:
    """About so many per cent of the ids are in a share, and a larger share includes a smaller one."""
    ids = [f"job_{number:026}" for number in range(20_000)]
    fifth = {each for each in ids if is_in_canary(each, 5)}
    assert 0.04 < len(fifth) / len(ids) < 0.06
    assert fifth <= {each for each in ids if is_in_canary(each, 20)}
    assert [sum(is_in_canary(each, share) for each in ids) for share in (0, 100)] == [0, len(ids)]


def test_marked_jobs_are_in_the_queue_of_the_canary(canary: System) -> None:
    """The mark follows the id alone, and each job has its one message where its mark says."""
    set_share(canary, 50)
    ids = [canary.submit("trial/add", parameters={"a": 1}).body["id"] for _ in range(10)]
    wanted = {id_: is_in_canary(id_, 50) for id_ in ids}
    assert {id_: canary.row(id_).canary is not None for id_ in ids} == wanted
    found = Counter(queued(canary, canary=True))
    assert found == Counter(id_ for id_ in ids if wanted[id_])
    assert Counter(queued(canary, canary=False)) == Counter(id_ for id_ in ids if not wanted[id_])


@pytest.mark.parametrize("before", [100, None])
def test_repeated_submission_stays_with_its_version(canary: System, before: int | None) -> None:
    """Whatever the share has become, the second message is in the queue of the first."""
    set_share(canary, before)
    for share in (before, None if before else 100):
        set_share(canary, share)
        canary.submit("trial/add", headers={"idempotency-key": "k"}, parameters={"a": 1})
    is_in = before is not None
    assert len(queued(canary, canary=is_in)) == 2
    assert queued(canary, canary=not is_in) == []


def test_batch_is_split(canary: System) -> None:
    """Each job of a batch has one message, in the queue of its mark."""
    set_share(canary, 50)
    jobs = [{"parameters": {"a": number}} for number in range(12)]
    answer = canary.send(Route.SUBMIT_JOBS, body={"jobs": jobs}, org="acme", project="trial", flow="add")
    ids = canary.jobs()
    assert answer.status == 202
    sums = [
        canary.messages(canary.deployment.queues.of(None, "job_a", canary=each)) for each in (True, False)
    ]
    assert sum(sums) == len(ids) == 12
    assert sums[0] == sum(is_in_canary(id_, 50) for id_ in ids)


def test_flow_that_only_the_new_version_knows(canary: System) -> None:
    """All its jobs go there while a canary is under way, also later ones; before and after, none does."""
    more = {"CANARY_ONLY": "trial/add"}
    canary.deployment = replace(canary.deployment, environment={**canary.deployment.environment, **more})
    for share, is_in in ((None, False), (0, True), (None, False)):
        set_share(canary, share)
        for options in ({}, {"options": {"runAt": "2024-01-01T00:00:00Z"}}):
            id_ = canary.submit("trial/add", parameters={"a": 1}, **options).body["id"]
            assert (canary.row(id_).canary is not None) is is_in
    other = canary.submit("trial/shout", message="a").body
    assert "id" not in other or canary.row(other["id"]).canary is None


def test_later_jobs_are_not_in_a_share(canary: System) -> None:
    """They start when the canary is over: their messages go to the stable queue."""
    set_share(canary, 100)
    later = {"runAt": "2024-01-01T00:00:00Z"}
    id_ = canary.submit("trial/add", parameters={"a": 1}, options=later).body["id"]
    assert canary.row(id_).canary is None


def test_worker_hides_deliveries_in_the_queue_that_they_are_from(canary: System) -> None:
    """A retry of a canary's job waits in the canary's queue."""
    set_share(canary, 100)
    id_ = canary.submit("trial/fail", message="x", options={"maxAttempts": 2}).body.get("id")
    assert id_ is not None
    queue = canary.deployment.queues.of(None, "job_a", canary=True)
    received: Any = queue.client.receive_message(QueueUrl=queue.url)["Messages"]
    records = [
        {"messageId": each["MessageId"], "receiptHandle": each["ReceiptHandle"], "body": each["Body"]}
        | {"eventSourceARN": SOURCE}
        for each in received
    ]

    answer = canary.deployment.worker.work({"Records": records}, LambdaContext(900_000))
    assert answer["batchItemFailures"] == [{"itemIdentifier": received[0]["MessageId"]}]
    assert canary.row(id_).attempt == 1
    canary.clock.time += 3_600_000
    assert canary.messages(queue) == 1
    assert canary.messages() == 0


def test_share_is_read_once_in_ten_seconds(canary: System) -> None:
    """A process that submits a lot reads the row only now and then; without a canary none is read."""
    reads = []

    def note(operation: str) -> None:
        reads.append(operation)

    set_share(canary, 0)
    table = canary.deployment.table.client
    inner = table.get_item

    def counted(**asked: Any) -> Any:
        if asked["Key"]["id"]["S"] == CANARY_ROW:
            note("GetItem")
        return inner(**asked)

    share = canary.deployment.admission.canary
    assert share is not None
    share.client = type("Client", (), {"get_item": staticmethod(counted)})()
    for _ in range(5):
        canary.submit("trial/add", parameters={"a": 1})
    assert len(reads) <= 1
    set_share(canary, 0)
    canary.submit("trial/add", parameters={"a": 1})
    assert 1 <= len(reads) <= 2


def test_deployment_without_a_canary_reads_nothing(system: System, asset: Path) -> None:
    """The option costs nothing where it is not used."""
    del asset
    assert system.deployment.admission.canary is None
    id_ = system.submit("trial/add", parameters={"a": 1}).body["id"]
    item = system.deployment.table.client.get_item(TableName="jobs", Key={"id": {"S": id_}})["Item"]
    assert "cy" not in item
