"""The readers of the queues of webhooks: off until there is an endpoint, since idle ones cost money."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CHECK_MS = 60 * 60 * 1000
"""How long a process of the tick relies on what it has seen."""

_OFF = ("Disabled", "Disabling")


@dataclass(slots=True)
class Readers:
    """The event source mappings of the queues of webhooks, by their ids.

    Nothing disables them again but a deployment that changes one: then the tick enables it.
    """

    client: "Callable[[], LambdaClient]"
    mappings: Iterable[str]
    clock: Clock
    _next_at: int = 0

    def enable(self) -> None:
        """Let those read that are disabled. What was sent in the meantime waits in their queues.

        Raises:
            AwsError: AWS has failed, or a mapping is just being disabled.
        """
        client = self.client()
        for mapping in self.mappings:
            if client.get_event_source_mapping(UUID=mapping)["State"] in _OFF:
                client.update_event_source_mapping(UUID=mapping, Enabled=True)

    def keep_enabled(self, are_needed: Callable[[], bool]) -> None:
        """Let those read that are disabled, if they are needed, which a process asks once an hour."""
        now = self.clock.now()
        if now < self._next_at:
            return
        if are_needed():
            self.enable()
        self._next_at = now + CHECK_MS
