"""The handler that posts events to webhook endpoints: first tries from a queue, later ones when invoked.

A look at one endpoint is an invocation of its own, so that an endpoint that hangs occupies no place of the
queue's readers.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.telemetry.logger import logger, logs_failures
from noukai_functions.webhooks.sending.looks import LOOK
from noukai_functions.webhooks.sending.message import Message

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event

_MARGIN_MS = 35_000
"""The time reserved for what has begun: fifteen seconds for the answers, then the records."""


def deliver(event: "Event", deployment: Deployment) -> dict[str, Any]:
    """Make the first tries of a batch; return the messages that must come again."""
    messages: dict[str, Message] = {}
    undone: set[str] = set()
    for record in event["Records"]:
        try:
            messages[record["messageId"]] = Message.parse(record["body"])
        except (ValueError, TypeError):
            logger().exception("a message is not one of this queue")
            undone.add(record["messageId"])
    if messages:
        undone |= deployment.first_tries.make(messages)
    return {"batchItemFailures": [{"itemIdentifier": item} for item in sorted(undone)]}


def look(event: "Event", deployment: Deployment, has_time: Callable[[], bool]) -> None:
    """Send what waits for an endpoint."""
    asked = event[LOOK]
    deployment.later_tries.make(asked["org"], asked["name"], asked["due_at"], has_time)


@logs_failures
def handler(event: "Event", context: Any) -> dict[str, Any] | None:
    """Handle a batch of the queue, or a look at an endpoint."""
    if LOOK in event:
        look(event, deployed(), lambda: context.get_remaining_time_in_millis() > _MARGIN_MS)
        return None
    return deliver(event, deployed())


def _prepare(made: Deployment) -> None:
    _ = made.first_tries
    made.poster.prepare()


get_ready(_prepare)
