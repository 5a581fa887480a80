"""The queue of jobs to run: the message that is sent, and the deliveries of it that are received."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from types import NoneType
from typing import TYPE_CHECKING, Any

from functions.aws import AwsError
from functions.identity import is_job_id
from functions.telemetry import logger
from functions.text import is_too_deep

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
    backoff_seconds: float | None = None
    backoff_cap_seconds: float | None = None
    input: str | None = None
    """How its submission refers to an uploaded input, which has the arguments."""
    version: str | None = None
    """Of the flows to which it was submitted: a worker may have another by the time it runs."""

    @property
    def body(self) -> str:
        """The message as JSON. ASCII, since SQS refuses some characters that JSON may hold."""
        stated = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(stated, separators=(",", ":"))

    @classmethod
    def parse(cls, body: str) -> "Message":
        """Read a body; one that is not a message raises `InvalidMessageError`.

        A field that is not known here is passed over: while a deployment is updated, its submit function may be newer
        than its workers.
        """
        try:
            values = json.loads(body)
            message = cls(**{field.name: values[field.name] for field in fields(cls) if field.name in values})
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidMessageError(f"not a message of this queue: {error}") from error
        wrong = [name for name, kinds in _KINDS.items() if type(getattr(message, name)) not in kinds]
        if wrong or not message._is_sound:
            raise InvalidMessageError(f"not a message of this queue: {', '.join(wrong) or 'a value'} cannot be")
        return message

    @property
    def _is_sound(self) -> bool:
        """Whether every value can have come from a submission: what cannot would fail again at each delivery."""
        numbers = (self.timeout_seconds, self.backoff_seconds, self.backoff_cap_seconds)
        return (
            is_job_id(self.id)
            and 0 <= self.created_at <= _LAST_MOMENT
            and all(number is None or 0 <= number <= _LAST_MOMENT for number in numbers)
            and not is_too_deep(self.arguments)
        )


SEND_BATCH_SIZE = 10
_BATCH_BYTES = 1024 * 1024

_LAST_MOMENT = 1 << 53
"""No number of a message is larger."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "id": (str,),
    "created_at": (int,),
    "org": (str,),
    "flow": (str,),
    "arguments": (dict,),
    "timeout_seconds": (int, NoneType),
    "backoff_seconds": (int, float, NoneType),
    "backoff_cap_seconds": (int, float, NoneType),
    "input": (str, NoneType),
    "version": (str, NoneType),
}
"""What each field of a message is; a boolean is no number."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is to be sent, and for how many seconds it is to be hidden then."""

    message: Message
    delay_seconds: int = 0


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

    @property
    def name(self) -> str:
        """What tells it apart from the other queues of the account."""
        return self.url.rpartition("/")[2]

    def send(self, message: Message, *, delay_seconds: int = 0) -> None:
        """Put a message on the queue, hidden for the delay."""
        self.client.send_message(QueueUrl=self.url, **_entry(Letter(message, delay_seconds)))

    def send_many(self, letters: Sequence[Letter]) -> set[str]:
        """Put many messages on the queue, ten in a request; gives the ids of the jobs whose messages are not on it."""
        unsent: set[str] = set()
        for batch in _batches(letters):
            entries = [{"Id": str(index), **_entry(letter)} for index, letter in enumerate(batch)]
            try:
                answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]
                failed = [int(failure["Id"]) for failure in answer.get("Failed", ())]
            except AwsError:
                logger().warning("a batch of messages was not sent", exc_info=True)
                failed = list(range(len(batch)))
            unsent |= {batch[index].message.id for index in failed}
        return unsent

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


def _entry(letter: Letter) -> dict[str, Any]:
    """Write a letter as SQS takes it.

    Messages are grouped by org: while workers are busy, SQS lets those of a quiet org pass those of a busy one.
    """
    message = letter.message
    return {"MessageBody": message.body, "DelaySeconds": letter.delay_seconds, "MessageGroupId": message.org}


def _batches(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Cut letters into what one request takes: ten, and no more bytes than one message may have."""
    batch: list[Letter] = []
    size = 0
    for letter in letters:
        length = len(letter.message.body)
        if batch and (len(batch) == SEND_BATCH_SIZE or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += length
    if batch:
        yield batch
