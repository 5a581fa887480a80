"""The reactions to the ends of jobs: a failed one holds up no other, and is repeated."""

import json
from typing import Any

import boto3
import pytest

from noukai_functions.aws import AwsError
from noukai_functions.handlers import reactions
from noukai_functions.webhooks.sending.event_bus import EventBus
from noukai_infra.operations.recount import Uncounted
from noukai_infra.stack.base.stream import ENDED
from noukai_wire.routes import Route
from tests.functions.stand_ins.calls import hook
from tests.functions.stand_ins.discarded import discard
from tests.functions.webhooks.hooks import Hooks
from tests.functions.webhooks.receiver import Receiver


def unreachable(_: object = None) -> None:
    raise AwsError("Any", message="unreachable", is_transient=True)


def test_a_failed_reaction_is_repeated(hooks: Hooks, receiver: Receiver) -> None:
    """It goes to a queue of its own: the stream goes on."""
    hooks.put(receiver.url)
    hooks.end_job()
    records = hooks.records()
    end = hook(hooks.deployment.endpoints.client, "Query", before=unreachable)
    assert reactions.react({"Records": records}, hooks.deployment) == {"batchItemFailures": []}
    assert hooks.retry_reactions() == 0
    end()
    assert hooks.deliver() == 0
    hooks.system.clock.time += 1
    released = hooks.received("REACTIONS_QUEUE_URL", visibility=0)
    assert released == []  # hidden until it is tried again
    message = json.loads(json.dumps({"reaction": "webhooks", "row": records[0]["dynamodb"]["NewImage"]}))
    answer = reactions.react({"Records": [{"messageId": "m", "body": json.dumps(message)}]}, hooks.deployment)
    assert answer == {"batchItemFailures": []}
    assert hooks.deliver() == 1
    assert len(receiver.posts) == 1


def test_only_what_could_not_be_kept_is_reported(hooks: Hooks, receiver: Receiver) -> None:
    """With its sequence number, so that the stream brings it again; the others are done."""
    hooks.put(receiver.url)
    hooks.end_job()
    records = hooks.records()
    ends = [
        hook(hooks.deployment.outbox.client, operation, before=unreachable)
        for operation in ("SendMessageBatch", "SendMessage")
    ]
    number = records[0]["dynamodb"]["SequenceNumber"]
    assert reactions.react({"Records": records}, hooks.deployment) == {
        "batchItemFailures": [{"itemIdentifier": number}]
    }
    for end in reversed(ends):
        end()


def test_an_unreadable_row_holds_up_nothing(hooks: Hooks, receiver: Receiver) -> None:
    """A row of a later version is logged, since it never can be told of."""
    hooks.put(receiver.url)
    hooks.end_job()
    hooks.end_job()
    records = hooks.records()
    records[0]["dynamodb"]["NewImage"]["fv"] = {"N": "2"}
    assert reactions.react({"Records": records}, hooks.deployment) == {"batchItemFailures": []}
    hooks.deliver()
    assert len(receiver.posts) == 1


def test_a_restored_table_tells_nobody_again(hooks: Hooks, receiver: Receiver) -> None:
    """What an operator restores has ended long ago."""
    hooks.put(receiver.url)
    hooks.end_job()
    records = hooks.records()
    records[0]["dynamodb"]["NewImage"]["rt"] = {"N": "1"}
    reactions.react({"Records": records}, hooks.deployment)
    assert hooks.deliver() == 0


class Bus:
    """A bus that keeps what it takes, and refuses what it is told to."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.refuses = 0

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - of AWS
        refused, self.refuses = Entries[: self.refuses], 0
        self.taken += Entries[len(refused) :]
        return {"Entries": [{"ErrorCode": "Busy"} for _ in refused] + [{} for _ in Entries[len(refused) :]]}


@pytest.fixture
def bus(hooks: Hooks) -> Bus:
    """Return the bus that the setting names."""
    bus = Bus()
    hooks.deployment.__dict__["event_bus"] = EventBus(bus, "default")
    hooks.filter = ENDED
    return bus


def test_the_bus_gets_the_same_events(hooks: Hooks, receiver: Receiver, bus: Bus) -> None:
    """Of every job, whether it has an endpoint or not; the detail is the body that an endpoint gets."""
    hooks.end_job()
    hooks.put(receiver.url)
    hooks.system.expire_budgets()
    hooks.end_job()
    hooks.react()
    hooks.deliver()
    assert [entry["DetailType"] for entry in bus.taken] == ["job.completed"] * 2
    assert {(entry["Source"], entry["EventBusName"]) for entry in bus.taken} == {("noukai", "default")}
    assert bus.taken[1]["Detail"].encode() == receiver.posts[0].body


def test_what_the_bus_refuses_is_repeated_alone(hooks: Hooks, receiver: Receiver, bus: Bus) -> None:
    """The endpoint is not told twice because of it."""
    hooks.put(receiver.url)
    hooks.end_job()
    bus.refuses = 1
    hooks.react()
    assert bus.taken == []
    assert hooks.retry_reactions() == 1
    assert len(bus.taken) == 1
    hooks.deliver()
    assert hooks.deliver() == 0
    assert len(receiver.posts) == 1


def test_an_event_larger_than_a_row_is_sent_whole(hooks: Hooks, receiver: Receiver) -> None:
    """The job's end is written first, whatever becomes of its event."""
    hooks.put(receiver.url)
    metadata = {f"{number}": "é" * 256 for number in range(16)}
    job_id = hooks.tell(parameters={"a": 1}, options={"metadata": metadata})
    assert receiver.posts[0].event["data"]["metadata"] == metadata
    assert hooks.system.send(Route.STATUS_BY_ID, id=job_id).body["state"] == "completed"


def test_ends_in_the_bucket_are_told_when_the_operator_asks(hooks: Hooks, receiver: Receiver) -> None:
    """Lambda has put them there after most of a day. They are told once, and deleted."""
    hooks.put(receiver.url)
    hooks.end_job()
    untold = Uncounted(boto3.client("s3", region_name="us-east-1"), "untold")
    untold.s3.create_bucket(Bucket=untold.bucket)
    records: Any = hooks.records()
    discard(untold.s3, untold.bucket, records, "shardId-1", hooks.system.clock.time)
    answers: list[object] = []
    assert untold.recount(
        lambda event: answers.append(reactions.react(json.loads(event), hooks.deployment))
    ) == (1, 1)
    assert answers == [{"batchItemFailures": []}]
    assert hooks.deliver() == 1
    assert len(receiver.posts) == 1
    assert untold.recount(lambda _: None) == (0, 0)
