"""The handler that looks each minute for what is due: one part after the other."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.names import SCHEDULE_FAILURES
from noukai_functions.telemetry.logger import InvocationFailedError, logger, logs_failures

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event

HasTime = Callable[[], bool]
"""Return whether a part may go on; what it leaves, the next tick finds."""

Part = Callable[[Deployment, HasTime], None]

_MARGIN_MS = 10_000
"""The time reserved for what a part has begun."""


def _look_at_endpoints(deployment: Deployment, has_time: HasTime) -> None:
    deployment.looks.begin(has_time)


def enable_readers(deployment: Deployment, _has_time: HasTime) -> None:
    """Let the queues of webhooks be read if there is an endpoint, also after a deployment has disabled it."""
    deployment.readers.keep_enabled(deployment.endpoints.has_any)


def fire_schedules(deployment: Deployment, has_time: HasTime) -> None:
    """Submit the jobs of schedules whose instants are due."""
    firing = deployment.firing()
    try:
        firing.run_due(has_time)
    finally:
        if firing.failures:
            deployment.metrics.write({SCHEDULE_FAILURES: firing.failures}, deployment.clock.now())


def follow_code(deployment: Deployment, _has_time: HasTime) -> None:
    """Make the schedules in code agree with the flows that are deployed."""
    deployment.schedules_in_code.agree()


PARTS: Mapping[str, Part] = {
    "schedules in code": follow_code,
    "schedules": fire_schedules,
    "webhooks": _look_at_endpoints,
    "readers of webhooks": enable_readers,
}
"""The parts by name. Each finds what is due by itself, and does it at least once."""


def run(deployment: Deployment, has_time: HasTime, parts: Mapping[str, Part] = PARTS) -> None:
    """Run every part; one that fails does not stop the others.

    Raises:
        InvocationFailedError: a part has failed.
    """
    failed = []
    for name, look in parts.items():
        try:
            look(deployment, has_time)
        except Exception:  # noqa: BLE001 - the other parts go on; the invocation fails at its end
            logger().exception("a part of the tick failed", extra={"part": name})
            failed.append(name)
    if failed:
        raise InvocationFailedError(", ".join(failed))


@logs_failures
def handler(_event: "Event", context: Any) -> None:
    """Handle the event of a minute."""
    run(deployed(), lambda: context.get_remaining_time_in_millis() > _MARGIN_MS)


get_ready(lambda made: (made.schedules_in_code, made.firing()))
