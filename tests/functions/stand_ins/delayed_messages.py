"""The stand-in for EventBridge Scheduler: moto keeps schedules but fires none."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import EndpointConnectionError

from tests.functions.harness import ENVIRONMENT, System

GROUP = ENVIRONMENT["SCHEDULE_GROUP"]


def delayed_messages(system: System) -> list[Any]:
    """Return the schedules of the messages that still wait."""
    client = system.deployment.delayed_messages.client
    names = [each["Name"] for each in client.list_schedules(GroupName=GROUP)["Schedules"]]
    found = [client.get_schedule(GroupName=GROUP, Name=name) for name in names]
    del system.calls[:]
    return found


def fire(system: System) -> int:
    """Fire the due schedules as Scheduler does; return how many there were."""
    now = f"at({datetime.fromtimestamp(system.clock.time / 1000, UTC):%Y-%m-%dT%H:%M:%S})"
    due = [each for each in delayed_messages(system) if each["ScheduleExpression"] <= now]
    queue = system.deployment.queue
    for each in due:
        queue.client.send_message(QueueUrl=queue.url, MessageBody=each["Target"]["Input"])
        if each["ActionAfterCompletion"] == "DELETE":
            system.deployment.delayed_messages.client.delete_schedule(GroupName=GROUP, Name=each["Name"])
    return len(due)


def moment(system: System, seconds: float) -> str:
    """Return the time in that many seconds."""
    at = datetime.fromtimestamp(system.clock.time / 1000 + seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def failing(system: System, operation: str) -> Iterator[None]:
    """Let a call of Scheduler fail for a while."""

    def fail(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://scheduler")

    events = system.deployment.delayed_messages.client.meta.events
    events.register(f"before-call.scheduler.{operation}", fail)
    yield
    events.unregister(f"before-call.scheduler.{operation}", fail)
