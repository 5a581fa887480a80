"""The operations on webhook endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from noukai._core.address import name_of
from noukai._core.answer import read
from noukai._core.api import Api
from noukai._core.managing.bodies import content_of, flow_of
from noukai._core.operation import Operation
from noukai._errors import InvalidArgumentError
from noukai_wire.limits import MAX_LIST_LIMIT
from noukai_wire.routes import Route
from noukai_wire.webhooks import (
    RedeliveredEvents,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryList,
    WebhookList,
    WebhookRedelivery,
    WebhookRotation,
    WebhookSettings,
    WebhookTest,
)


def put(api: Api, name: str, url: str, events: Sequence[str] | None, flow: str | None) -> Operation[Webhook]:
    """Create or change an endpoint; only an answer to its creation has a secret."""
    body = {"url": url, "events": _list(events), "flow": None if flow is None else flow_of(api, flow)}
    content = content_of(WebhookSettings, body)
    return read(Webhook, (yield from _ask(api, Route.PUT_WEBHOOK, name, content=content)))


def every(api: Api) -> Operation[list[Webhook]]:
    """Fetch the endpoints of the key's org."""
    return read(WebhookList, (yield from api.ask(Route.LIST_WEBHOOKS))).webhooks


def get(api: Api, name: str) -> Operation[Webhook]:
    """Fetch an endpoint."""
    return read(Webhook, (yield from _ask(api, Route.WEBHOOK, name)))


def delete(api: Api, name: str) -> Operation[None]:
    """Delete an endpoint."""
    yield from _ask(api, Route.DELETE_WEBHOOK, name)


def rotate(api: Api, name: str, *, revoke: bool) -> Operation[Webhook]:
    """Make a new secret for an endpoint."""
    content = content_of(WebhookRotation, {"revoke": revoke})
    return read(Webhook, (yield from _ask(api, Route.ROTATE_WEBHOOK, name, content=content)))


def send_test(api: Api, name: str) -> Operation[str]:
    """Send a test event to an endpoint; return its `webhook-id`."""
    return read(WebhookTest, (yield from _ask(api, Route.TEST_WEBHOOK, name))).id


def redeliver(api: Api, name: str, since: datetime | str) -> Operation[int]:
    """Send the events again that an endpoint has missed, page by page; return their number."""
    body: dict[str, Any] = {"since": since}
    count = 0
    while True:
        content = content_of(WebhookRedelivery, body)
        page = read(RedeliveredEvents, (yield from _ask(api, Route.REDELIVER, name, content=content)))
        count += page.redelivered
        if page.cursor is None:
            return count
        body["cursor"] = page.cursor


class Deliveries:
    """The deliveries to an endpoint, newest first."""

    def __init__(self, api: Api, name: str, page_size: int) -> None:
        if not 1 <= page_size <= MAX_LIST_LIMIT:
            raise InvalidArgumentError(f"page_size must be 1 to {MAX_LIST_LIMIT}, not {page_size!r}")
        self._api = api
        self._name = name_of("webhook endpoint", name)
        self._query: dict[str, int | str] = {"limit": page_size}
        self.has_more = True

    def page(self) -> Operation[list[WebhookDelivery]]:
        """Fetch the next page, which may be short or empty."""
        response = yield from _ask(self._api, Route.WEBHOOK_DELIVERIES, self._name, params=self._query)
        page = read(WebhookDeliveryList, response)
        self.has_more = page.cursor is not None
        if page.cursor is not None:
            self._query["cursor"] = page.cursor
        return page.deliveries


def _ask(api: Api, route: Route, name: str, **given: Any) -> Operation[Any]:
    return api.ask(route, name=name_of("webhook endpoint", name), **given)


def _list(events: Sequence[str] | None) -> list[str] | None:
    if isinstance(events, str):
        raise InvalidArgumentError(f"events must be a list of types, such as [{events!r}]")
    return None if events is None else list(events)
