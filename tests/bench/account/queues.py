"""SQS and EventBridge Scheduler on simulated time, metered."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bench import prices
from tests.bench.account.capacity import sqs_requests
from tests.bench.account.meter import Meter
from tests.bench.account.timeline import Timeline
from tests.model.memory_aws import MemoryQueues

QUEUE = "queue"
_DUE = re.compile(r"at\((.+)\)")


class MeteredQueues(MemoryQueues):
    """The queue of jobs; `poll` is called when a message may be received."""

    def __init__(
        self, meter: Meter, timeline: Timeline, poll: Callable[[], None], visibility_seconds: int
    ) -> None:
        super().__init__(timeline.now, visibility_seconds=visibility_seconds)
        self._meter = meter
        self._timeline = timeline
        self._poll = poll

    def send_message(self, **request: Any) -> dict[str, Any]:
        """Put a message on the queue."""
        self._call("SendMessage", len(request["MessageBody"].encode()))
        self._deliver_after(request.get("DelaySeconds", 0))
        return super().send_message(**request)

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        """Put up to ten messages on the queue."""
        self._call(
            "SendMessageBatch", sum(len(entry["MessageBody"].encode()) for entry in request["Entries"])
        )
        for entry in request["Entries"]:
            self._deliver_after(entry["DelaySeconds"])
            super().send_message(
                QueueUrl=request["QueueUrl"], **{k: v for k, v in entry.items() if k != "Id"}
            )
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        """Hide messages, or give them back."""
        self._call("ChangeMessageVisibilityBatch", 0)
        for entry in request["Entries"]:
            self._deliver_after(entry["VisibilityTimeout"])
        return super().change_message_visibility_batch(**request)

    def receive(self, most: int) -> list[dict[str, Any]]:
        """Return at most that many deliveries; an empty receive belongs to no job and is not counted."""
        messages = self.receive_message(QueueUrl=QUEUE, MaxNumberOfMessages=most).get("Messages", [])
        if messages:
            payload = sum(len(message["Body"].encode()) for message in messages)
            self._meter.add("claim", "sqs_requests", sqs_requests(payload))
        return [
            {"messageId": each["MessageId"], "receiptHandle": each["ReceiptHandle"], "body": each["Body"]}
            for each in messages
        ]

    def delete(self, records: list[dict[str, Any]]) -> None:
        """Delete the deliveries that are done."""
        for record in records:
            self.delete_message(QueueUrl=QUEUE, ReceiptHandle=record["receiptHandle"])
        if records:
            self._meter.add("settle", "sqs_requests", 1)

    def _call(self, operation: str, payload: int) -> None:
        actor = self._timeline.actor
        actor.calls += 1
        self._meter.calls.append((actor.stage, operation))
        self._meter.add(actor.stage, "sqs_requests", sqs_requests(payload))
        self._timeline.sleep(prices.assumed("sqs_ms") / 1000)

    def _deliver_after(self, seconds: float) -> None:
        delay = seconds + prices.assumed("delivery_ms") / 1000
        self._timeline.start(self._poll, delay, needed=lambda: bool(self.queues.get(QUEUE)))


class MeteredSchedules:
    """Schedules that each send their message exactly on time; creating one is free."""

    def __init__(self, meter: Meter, timeline: Timeline, queues: MeteredQueues) -> None:
        self._meter = meter
        self._timeline = timeline
        self._queues = queues

    def create_schedule(self, *, ScheduleExpression: str, Target: dict[str, Any], **_: Any) -> None:  # noqa: N803 - botocore's names
        """Make a schedule."""
        actor = self._timeline.actor
        actor.calls += 1
        self._meter.calls.append((actor.stage, "CreateSchedule"))
        self._timeline.sleep(prices.assumed("scheduler_ms") / 1000)
        (due,) = _DUE.findall(ScheduleExpression)
        wait = datetime.fromisoformat(due).replace(tzinfo=UTC).timestamp() - self._timeline.time / 1000
        self._timeline.start(lambda: self._fire(Target["Input"]), wait)

    def _fire(self, message: str) -> None:
        self._timeline.actor.stage = "schedule"
        self._meter.add("schedule", "schedules", 1)
        self._queues.send_message(QueueUrl=QUEUE, MessageBody=message)
