"""The queue of jobs to run: the message that is sent, and the deliveries of it that are received."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class InvalidMessageError(ValueError):
    """A body on the queue that no submission has put there."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a worker is told of a job: enough to run it and to fence it, the rest stands in the row."""

    id: str
    created_at: int
    org: str
    flow: str
    arguments: Mapping[str, Any]
    timeout_seconds: int | None = None

    @property
    def body(self) -> str:
        """The message as JSON. ASCII, since SQS refuses some characters that JSON may hold."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def parse(cls, body: str) -> "Message":
        """Read a body; one that is not a message raises `InvalidMessageError`."""
        try:
            values = json.loads(body)
            message = cls(**values)
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidMessageError(f"not a message of this queue: {error}") from error
        kinds = (message.id, str), (message.created_at, int), (message.flow, str), (message.arguments, dict)
        if not all(isinstance(value, kind) for value, kind in kinds):
            raise InvalidMessageError("not a message of this queue: a field is of another type")
        return message


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SQS record as received."""

    id: str
    receipt: str
    body: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "list[Delivery]":
        """The deliveries of a batch, in their order."""
        return [cls(record["messageId"], record["receiptHandle"], record["body"]) for record in event["Records"]]


@dataclass(frozen=True, slots=True)
class JobQueue:
    """One queue. A delivery is deleted by the event source, after our answer; here it is only hidden."""

    client: "SQSClient"
    url: str

    def send(self, message: Message, *, delay_seconds: int = 0) -> None:
        """Put a message on the queue, hidden for the delay."""
        self.client.send_message(QueueUrl=self.url, MessageBody=message.body, DelaySeconds=delay_seconds)

    def hide(self, deliveries: Iterable[Delivery], seconds: int) -> None:
        """Let the deliveries (at most ten) return after so many seconds, in one request; 0 gives them back at once.

        A delivery whose receipt is no longer valid stays as it is: SQS says so of each entry and refuses no other.
        """
        entries = [
            {"Id": str(index), "ReceiptHandle": delivery.receipt, "VisibilityTimeout": seconds}
            for index, delivery in enumerate(deliveries)
        ]
        if entries:
            self.client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]
