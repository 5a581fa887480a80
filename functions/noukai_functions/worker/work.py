"""The work on a batch of deliveries: each job is settled, or its delivery returned to the queue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from noukai_functions.aws import AwsError
from noukai_functions.jobs.queue import Delivery, InvalidMessageError, JobQueue, LaterMessageError, Message
from noukai_functions.telemetry import logger
from noukai_functions.worker.batch import Batch
from noukai_functions.worker.equipment import Equipment
from noukai_functions.worker.execution import BROKEN, Execution
from noukai_wire.limits import WORKER_MARGIN_SECONDS


class LambdaContext(Protocol):
    """The part of Lambda's context object that a worker uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends this invocation."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker of one queue."""

    equipment: Equipment
    queue: Callable[[], JobQueue]

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Work on the deliveries in turn; a failing one does not affect the others.

        Raises:
            WorkerBrokenError: no flow process can be started, or its processes cannot be found.
            NotEndedError: a killed process of a flow is still running.
        """
        clock, times = self.equipment.clock, self.equipment.times
        batch = Batch(self.queue, times.lease_ms, Delivery.of(event))
        if context.get_remaining_time_in_millis() <= times.lease_ms:
            # A visibility timeout shorter than the lease needs no change.
            batch.note_hidden(clock.now())
        while delivery := batch.next(clock.now()):
            available_ms = (
                context.get_remaining_time_in_millis() - times.grace_ms - 1000 * WORKER_MARGIN_SECONDS
            )
            try:
                Execution(self.equipment, batch, delivery, Message.parse(delivery.body)).run(available_ms)
            except InvalidMessageError as error:
                logger().error(
                    "a message was dropped", extra={"message_id": delivery.id, "reason": str(error)}
                )
            except LaterMessageError as error:
                extra = {"message_id": delivery.id, "reason": str(error)}
                logger().error("a message was given back to the queue", extra=extra)
                _retry_later(batch, delivery)
            except BROKEN:
                logger().exception("the broken worker exits", extra={"message_id": delivery.id})
                _give_back(batch)
                raise
            except Exception:  # noqa: BLE001 - one delivery must not fail the others
                logger().exception("a delivery failed", extra={"message_id": delivery.id})
                _retry_later(batch, delivery)
        return batch.answer


def _retry_later(batch: Batch, delivery: Delivery) -> None:
    """Defer a delivery by a lease; by then its row is up to date."""
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
