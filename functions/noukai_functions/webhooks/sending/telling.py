"""The telling of endpoints that jobs have ended: a message for each endpoint that asks for it."""

from dataclasses import dataclass, field

from noukai_functions.names import ALL_WEBHOOKS
from noukai_functions.webhooks.sending.message import Event, Message, Outbox
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_functions.webhooks.store.endpoints import Endpoints


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that has ended: whose it is, what its submission has named, and the event about it."""

    org: str
    created_at: int
    named: str
    """The mark of the job: the endpoint that it names, or `ALL_WEBHOOKS`."""
    event: Event


@dataclass(slots=True)
class Telling:
    """The telling of endpoints, by a message for each. It looks for an org's endpoints once in a batch."""

    endpoints: Endpoints
    outbox: Outbox
    _messages: list[Message] = field(default_factory=list)
    _places: list[int] = field(default_factory=list)
    _known: dict[str, list[Endpoint]] = field(default_factory=dict)

    def add(self, place: int, ended: Ended) -> None:
        """Add the messages about a job; `place` is the job's place in the batch."""
        if ended.org not in self._known:
            self._known[ended.org] = self.endpoints.of_org(ended.org)
        for endpoint in self._known[ended.org]:
            if _is_told(endpoint, ended):
                message = Message.to(endpoint, ended.event, ended.event.job_id or "", ended.created_at)
                self._messages.append(message)
                self._places.append(place)

    def send(self) -> set[int]:
        """Send the messages; return the places of jobs with one that was not sent."""
        unsent = self.outbox.send(self._messages)
        told = zip(self._places, self._messages, strict=True)
        return {place for place, message in told if message.id in unsent}


def _is_told(endpoint: Endpoint, ended: Ended) -> bool:
    if ended.named == ALL_WEBHOOKS:
        return endpoint.wants(ended.event.type, ended.event.flow or "")
    return endpoint.name == ended.named and ended.event.type in endpoint.events
