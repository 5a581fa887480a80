"""The queue of jobs: its messages, and how they are sent. `worker/batch` has those received."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from types import NoneType
from typing import TYPE_CHECKING, Any
from zlib import crc32

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import JOB_ID
from noukai_functions.names import DEFAULT_KIND
from noukai_functions.telemetry.logger import logger
from noukai_wire.text import is_too_deep

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class InvalidMessageError(ValueError):
    """An error for a message that is not ours."""


class LaterMessageError(Exception):
    """An error for a message of a later version, in a format that this version would misread."""


@dataclass(frozen=True, slots=True)
class Message:
    """A job's message: what a worker needs to run the job and to fence its writes."""

    id: str
    created_at: int
    org: str
    flow: str
    arguments: Mapping[str, Any]
    timeout_seconds: int | None = None
    backoff_seconds: float | None = None
    backoff_cap_seconds: float | None = None
    input: str | None = None
    """The reference to an uploaded input, which holds the arguments."""
    version: str | None = None
    """The version of the flows at submission; the worker may have another one."""
    traceparent: str | None = None
    """The span of the submission's caller."""
    tracestate: str | None = None
    """What tracing systems have added to it."""

    @property
    def body(self) -> str:
        """Return the message as ASCII JSON, since SQS refuses some characters."""
        stated = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(stated, separators=(",", ":"))

    @classmethod
    def parse(cls, body: str) -> "Message":
        """Parse a message body.

        Ignores unknown fields: during an update, the submit function may be newer than the workers.

        Raises:
            InvalidMessageError: the body is invalid.
            LaterMessageError: a later version has sent it, in a format that this version does not know.
        """
        try:
            values = json.loads(body)
            if type(later := values.get(_FORMAT)) is int:
                raise LaterMessageError(f"a later version has sent it, in the format {later}")
            message = cls(**{each.name: values[each.name] for each in fields(cls) if each.name in values})
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidMessageError(f"not a message of this queue: {error}") from error
        wrong = [name for name, kinds in _KINDS.items() if type(getattr(message, name)) not in kinds]
        if wrong or not message._is_sound:
            raise InvalidMessageError(
                f"not a message of this queue: {', '.join(wrong) or 'a value'} is invalid"
            )
        return message

    @property
    def _is_sound(self) -> bool:
        """Return whether every value is valid; an invalid one would fail at each delivery."""
        numbers = (self.timeout_seconds, self.backoff_seconds, self.backoff_cap_seconds)
        return (
            JOB_ID.fullmatch(self.id) is not None
            and 0 <= self.created_at <= _LAST_MOMENT
            and all(number is None or 0 <= number <= _LAST_MOMENT for number in numbers)
            and not is_too_deep(self.arguments)
        )


_FORMAT = "format"
"""The field of a later version's messages, with a number from 2 on; a message without it is of format 1."""

SEND_BATCH_SIZE = 10
_BATCH_BYTES = 1024 * 1024

_LAST_MOMENT = 1 << 53
"""The largest number in a message."""

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
    "traceparent": (str, NoneType),
    "tracestate": (str, NoneType),
}
"""The types of a message's fields. A boolean is not a number here."""


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message to send, with its delay in seconds."""

    message: Message
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class JobQueue:
    """One queue."""

    client: "SQSClient"
    url: str

    @property
    def name(self) -> str:
        """Return the queue's name."""
        return self.url.rpartition("/")[2]

    def or_further(self, urls: Sequence[str], arn: str) -> "JobQueue":
        """Return the further queue with this ARN, or else this queue."""
        further = (JobQueue(self.client, url) for url in urls)
        return next((queue for queue in further if queue.name == arn.rpartition(":")[2]), self)

    def send(self, message: Message, *, delay_seconds: int = 0) -> None:
        """Send a message with a delay."""
        self.client.send_message(QueueUrl=self.url, **_entry(OutgoingMessage(message, delay_seconds)))

    def send_many(self, messages: Sequence[OutgoingMessage]) -> set[str]:
        """Send many messages, ten in a request.

        Returns the ids of the jobs whose messages were not sent.
        """
        unsent: set[str] = set()
        for batch in _batches(messages):
            entries = [{"Id": str(index), **_entry(outgoing)} for index, outgoing in enumerate(batch)]
            try:
                answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]
                failed = [int(failure["Id"]) for failure in answer.get("Failed", ())]
            except AwsError:
                logger().warning("a batch of messages was not sent", exc_info=True)
                failed = list(range(len(batch)))
            unsent |= {batch[index].message.id for index in failed}
        return unsent


@dataclass(frozen=True, slots=True)
class JobQueues:
    """The queues of a deployment's workers."""

    default: JobQueue
    urls: Mapping[str, str]
    """The queues of the other worker kinds."""
    further: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The further queues of worker kinds that have several."""
    canaries: Mapping[str, str] = field(default_factory=dict)
    """The queues of the canary by worker kind."""

    def of(self, worker_kind: str | None, job_id: str, *, canary: bool = False) -> JobQueue:
        """Return the queue of a worker kind for a job, or that of its canary; None is the default kind.

        During an update, the catalog may name queues that the environment does not have yet. The default
        worker can run every flow.
        """
        if canary and (of_canary := self.canaries.get(worker_kind or DEFAULT_KIND)):
            return JobQueue(self.default.client, of_canary)
        url = None if worker_kind is None else self.urls.get(worker_kind)
        first = self.default if url is None else JobQueue(self.default.client, url)
        more = self.further.get(DEFAULT_KIND if url is None or worker_kind is None else worker_kind, ())
        place = crc32(job_id.encode()) % (1 + len(more)) if more else 0
        return JobQueue(first.client, more[place - 1]) if place else first


def _entry(outgoing: OutgoingMessage) -> dict[str, Any]:
    """Return a message as an entry of an SQS batch.

    The org is the message group: on a fair queue, a busy org does not delay the others.
    """
    message = outgoing.message
    return {
        "MessageBody": message.body,
        "DelaySeconds": outgoing.delay_seconds,
        "MessageGroupId": message.org,
    }


def _batches(messages: Sequence[OutgoingMessage]) -> Iterator[list[OutgoingMessage]]:
    """Split messages into batches of ten, within the size limit of a request."""
    batch: list[OutgoingMessage] = []
    size = 0
    for outgoing in messages:
        length = len(outgoing.message.body)
        if batch and (len(batch) == SEND_BATCH_SIZE or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(outgoing)
        size += length
    if batch:
        yield batch
