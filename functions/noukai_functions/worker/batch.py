"""The work on a batch of deliveries: each job is settled, or its delivery returned to the queue."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from noukai_functions.aws import AwsError
from noukai_functions.jobs.queues.queue import InvalidMessageError, JobQueue, LaterMessageError, Message
from noukai_functions.telemetry.logger import add_fields, line_fields, logger, trace_id_of
from noukai_wire.limits import WORKER_MARGIN_SECONDS

if TYPE_CHECKING:
    from noukai_functions.worker.parts import WorkerParts

_GIVE_BACK_AFTER_MS = 1000


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SQS record as received."""

    id: str
    receipt: str
    body: str


@dataclass(slots=True)
class Batch:
    """The deliveries of an invocation, which run in turn; the answer names those deferred or returned.

    They are hidden while one of them runs, and returned if they cannot start soon. The event source deletes
    the others after the answer.
    """

    queue: Callable[[], JobQueue]
    """Called only when a delivery must be hidden: few are, and making a client of SQS is a tenth of a cold
    start."""
    lease_ms: int
    waiting: list[Delivery]
    current: Delivery | None = None
    failures: list[str] = field(default_factory=list)
    has_run: bool = False
    """Whether a job has run in this invocation. If so, jobs too long for its remaining time wait for another.
    """
    _hide_again_at: int = 0
    _begun_at: int = 0

    @classmethod
    def of(cls, event: Mapping[str, Any], queue: Callable[[], JobQueue], lease_ms: int) -> Self:
        """Make the batch of an event of Lambda, in the order of its records."""
        return cls(
            queue,
            lease_ms,
            [Delivery(each["messageId"], each["receiptHandle"], each["body"]) for each in event["Records"]],
        )

    def hide(self, now: int) -> None:
        """Hide the deliveries for one lease, so that they return soon if this worker dies."""
        self._hide([*filter(None, [self.current]), *self.waiting], self.lease_ms // 1000)
        self.note_hidden(now)

    def note_hidden(self, now: int) -> None:
        """Record that the deliveries are hidden for about a lease; skip the request for a third of it."""
        self._hide_again_at = now + self.lease_ms // 3

    def next(self, now: int) -> Delivery | None:
        """Return the next delivery, or None."""
        self._begun_at = now
        self.current = self.waiting.pop(0) if self.waiting else None
        return self.current

    def defer(self, delivery: Delivery, seconds: int) -> None:
        """Hide a delivery for a number of seconds; it is not deleted."""
        self.failures.append(delivery.id)
        self._hide([delivery], seconds)

    def give_back(self) -> None:
        """Return all deliveries to the queue, because this worker cannot run them."""
        left = [*filter(None, [self.current]), *self.waiting]
        self.failures.extend(delivery.id for delivery in left)
        self.waiting = []
        self._hide(left, 0)

    def beat(self, now: int) -> None:
        """Keep the deliveries hidden while the current one runs (heartbeat).

        Deliveries that it keeps from starting are returned to the queue.
        """
        if self.waiting and now - self._begun_at >= _GIVE_BACK_AFTER_MS:
            self.failures.extend(delivery.id for delivery in self.waiting)
            given_back, self.waiting = self.waiting, []
            self._hide(given_back, 0)
        if now >= self._hide_again_at:
            self.hide(now)

    def _hide(self, deliveries: Iterable[Delivery], seconds: int) -> None:
        """Hide up to ten deliveries for a number of seconds, in one request; 0 makes them visible again.

        An invalid receipt affects no other entry: SQS reports it for its entry only.
        """
        entries = [
            {"Id": str(index), "ReceiptHandle": delivery.receipt, "VisibilityTimeout": seconds}
            for index, delivery in enumerate(deliveries)
        ]
        if entries:
            queue = self.queue()
            queue.client.change_message_visibility_batch(QueueUrl=queue.url, Entries=entries)  # type: ignore[arg-type]

    @property
    def answer(self) -> dict[str, Any]:
        """Return the partial batch response; SQS deletes the deliveries that it does not name."""
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in dict.fromkeys(self.failures)]}


def name_message(message: Message) -> None:
    """Add the job and the trace of a message to the lines about its delivery."""
    add_fields(job_id=message.id, org=message.org, flow=message.flow)
    if message.traceparent is not None:
        add_fields(trace_id=trace_id_of(message.traceparent))


class LambdaContext(Protocol):
    """The part of Lambda's context object that a worker uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends this invocation."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker of one queue, or of several; a batch is of one."""

    parts: "WorkerParts"
    queue: Callable[[str], JobQueue]
    """Returns the queue with an ARN."""
    note_waiting: Callable[[int, int], None]
    """Writes for the alarms that a job waits at these times."""

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Work on the deliveries in turn; a failing one does not affect the others.

        Raises:
            WorkerBrokenError: no flow process can be started, or its processes cannot be found.
            NotEndedError: a killed process of a flow is still running.
        """
        clock, times = self.parts.clock, self.parts.times
        arn = next((each.get("eventSourceARN", "") for each in event["Records"]), "")
        batch = Batch.of(event, lambda: self.queue(arn), times.lease_ms)
        if context.get_remaining_time_in_millis() <= times.lease_ms:
            # A visibility timeout shorter than the lease needs no change.
            batch.note_hidden(clock.now())
        while delivery := batch.next(clock.now()):
            available_ms = (
                context.get_remaining_time_in_millis() - times.grace_ms - 1000 * WORKER_MARGIN_SECONDS
            )
            with line_fields(message_id=delivery.id):
                self._run(batch, delivery, available_ms)
        return batch.answer

    def _run(self, batch: Batch, delivery: Delivery, available_ms: int) -> None:
        # The dead-letter reader uses batches too, and runs no flow.
        from noukai_functions.worker.execution import BROKEN, Execution  # noqa: PLC0415 - see above

        try:
            message = Message.parse(delivery.body)
            name_message(message)
            Execution(self.parts, batch, delivery, message).run(available_ms)
        except InvalidMessageError as error:
            logger().error("a message was dropped", extra={"message_id": delivery.id, "reason": str(error)})
        except LaterMessageError as error:
            extra = {"message_id": delivery.id, "reason": str(error)}
            logger().error("a message was given back to the queue", extra=extra)
            self._retry_later(batch, delivery)
        except BROKEN:
            logger().exception("the broken worker exits", extra={"message_id": delivery.id})
            _give_back(batch)
            raise
        except Exception:  # noqa: BLE001 - one delivery must not fail the others
            logger().exception("a delivery failed", extra={"message_id": delivery.id})
            self._retry_later(batch, delivery)

    def _retry_later(self, batch: Batch, delivery: Delivery) -> None:
        """Defer a delivery by a lease; by then its row is up to date."""
        # The queue does not count a hidden message as waiting. A lease is a minute at most, so that with both
        # times no minute lacks a value as long as its deliveries fail.
        now = self.parts.clock.now()
        self.note_waiting(now, now + batch.lease_ms)
        try:
            batch.defer(delivery, batch.lease_ms // 1000)
        except (AwsError, OSError):
            logger().warning(
                "a failed delivery could not be deferred", extra={"message_id": delivery.id}, exc_info=True
            )


def _give_back(batch: Batch) -> None:
    try:
        batch.give_back()
    except (AwsError, OSError):
        logger().warning("the deliveries of a batch could not be returned to the queue", exc_info=True)
