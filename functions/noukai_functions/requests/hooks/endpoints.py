"""The management of an org's webhook endpoints."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock
from noukai_functions.refusals import InvalidInputError, UnavailableError, WebhookNotFoundError
from noukai_functions.requests.hooks.bodies import Wanted
from noukai_functions.usage.budgets import Budgets
from noukai_functions.webhooks.sending.message import Event, Message, Outbox
from noukai_functions.webhooks.store.deliveries import AFTER_ALL, Deliveries
from noukai_functions.webhooks.store.delivery import FAILED, Delivery
from noukai_functions.webhooks.store.endpoint import MOST_SECRETS, ROTATION_MS, Endpoint
from noukai_functions.webhooks.store.endpoints import Endpoints
from noukai_wire.limits import MAX_WEBHOOKS
from noukai_wire.slug import is_slug

if TYPE_CHECKING:
    from noukai_functions.webhooks.posting.poster import Poster
    from noukai_functions.webhooks.sending.master import Master
    from noukai_functions.webhooks.sending.readers import Readers

_TRIES = 3
_PAGE = 100
_DISABLED = "is disabled: put the endpoint again to enable it"


@dataclass(frozen=True, slots=True)
class WebhookEndpoints:
    """The endpoints of orgs, as callers manage them.

    An org's names are also in the row that submissions read: written after the endpoint, and removed before
    it. So an endpoint that is there is told of jobs, unless its `put` or `delete` has failed.
    """

    endpoints: Endpoints
    budgets: Budgets
    clock: Clock
    poster: "Callable[[], Poster]"
    master: "Callable[[], Master]"
    readers: "Callable[[], Readers]"

    def read(self, org: str, name: str) -> Endpoint:
        """Return an endpoint of the org."""
        endpoint = self.endpoints.read(org, name) if is_slug(name) else None
        if endpoint is None:
            raise WebhookNotFoundError(name)
        return endpoint

    def put(self, org: str, name: str, wanted: Wanted) -> tuple[Endpoint, str | None]:
        """Make an endpoint, or change and enable it; return it, and its secret if it is new."""
        if not is_slug(name):
            raise WebhookNotFoundError(name)
        self.poster().check(wanted.url)
        # Before the endpoint is made: its secret is shown once, and must not be lost with a failure of this.
        self.readers().enable()
        for _ in range(_TRIES):
            now = self.clock.now()
            there = self.endpoints.read(org, name)
            if there is None:
                made = Endpoint(
                    org, name, secrets.token_hex(4), wanted.url, wanted.events, wanted.flow, created_at=now
                )
                self.master().create()
                secret = self.master().secret(made, made.version)
                if self.endpoints.create(made):
                    self._note(made)
                    return made, secret
            elif self.endpoints.change(there, wanted.url, wanted.events, wanted.flow, now):
                self._note(there, is_new=False)
                return self.read(org, name), None
        raise UnavailableError

    def delete(self, org: str, name: str) -> None:
        """Delete an endpoint. Repeating a deletion that has failed finishes it."""
        self.read(org, name)
        self.budgets.remove_webhook(org, name)
        self.endpoints.delete(org, name)

    def rotate(self, org: str, name: str, *, revoke: bool) -> tuple[Endpoint, str]:
        """Begin a new secret and return it; each of two rotations at once gets its own."""
        for _ in range(_TRIES):
            now = self.clock.now()
            endpoint = self.read(org, name)
            kept = [] if revoke else endpoint.versions(now)[: MOST_SECRETS - 1]
            before = endpoint.old_until or {}
            old_until = {version: before.get(version, now + ROTATION_MS) for version in kept}
            if self.endpoints.rotate(endpoint, old_until):
                rotated = replace(endpoint, version=endpoint.version + 1, old_until=old_until)
                return rotated, self.master().secret(rotated, rotated.version)
        raise UnavailableError

    def _note(self, endpoint: Endpoint, *, is_new: bool = True) -> None:
        if self.budgets.add_webhook(endpoint.org, endpoint.name):
            return
        if is_new:
            self.endpoints.delete(endpoint.org, endpoint.name)
        reason = f"would be the org's endpoint number {MAX_WEBHOOKS + 1}: at most {MAX_WEBHOOKS} are allowed"
        raise InvalidInputError([("name", reason)])


@dataclass(frozen=True, slots=True)
class WebhookDeliveries:
    """The deliveries of endpoints, as callers see them and ask for them again."""

    endpoints: Endpoints
    deliveries: Deliveries
    outbox: Outbox
    clock: Clock

    def page(self, endpoint: Endpoint, before: str | None, most: int) -> tuple[list[Delivery], str | None]:
        """Return deliveries, newest first, and the place after which there may be more."""
        found, has_more = self.deliveries.newest(endpoint.deliveries, before or AFTER_ALL, most)
        return found, found[-1].place if has_more and found else None

    def test(self, endpoint: Endpoint, body: Callable[[int], str]) -> str:
        """Send a test event; return its id. `body` makes the body from the event's time."""
        _require_enabled(endpoint)
        now = self.clock.now()
        event = Event(now, "webhook.test", body(now))
        message = Message.to(endpoint, event, secrets.token_hex(8), now)
        if self.outbox.send([message]):
            raise UnavailableError
        return message.id

    def redeliver(self, endpoint: Endpoint, since: int, after: str | None) -> tuple[int, str | None]:
        """Let what was not delivered since then wait again; return how many, and the end of this page."""
        _require_enabled(endpoint)
        now = self.clock.now()
        start = max(after or "", f"{since:013}")
        found, has_more = self.deliveries.oldest(endpoint.deliveries, start, _PAGE)
        failed = [each for each in found if each.state == FAILED and each.has_body]
        if failed:
            # Before they wait: if this process dies in between, who looks finds them.
            self.endpoints.wake(endpoint, now, now)
        count = sum(self.deliveries.rearm(each, now) for each in failed)
        if count:
            self.endpoints.wake(endpoint, now, now)
        return count, found[-1].place if has_more and found else None


def _require_enabled(endpoint: Endpoint) -> None:
    if endpoint.disabled_at is not None:
        raise InvalidInputError([("name", _DISABLED)])
