"""The message that tells one endpoint of one event, and the body that the endpoint gets."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.telemetry.logger import logger
from noukai_functions.webhooks.store.delivery import Delivery, webhook_id
from noukai_functions.webhooks.store.endpoint import Endpoint

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
_BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its time in milliseconds, its type, the job that it tells of, and its body."""

    at: int
    type: str
    body: str
    job_id: str | None = None
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """The message of an event for an endpoint. It has everything that the endpoint gets."""

    org: str
    name: str
    made: str
    id: str
    at: int
    type: str
    body: str
    job_id: str | None = None
    flow: str | None = None

    @classmethod
    def to(cls, endpoint: Endpoint, event: Event, of: str, created_at: int) -> "Message":
        """Return the message of an event; `of` and `created_at` are its cause, which gives its id."""
        return cls(
            org=endpoint.org,
            name=endpoint.name,
            made=endpoint.made,
            id=webhook_id(endpoint.deliveries, of, created_at, event.type),
            at=event.at,
            type=event.type,
            body=event.body,
            job_id=event.job_id,
            flow=event.flow,
        )

    @classmethod
    def parse(cls, text: str) -> "Message":
        """Parse the body of a message; raise for one that is not ours.

        Ignores unknown fields: during an update, who has sent it may be newer.
        """
        values = json.loads(text)
        return cls(**{each.name: values[each.name] for each in fields(cls) if each.name in values})

    @property
    def text(self) -> str:
        """Return the message as ASCII JSON, since SQS refuses some characters."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})

    def delivery(self, endpoint: Endpoint) -> Delivery:
        """Return the delivery of the event before its first try."""
        return Delivery(
            endpoint=endpoint.deliveries,
            id=self.id,
            at=self.at,
            type=self.type,
            job_id=self.job_id,
            flow=self.flow,
        )


def body_of(kind: str, timestamp: str | None, data: Mapping[str, Any]) -> str:
    """Return the body of an event: ASCII JSON, whose characters are its bytes."""
    return json.dumps({"type": kind, "timestamp": timestamp, "data": data}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class RetryQueue:
    """The queue of failed reactions, to send to."""

    client: "SQSClient"
    url: str

    def send(self, body: str) -> None:
        """Send a message."""
        self.client.send_message(QueueUrl=self.url, MessageBody=body)


@dataclass(frozen=True, slots=True)
class Outbox:
    """The queue of messages to endpoints, to send to."""

    client: "SQSClient"
    url: str

    def send(self, messages: Sequence[Message]) -> set[str]:
        """Send messages, ten in a request; return the ids of those that were not sent."""
        unsent: set[str] = set()
        batch: list[tuple[Message, str]] = []
        size = 0
        for message in messages:
            text = message.text
            if batch and (len(batch) == _BATCH or size + len(text) > _BATCH_BYTES):
                unsent |= self._send(batch)
                batch, size = [], 0
            batch.append((message, text))
            size += len(text)
        return unsent | self._send(batch) if batch else unsent

    def _send(self, batch: Sequence[tuple[Message, str]]) -> set[str]:
        """Send up to ten messages. The org is their group: a busy org delays the others less."""
        entries: Any = [
            {"Id": str(index), "MessageBody": text, "MessageGroupId": message.org}
            for index, (message, text) in enumerate(batch)
        ]
        try:
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        except AwsError:
            logger().warning("a batch of events was not sent", exc_info=True)
            return {message.id for message, _ in batch}
        return {batch[int(failure["Id"])][0].id for failure in answer.get("Failed", ())}
