"""The queues in the template, and their readers."""

import json
from collections.abc import Callable

import pytest

from tests.infra.stack.template import QUEUES, READERS, Template

DAY = 24 * 60 * 60

TIMES = ("LEASE_SECONDS", "GRACE_SECONDS", "IMPORT_SECONDS")


@pytest.mark.parametrize("prefix", ["QueuesJobs", "QueuesDeadLetters", "QueuesUnprocessed"])
def test_queue_is_encrypted_takes_the_largest_messages_and_refuses_plain_http(
    template: Template, prefix: str
) -> None:
    """All queues alike."""
    name, queue = template.named_resource("SQS::Queue", prefix)
    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    assert queue["Properties"]["MaximumMessageSize"] == 1024 * 1024
    (policy,) = (
        each["Properties"]["PolicyDocument"]["Statement"]
        for each in template.resources("SQS::QueuePolicy").values()
        if each["Properties"]["Queues"] == [{"Ref": name}]
    )
    assert [(each["Effect"], each["Condition"], each["Principal"]) for each in policy] == [
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}}, {"AWS": "*"})
    ]


def test_undeliverable_messages_become_dead_letters_which_are_kept_longer(template: Template) -> None:
    """A dead-letter message's age counts from its first send."""
    name, dead_letters = template.named_resource("SQS::Queue", "QueuesDeadLetters")
    _, queue = template.named_resource("SQS::Queue", "QueuesJobs")
    assert queue["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [name, "Arn"]},
        "maxReceiveCount": 100,
    }
    assert queue["Properties"]["MessageRetentionPeriod"] == 10 * DAY
    assert dead_letters["Properties"]["MessageRetentionPeriod"] == 14 * DAY


def test_dead_letters_that_their_reader_cannot_process_wait_for_the_operator(template: Template) -> None:
    """Nothing reads them there, and the reader has had them for days."""
    name, queue = template.named_resource("SQS::Queue", "QueuesUnprocessed")
    dead_letters = template.queue_of("dead_letters")
    assert dead_letters["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [name, "Arn"]},
        "maxReceiveCount": 500,
    }
    assert queue["Properties"]["MessageRetentionPeriod"] == 14 * DAY
    assert len(template.resources("Lambda::EventSourceMapping")) == len(
        [*READERS, "metering", "reactions", "retries of reactions", "deliver"]
    )


def test_message_is_received_as_often_as_it_may_be_long_before_it_expires(template: Template) -> None:
    """Even if every receive takes the whole visibility timeout, half of the retention is left."""
    queue = template.queue_of("worker")
    receives = queue["RedrivePolicy"]["maxReceiveCount"]
    assert queue["VisibilityTimeout"] * receives < queue["MessageRetentionPeriod"] / 2


@pytest.mark.parametrize("handler", READERS)
def test_delivery_is_invisible_for_as_long_as_its_reader_may_run(template: Template, handler: str) -> None:
    """Or a message would be delivered again while it is handled; Lambda refuses such a mapping."""
    assert template.queue_of(handler)["VisibilityTimeout"] >= template.functions()[handler]["Timeout"]


@pytest.mark.parametrize("handler", READERS)
def test_reader_names_the_deliveries_that_are_to_be_kept(template: Template, handler: str) -> None:
    """The others of its batch are gone, and a flood does not take all of the account's concurrency."""
    deliveries = template.deliveries(handler)
    assert deliveries["EventSourceArn"]["Fn::GetAtt"][0].startswith(QUEUES[handler])
    assert deliveries["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 2 <= deliveries["ScalingConfig"]["MaximumConcurrency"] <= 10


def test_new_account_has_concurrency_left_for_the_api(template: Template) -> None:
    """All readers together leave a few of its ten executions to whoever submits and asks.

    Source: "Lambda quotas", https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: new
    accounts have reduced concurrency.
    """
    queues = sum(template.deliveries(handler)["ScalingConfig"]["MaximumConcurrency"] for handler in READERS)
    shards_of_the_stream = 1
    assert queues + shards_of_the_stream <= 8


def test_worker_is_as_its_kind_says(template_for: Callable[..., Template]) -> None:
    """Each value of the worker kind reaches its place."""
    kind = {
        "memory": 2048,
        "timeout": 120,
        "batch_size": 10,
        "batch_window": 1,
        "max_concurrency": 33,
        "lease_seconds": 30,
        "import_seconds": 20,
        "grace_seconds": 5,
    }
    template = template_for(worker=kind)
    function, deliveries = template.functions()["worker"], template.deliveries("worker")
    environment = function["Environment"]["Variables"]
    assert (function["MemorySize"], function["Timeout"]) == (2048, 120)
    assert [environment[name] for name in TIMES] == ["30", "5", "20"]
    assert (deliveries["BatchSize"], deliveries["MaximumBatchingWindowInSeconds"]) == (10, 1)
    assert deliveries["ScalingConfig"] == {"MaximumConcurrency": 33}


def test_one_delivery_at_a_time_is_the_default(template: Template) -> None:
    """The jobs of a batch run in turn, so it is for short flows; leases and grace are the contract's."""
    assert template.deliveries("worker")["BatchSize"] == 1
    environment = template.functions()["worker"]["Environment"]["Variables"]
    assert [environment[name] for name in TIMES] == ["60", "10", "60"]


@pytest.mark.parametrize(("bus", "resting"), [(None, 2), ("default", 1)])
def test_queues_of_webhooks_are_not_read_before_there_is_an_endpoint(
    template_for: Callable[..., Template], bus: str | None, resting: int
) -> None:
    """Those who make endpoints and the tick may enable exactly these; the bus needs its retries at once."""
    template = template_for(**({"event_bus": bus} if bus else {}))
    mappings = template.resources("Lambda::EventSourceMapping").items()
    off = {name for name, each in mappings if each["Properties"].get("Enabled") is False}
    assert len(off) == resting
    for handler in template.functions():
        named = {name for action, name in template.rights(handler) if "EventSourceMapping" in action}
        assert named == (off if handler in ("webhook_secrets", "tick") else set())
        told = json.dumps(template.functions()[handler]["Environment"]["Variables"].get("WEBHOOK_READERS"))
        assert {name for name, _ in mappings if name in told} == named
