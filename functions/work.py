"""The work on a batch of deliveries: the job of each is brought to a settled row or back to the queue."""

from typing import TYPE_CHECKING, Any, Protocol

from functions.aws import AwsError
from functions.batch import Batch
from functions.deployment import Deployment
from functions.execution import BROKEN, Execution
from functions.queue import Delivery, InvalidMessageError, Message
from functions.telemetry import logger
from noukai_wire.limits import WORKER_MARGIN_SECONDS

if TYPE_CHECKING:
    from functions.http import Event


class LambdaContext(Protocol):
    """What of the runtime's context a worker uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the runtime ends this invocation."""


def work(event: "Event", context: LambdaContext, deployment: Deployment) -> dict[str, Any]:
    """Work on the deliveries one after the other; a bad one does not fail its neighbours.

    Raises:
        WorkerBrokenError: no process can be made for a flow, or what it left cannot be looked for.
        NotEndedError: something that a flow has started is still running after it was killed.
    """
    now = deployment.clock.now()
    batch = Batch(lambda: deployment.queue, deployment.lease_ms, Delivery.of(event))
    if context.get_remaining_time_in_millis() <= deployment.lease_ms:
        # A queue whose visibility ends sooner than the lease needs no shortening.
        batch.note_hidden(now)
    while delivery := batch.next(deployment.clock.now()):
        available_ms = context.get_remaining_time_in_millis() - deployment.grace_ms - 1000 * WORKER_MARGIN_SECONDS
        try:
            Execution(deployment, batch, delivery, Message.parse(delivery.body)).run(available_ms)
        except InvalidMessageError as error:
            logger().error("a message was dropped", extra={"message_id": delivery.id, "reason": str(error)})
        except BROKEN:
            logger().exception("the worker ends itself", extra={"message_id": delivery.id})
            _give_back(batch)
            raise
        except Exception:  # noqa: BLE001 - one delivery must not fail its neighbours
            logger().exception("a delivery failed", extra={"message_id": delivery.id})
            _retry_later(batch, delivery)
    return batch.answer


def _retry_later(batch: Batch, delivery: Delivery) -> None:
    """Let a delivery return after a lease: by then its row says what became of the attempt."""
    try:
        batch.defer(delivery, batch.lease_ms // 1000)
    except (AwsError, OSError):
        logger().warning("a failed delivery waits for the queue", extra={"message_id": delivery.id}, exc_info=True)


def _give_back(batch: Batch) -> None:
    try:
        batch.give_back()
    except (AwsError, OSError):
        logger().warning("the deliveries of a batch were not given back", exc_info=True)
