"""The operator's way with dead-letter messages that could not be processed."""

from functools import partial

import boto3
from moto import mock_aws

from noukai_infra.operations.redrive import redrive


@mock_aws
def test_every_dead_letter_message_is_sent_to_the_reader_again() -> None:
    """All of them, each once, and none is left behind."""
    sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    unprocessed, dead_letters = (
        sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("unprocessed", "dead")
    )
    for number in range(25):
        sqs.send_message(QueueUrl=unprocessed, MessageBody=str(number), MessageGroupId="acme")

    assert redrive(sqs, unprocessed=unprocessed, dead_letters=dead_letters) == 25
    bodies, groups = [], set()
    ask = partial(sqs.receive_message, QueueUrl=dead_letters, MessageSystemAttributeNames=["MessageGroupId"])
    while received := ask(MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in received]
        groups |= {message["Attributes"]["MessageGroupId"] for message in received}
    assert groups == {"acme"}
    assert sorted(bodies, key=int) == [str(number) for number in range(25)]
    assert redrive(sqs, unprocessed=unprocessed, dead_letters=dead_letters) == 0


@mock_aws
def test_every_server_of_the_queue_is_asked() -> None:
    """A short poll asks only some of a queue's servers: an empty answer is not the end."""
    sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    url = sqs.create_queue(QueueName="unprocessed")["QueueUrl"]
    waits: list[int] = []
    sqs.meta.events.register(
        "before-parameter-build.sqs.ReceiveMessage",
        lambda params, **_: waits.append(params["WaitTimeSeconds"]),
    )
    redrive(sqs, unprocessed=url, dead_letters=url)
    assert waits == [1]
