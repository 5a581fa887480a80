"""The handler that settles the jobs of dead-letter messages. It never touches a running or waiting job."""

from typing import TYPE_CHECKING, Any

from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.queues.queue import InvalidMessageError, Message
from noukai_functions.names import DEAD_LETTERS, UNSETTLED_WORK
from noukai_functions.telemetry.logger import line_fields, logger, logs_failures
from noukai_functions.worker.batch import Batch, Delivery, name_message

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event


def settle(event: "Event", deployment: Deployment) -> dict[str, Any]:
    """Fail each message's job if nobody runs it; keep a message that cannot be processed."""
    batch = Batch.of(event, lambda: deployment.dead_letters, deployment.times.lease_ms)
    found, failed = len(batch.waiting), 0
    while delivery := batch.next(deployment.clock.now()):
        with line_fields(message_id=delivery.id):
            failed += not _settle(batch, delivery, deployment)
    figures = {DEAD_LETTERS: found, **({UNSETTLED_WORK: failed} if failed else {})}
    deployment.metrics.write(figures, deployment.clock.now())
    return batch.answer


def _settle(batch: Batch, delivery: Delivery, deployment: Deployment) -> bool:
    """Settle the job of a message; return False if that failed, and keep the message."""
    try:
        message = Message.parse(delivery.body)
        name_message(message)
        seen = deployment.table.read(message.id, consistent=True)
        deployment.unclaimed.turn_away(delivery, message, seen, batch, dead=True)
    except InvalidMessageError as error:
        logger().error(
            "an invalid dead-letter message was dropped",
            extra={"message_id": delivery.id, "reason": str(error)},
        )
    except Exception:  # noqa: BLE001 - one message must not fail the others of its batch
        logger().exception("a dead-letter message could not be processed", extra={"message_id": delivery.id})
        batch.failures.append(delivery.id)
        return False
    return True


@logs_failures
def handler(event: "Event", _context: object) -> dict[str, Any]:
    """Handle a batch of the dead-letter queue."""
    return settle(event, deployed())


get_ready(lambda made: (made.unclaimed, made.saved_inputs))
