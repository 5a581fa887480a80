"""The later tries of events: what waits for one endpoint, apart from all other endpoints."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from noukai_functions.clock import Clock
from noukai_functions.webhooks.sending.first_tries import DISABLED, after
from noukai_functions.webhooks.sending.health import Health
from noukai_functions.webhooks.sending.posts import Posts
from noukai_functions.webhooks.store.deliveries import Deliveries
from noukai_functions.webhooks.store.delivery import FAILED, Delivery
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_functions.webhooks.store.endpoints import Endpoints
from noukai_wire.limits import MAX_WEBHOOK_TRIES

CLAIM_MS = 2 * 60_000
"""How long a look at an endpoint is claimed: longer than the function may run."""

TRY_MS = 5 * 60_000
"""How long a try of a delivery is claimed: if its process dies, the next try comes then."""

_INDEX_MS = 60_000
"""How long the index may lag behind: until then, an endpoint that was woken is looked at again."""

_AT_ONCE = 10
_GIVEN_UP = 25
_FAR = 10**15
_EXPIRED = "its body is no longer kept"
_USED_UP = "its last try was interrupted"


@dataclass(frozen=True, slots=True)
class LaterTries:
    """The tries of what waits for an endpoint, by the one process that has claimed the look at it."""

    endpoints: Endpoints
    deliveries: Deliveries
    posts: Posts
    health: Health
    clock: Clock

    def make(self, org: str, name: str, due_at: int, has_time: Callable[[], bool]) -> None:
        """Send what is due; leave the rest for the next look when there is no time left.

        Does nothing if another process has claimed this look.
        """
        endpoint = self.endpoints.claim(org, name, due_at, self.clock.now() + CLAIM_MS)
        if endpoint is None:
            return
        if endpoint.disabled_at is not None:
            self._give_up(endpoint, has_time)
        standing: Endpoint | None = endpoint
        while standing is not None and has_time() and self._may_try(standing):
            if not self._try(standing):
                break
            standing = self._current(endpoint)
        self._end(endpoint)

    def _current(self, claimed: Endpoint) -> Endpoint | None:
        """Read the endpoint again: it may have moved or lost its old secret. Return None if it is gone."""
        endpoint = self.endpoints.read(claimed.org, claimed.name)
        return endpoint if endpoint is not None and endpoint.made == claimed.made else None

    def _may_try(self, endpoint: Endpoint) -> bool:
        return endpoint.disabled_at is None and (endpoint.suspended_until or 0) <= self.clock.now()

    def _try(self, endpoint: Endpoint) -> bool:
        """Send the next deliveries, one alone if the last try has failed; return whether there were any."""
        most = _AT_ONCE if endpoint.failing_since is None else 1
        claimed = list(self._claimed(endpoint, most))
        tried = [(each, body) for each in claimed if (body := self._body(each)) is not None]
        standing: Endpoint | None = endpoint
        for number, outcome in self.posts.make([(endpoint, each.id, body) for each, body in tried]):
            now = self.clock.now()
            delivery, _ = tried[number]
            self.deliveries.settle(delivery, after(delivery, outcome, delivery.tries, now))
            standing = self.health.note(standing, outcome, now) if standing else None
        return bool(claimed)

    def _claimed(self, endpoint: Endpoint, most: int) -> Iterator[Delivery]:
        now = self.clock.now()
        for waiting in self.deliveries.due(endpoint.deliveries, now, most):
            delivery = self.deliveries.claim(endpoint.deliveries, waiting, now + TRY_MS)
            if delivery is not None:
                yield delivery

    def _body(self, delivery: Delivery) -> bytes | None:
        """Return the body of a claimed delivery; fail one that cannot be tried."""
        reason = _USED_UP if delivery.tries > MAX_WEBHOOK_TRIES else _EXPIRED
        if delivery.tries <= MAX_WEBHOOK_TRIES and (body := self.deliveries.body(delivery)) is not None:
            return body
        tries = min(delivery.tries, MAX_WEBHOOK_TRIES)
        self.deliveries.settle(delivery, replace(delivery, state=FAILED, error=reason, tries=tries))
        return None

    def _give_up(self, endpoint: Endpoint, has_time: Callable[[], bool]) -> None:
        """Fail what waits for a disabled endpoint, so that it is seen, and sent again when asked for."""
        seen: Sequence[tuple[str, int]] = ()
        while has_time():
            waiting = self.deliveries.due(endpoint.deliveries, _FAR, _GIVEN_UP)
            if not waiting or waiting == seen:
                return
            self.deliveries.give_up(endpoint.deliveries, waiting, DISABLED)
            seen = waiting

    def _end(self, claimed: Endpoint) -> None:
        """Say when to look next; look again at the index if a delivery has begun to wait meanwhile."""
        endpoint = self.endpoints.read(claimed.org, claimed.name)
        while endpoint is not None and endpoint.made == claimed.made:
            if endpoint.due_at != claimed.due_at:
                return  # another look was asked for
            if self.endpoints.end_claim(endpoint, self._next(endpoint)):
                return
            endpoint = self.endpoints.read(claimed.org, claimed.name)

    def _next(self, endpoint: Endpoint) -> int | None:
        now = self.clock.now()
        first = self.deliveries.due(endpoint.deliveries, _FAR, 1)
        due_at = first[0][1] if first else None
        if now - (endpoint.woken_at or 0) <= _INDEX_MS:
            due_at = min(due_at or _FAR, now + _INDEX_MS)
        return None if due_at is None else max(due_at, endpoint.suspended_until or 0)
