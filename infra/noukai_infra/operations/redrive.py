"""The redrive of unprocessed dead-letter messages, after their cause was corrected."""

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
