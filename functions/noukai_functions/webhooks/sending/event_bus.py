"""The same events on the account's event bus, for teams inside AWS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from noukai_functions.aws import AwsError, Bus
from noukai_functions.telemetry.logger import logger
from noukai_functions.webhooks.sending.message import Event

SOURCE = "noukai"
_BATCH = 10


@dataclass(frozen=True, slots=True)
class EventBus:
    """The event bus that the setting `event_bus` names."""

    client: Bus
    name: str

    def send(self, events: Sequence[Event]) -> set[int]:
        """Put events, ten in a request; return the numbers of those that the bus has not taken."""
        unsent: set[int] = set()
        for start in range(0, len(events), _BATCH):
            unsent |= {start + number for number in self._send(events[start : start + _BATCH])}
        return unsent

    def _send(self, events: Sequence[Event]) -> set[int]:
        entries: Any = [
            {
                "EventBusName": self.name,
                "Source": SOURCE,
                "DetailType": event.type,
                "Time": event.at // 1000,
                "Detail": event.body,
            }
            for event in events
        ]
        try:
            answer = self.client.put_events(Entries=entries)
        except AwsError:
            logger().warning("a batch of events was not put on the bus", exc_info=True)
            return set(range(len(events)))
        return {number for number, entry in enumerate(answer["Entries"]) if "ErrorCode" in entry}
