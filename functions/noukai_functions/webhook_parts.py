"""The parts of webhooks, each made from the function's environment on first use."""

import json
from functools import cached_property
from typing import TYPE_CHECKING

from noukai_functions.resources import Resources

if TYPE_CHECKING:
    from noukai_functions.requests.hooks.endpoints import WebhookDeliveries, WebhookEndpoints
    from noukai_functions.webhooks.posting.poster import Poster
    from noukai_functions.webhooks.sending.event_bus import EventBus
    from noukai_functions.webhooks.sending.first_tries import FirstTries
    from noukai_functions.webhooks.sending.health import Health
    from noukai_functions.webhooks.sending.later_tries import LaterTries
    from noukai_functions.webhooks.sending.looks import Looks
    from noukai_functions.webhooks.sending.master import Master
    from noukai_functions.webhooks.sending.message import Outbox, RetryQueue
    from noukai_functions.webhooks.sending.posts import Posts
    from noukai_functions.webhooks.sending.readers import Readers
    from noukai_functions.webhooks.sending.telling import Telling
    from noukai_functions.webhooks.store.deliveries import Deliveries
    from noukai_functions.webhooks.store.endpoints import Endpoints
    from noukai_functions.webhooks.urls import UrlRules


class WebhookParts(Resources):
    """The endpoints, their deliveries, and those who tell, post and manage them."""

    @cached_property
    def endpoints(self) -> "Endpoints":
        """Return the webhook endpoints of orgs."""
        from noukai_functions.webhooks.store.endpoints import Endpoints

        return Endpoints(self._dynamodb, self.environment["WEBHOOKS_TABLE"])

    @cached_property
    def deliveries(self) -> "Deliveries":
        """Return the deliveries to endpoints."""
        from noukai_functions.webhooks.store.deliveries import Deliveries

        return Deliveries(self._dynamodb, self.environment["WEBHOOKS_TABLE"])

    @cached_property
    def outbox(self) -> "Outbox":
        """Return the queue of events for endpoints."""
        from noukai_functions.webhooks.sending.message import Outbox

        return Outbox(self._sqs, self.environment["EVENTS_QUEUE_URL"])

    @cached_property
    def retry_queue(self) -> "RetryQueue":
        """Return the queue of failed reactions."""
        from noukai_functions.webhooks.sending.message import RetryQueue

        return RetryQueue(self._sqs, self.environment["REACTIONS_QUEUE_URL"])

    def new_telling(self) -> "Telling":
        """Return the telling of a batch of ended jobs."""
        from noukai_functions.webhooks.sending.telling import Telling

        return Telling(self.endpoints, self.outbox)

    @cached_property
    def event_bus(self) -> "EventBus | None":
        """Return the event bus; None if the setting names none."""
        if "EVENT_BUS" not in self.environment:
            return None
        from noukai_functions.webhooks.sending.event_bus import EventBus

        return EventBus(self._events, self.environment["EVENT_BUS"])

    @cached_property
    def url_rules(self) -> "UrlRules":
        """Return the rules for endpoints' URLs."""
        from noukai_functions.webhooks.urls import UrlRules

        return UrlRules(allows_local=self.environment.get("WEBHOOKS_TO_LOCALHOST") == "true")

    @cached_property
    def master(self) -> "Master":
        """Return the master secret of all endpoints."""
        from noukai_functions.webhooks.sending.master import Master

        made_with = json.loads(self.environment.get("WEBHOOKS_SECRET_WITH", "{}"))
        return Master(self._ssm, self.environment["WEBHOOKS_SECRET"], made_with)

    @cached_property
    def poster(self) -> "Poster":
        """Return the sender of events to public addresses."""
        from noukai_functions.webhooks.posting.poster import Poster

        return Poster(self.url_rules)

    @cached_property
    def first_tries(self) -> "FirstTries":
        """Return the first tries of events."""
        from noukai_functions.webhooks.sending.first_tries import FirstTries

        return FirstTries(self.endpoints, self.deliveries, self._posts, self._health, self.clock)

    @cached_property
    def later_tries(self) -> "LaterTries":
        """Return the later tries of events."""
        from noukai_functions.webhooks.sending.later_tries import LaterTries

        return LaterTries(self.endpoints, self.deliveries, self._posts, self._health, self.clock)

    @cached_property
    def looks(self) -> "Looks":
        """Return the looks at endpoints that are due."""
        from noukai_functions.webhooks.sending.looks import Looks

        return Looks(self.endpoints, lambda: self._lambda, self.environment["DELIVER_FUNCTION"], self.clock)

    @cached_property
    def readers(self) -> "Readers":
        """Return the readers of the queues of webhooks."""
        from noukai_functions.webhooks.sending.readers import Readers

        mappings = self.environment["WEBHOOK_READERS"].split(",")
        return Readers(lambda: self._lambda, list(filter(None, mappings)), self.clock)

    @cached_property
    def webhook_endpoints(self) -> "WebhookEndpoints":
        """Return the management of endpoints."""
        from noukai_functions.requests.hooks.endpoints import WebhookEndpoints

        return WebhookEndpoints(
            self.endpoints,
            self.budgets,
            self.clock,
            lambda: self.poster,
            lambda: self.master,
            lambda: self.readers,
        )

    @cached_property
    def webhook_deliveries(self) -> "WebhookDeliveries":
        """Return the deliveries of endpoints for their callers."""
        from noukai_functions.requests.hooks.endpoints import WebhookDeliveries

        return WebhookDeliveries(self.endpoints, self.deliveries, self.outbox, self.clock)

    @cached_property
    def _posts(self) -> "Posts":
        from noukai_functions.webhooks.sending.posts import Posts

        return Posts(self.poster, self.master, self.clock)

    @cached_property
    def _health(self) -> "Health":
        from noukai_functions.webhooks.sending.health import Health

        return Health(self.endpoints)
