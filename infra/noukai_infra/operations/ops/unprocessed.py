"""The dead-letter messages that their reader could not process."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_SHOWN_SECONDS = 30
"""How long messages are hidden while they are listed, so that none is listed twice."""


@dataclass(frozen=True)
class Unprocessed:
    """A message without its input: whose job it is, since when it is there, and how to delete it.

    A message that nobody of this system has sent names no job.
    """

    id: str
    receipt: str
    sent: str
    receives: int
    job: str | None = None
    org: str | None = None
    flow: str | None = None


def unprocessed(sqs: "SQSClient", url: str) -> Iterator[Unprocessed]:
    """Read the messages of a queue without deleting any; they are hidden for half a minute."""
    seen: set[str] = set()
    while found := _received(sqs, url):
        new = [each for each in found if each.id not in seen]
        yield from new
        if not new:
            return
        seen |= {each.id for each in new}


def show_again(sqs: "SQSClient", url: str, shown: list[Unprocessed]) -> None:
    """Make listed messages visible again."""
    for each in shown:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=each.receipt, VisibilityTimeout=0)


def _received(sqs: "SQSClient", url: str) -> list[Unprocessed]:
    answer = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=_SHOWN_SECONDS,
        WaitTimeSeconds=1,
        MessageSystemAttributeNames=["SentTimestamp", "ApproximateReceiveCount"],
    )
    return [_decode(message) for message in answer.get("Messages", ())]


def _decode(message: Any) -> Unprocessed:
    attributes = message["Attributes"]
    sent = datetime.fromtimestamp(int(attributes["SentTimestamp"]) // 1000, UTC).isoformat()
    told = (message["MessageId"], message["ReceiptHandle"], sent, int(attributes["ApproximateReceiveCount"]))
    try:
        body = json.loads(message["Body"])
        return Unprocessed(*told, job=str(body["id"]), org=str(body["org"]), flow=str(body["flow"]))
    except (ValueError, LookupError, TypeError):
        return Unprocessed(*told)
