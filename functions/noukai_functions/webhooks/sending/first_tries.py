"""The first tries of events: post them side by side, or let them wait for a troubled endpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from noukai_functions.clock import Clock
from noukai_functions.telemetry.logger import logger
from noukai_functions.webhooks.sending.health import Health
from noukai_functions.webhooks.sending.message import Message
from noukai_functions.webhooks.sending.pauses import Tried, next_try_at
from noukai_functions.webhooks.sending.posts import Posts
from noukai_functions.webhooks.store.deliveries import Deliveries
from noukai_functions.webhooks.store.delivery import DELIVERED, FAILED, WAITING, Delivery
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_functions.webhooks.store.endpoints import Endpoints
from noukai_wire.limits import MAX_WAITING_DELIVERIES

TEST_EVENT = "webhook.test"
DISABLED = "the endpoint is disabled: put it again, then redeliver"
TOO_MANY = f"{MAX_WAITING_DELIVERIES} deliveries wait for this endpoint, the most that may"

_COUNT_MS = 10_000
"""How often at most a process counts what waits for an endpoint."""

_WOKEN_MS = 10_000
"""An endpoint that was woken so recently is looked at anyway, so that it is not woken again."""

Key = tuple[str, str]


@dataclass(slots=True)
class FirstTries:
    """The first tries of a queue's messages. Nothing waits in the queue for another try."""

    endpoints: Endpoints
    deliveries: Deliveries
    posts: Posts
    health: Health
    clock: Clock
    _counts: dict[str, tuple[int, int]] = field(default_factory=dict)

    def make(self, messages: Mapping[str, Message]) -> set[str]:
        """Deliver the messages of a batch, by their names; return those that must come again.

        A message is done when its event is recorded as delivered, failed or waiting.
        """
        found = self.endpoints.read_many((each.org, each.name) for each in messages.values())
        undone: set[str] = set()
        posted: list[str] = []
        for name, message in messages.items():
            endpoint = _endpoint_of(message, found)
            if endpoint is None:
                continue  # it was deleted, perhaps made again
            if endpoint.disabled_at is None and not endpoint.is_suspended:
                posted.append(name)
            elif not self._done(partial(self._keep, message, found), message):
                undone.add(name)
        return undone | self._post(messages, posted, found)

    def _post(
        self, messages: Mapping[str, Message], names: list[str], found: dict[Key, Endpoint]
    ) -> set[str]:
        undone = set(names)
        posted = [messages[name] for name in names]
        tries = [(found[each.org, each.name], each.id, each.body.encode()) for each in posted]
        try:
            for number, tried in self.posts.make(tries):
                message = messages[names[number]]
                if self._done(partial(self._settle, message, tried, found), message):
                    undone.discard(names[number])
        except Exception:  # noqa: BLE001 - the messages that were not recorded come again
            logger().exception("events could not be posted", extra={"events": len(undone)})
        return undone

    def _done(self, act: Callable[[], None], message: Message) -> bool:
        """Do something for one message; log an error, so that it stops no other."""
        try:
            act()
        except Exception:  # noqa: BLE001 - see above
            extra = {"org": message.org, "event": message.id}
            logger().exception("an event could not be recorded", extra=extra)
            return False
        return True

    def _settle(self, message: Message, tried: Tried, found: dict[Key, Endpoint]) -> None:
        """Record the outcome of a first try, then what it says of the endpoint."""
        now = self.clock.now()
        endpoint = found[message.org, message.name]
        delivery = after(message.delivery(endpoint), tried, 1, now)
        if tried.is_success:
            self.deliveries.record(delivery)
        else:
            self.deliveries.keep(delivery, message.body.encode())
        standing = self.health.note(endpoint, tried, now) or endpoint
        found[message.org, message.name] = standing
        if delivery.state == WAITING:
            found[message.org, message.name] = self._wake(standing, delivery.due_at or now, now)

    def _keep(self, message: Message, found: dict[Key, Endpoint]) -> None:
        """Record an event that is not posted now: its endpoint is disabled or suspended."""
        now = self.clock.now()
        endpoint = found[message.org, message.name]
        delivery = message.delivery(endpoint)
        refusal = self._refusal(endpoint, now)
        if refusal is not None:
            body = message.body.encode() if refusal == DISABLED else None
            if not self.deliveries.keep(replace(delivery, state=FAILED, error=refusal), body):
                # An earlier try of the message has let it wait, and may have died before it woke anybody.
                self.endpoints.wake(endpoint, now, now)
            return
        is_test = message.type == TEST_EVENT
        if self.deliveries.keep(replace(delivery, due_at=0 if is_test else now), message.body.encode()):
            at, count = self._counts[endpoint.deliveries]
            self._counts[endpoint.deliveries] = (at, count + 1)
        if is_test:
            # A test is the next event that is tried.
            endpoint = self.endpoints.suspend(endpoint, now, endpoint.suspensions) or endpoint
        found[message.org, message.name] = self._wake(endpoint, now, now)

    def _wake(self, endpoint: Endpoint, at: int, now: int) -> Endpoint:
        """Make sure that somebody looks at the endpoint; skip the write if that is sure already."""
        at = max(at, endpoint.suspended_until or 0)
        is_awake = (
            endpoint.due_at is not None
            and endpoint.due_at <= max(at, endpoint.claimed_until or 0)
            and (endpoint.woken_at or 0) > now - _WOKEN_MS
        )
        return endpoint if is_awake else self.endpoints.wake(endpoint, at, now) or endpoint

    def _refusal(self, endpoint: Endpoint, now: int) -> str | None:
        """Return why no further event may wait for the endpoint, if so."""
        if endpoint.disabled_at is not None:
            return DISABLED
        return TOO_MANY if self._has_too_many(endpoint, now) else None

    def _has_too_many(self, endpoint: Endpoint, now: int) -> bool:
        at, count = self._counts.get(endpoint.deliveries, (0, 0))
        if now - at >= _COUNT_MS:
            at, count = now, self.deliveries.count_waiting(endpoint.deliveries, MAX_WAITING_DELIVERIES)
            self._counts = {endpoint.deliveries: (at, count), **self._fresh(now)}
        return count >= MAX_WAITING_DELIVERIES

    def _fresh(self, now: int) -> dict[str, tuple[int, int]]:
        return {name: known for name, known in self._counts.items() if now - known[0] < _COUNT_MS}


def _endpoint_of(message: Message, found: Mapping[Key, Endpoint]) -> Endpoint | None:
    endpoint = found.get((message.org, message.name))
    return endpoint if endpoint is not None and endpoint.made == message.made else None


def after(delivery: Delivery, tried: Tried, tries: int, now: int) -> Delivery:
    """Return the delivery after its latest try. A test is tried once."""
    due_at = None if tried.is_gone or delivery.type == TEST_EVENT else next_try_at(tries, tried, now)
    failed = WAITING if due_at is not None else FAILED
    return replace(
        delivery,
        state=DELIVERED if tried.is_success else failed,
        tries=tries,
        due_at=None if tried.is_success else due_at,
        last_at=now,
        status=tried.status,
        duration_ms=tried.duration_ms,
        answer=tried.text or None,
        error=tried.error,
    )
