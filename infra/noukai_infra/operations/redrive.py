"""The redrive of unprocessed dead-letter messages, after their cause was corrected."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


_QUEUES = (
    ("UnprocessedQueueUrl", "DeadLetterQueueUrl"),
    ("DeadEventsQueueUrl", "EventsQueueUrl"),
    ("DeadReactionsQueueUrl", "ReactionsQueueUrl"),
)
"""The stack's outputs with each queue that nothing reads, and the queue that its messages return to."""


def redrive_all(sqs: "SQSClient", outputs: Mapping[str, str]) -> int:
    """Move the messages of every queue that nothing reads to their readers; return their number."""
    there = [(outputs[name], outputs[to]) for name, to in _QUEUES if name in outputs]
    return sum(redrive(sqs, unprocessed=url, dead_letters=to) for url, to in there)


def redrive(sqs: "SQSClient", *, unprocessed: str, dead_letters: str) -> int:
    """Move all messages from one queue to the other, by URL; return their number.

    A message is deleted only after it was sent. A crash in between sends it twice, which is harmless.
    """
    moved = 0
    # Without long polling, SQS asks only some of its servers and misses messages on others.
    ask = partial(
        sqs.receive_message,
        QueueUrl=unprocessed,
        MaxNumberOfMessages=10,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["MessageGroupId"],
    )
    while messages := ask().get("Messages"):
        for message in messages:
            group = message.get("Attributes", {})
            sqs.send_message(QueueUrl=dead_letters, MessageBody=message["Body"], **group)  # type: ignore[arg-type]
            sqs.delete_message(QueueUrl=unprocessed, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved
