"""The webhook endpoints of an org, blocking and async."""

import builtins
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Generic

from noukai_wire.limits import MAX_LIST_LIMIT
from noukai_wire.webhooks import Webhook, WebhookDelivery

from ._core.api import Api
from ._core.managing import webhooks
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._picklable import Driver


class _Webhooks(Generic[Driver]):
    def __init__(self, api: Api, driver: Driver) -> None:
        self._api = api
        self._driver = driver

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api.settings.base_url!r})"


class Webhooks(_Webhooks[BlockingDriver]):
    """The webhook endpoints of the key's org: `client.webhooks`."""

    def put(
        self, name: str, *, url: str, events: Sequence[str] | None = None, flow: str | None = None
    ) -> Webhook:
        """Create an endpoint, which is told when jobs end, or change the one of this name and enable it.

        `events` are `job.completed`, `job.failed` and `job.cancelled`, by default all; with a `flow`, only
        that flow's jobs are told. The answer to the creation has the `secret` that signs the events, which is
        never shown again: keep it, or `Webhooks.rotate` it if the answer was lost.

        Raises `InvalidArgumentError` for invalid arguments, before anything is sent; `InvalidInputError` for
        an address that is not public, for an unknown flow, or at the org's limit; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        return self._driver.run(webhooks.put(self._api, name, url, events, flow))

    def list(self) -> builtins.list[Webhook]:
        """Fetch the endpoints, by name; a disabled one says why.

        Raises `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(webhooks.every(self._api))

    def get(self, name: str) -> Webhook:
        """Fetch an endpoint.

        Raises `InvalidArgumentError` for an invalid name; `NotFoundError`; and `ApiError` or
        `ConnectionFailedError`, like every request.
        """
        return self._driver.run(webhooks.get(self._api, name))

    def delete(self, name: str) -> None:
        """Delete an endpoint; events that wait for it are not sent. Raises what `Webhooks.get` raises."""
        self._driver.run(webhooks.delete(self._api, name))

    def rotate(self, name: str, *, revoke: bool = False) -> Webhook:
        """Make a new secret, which the answer shows once.

        The old one signs beside it for 24 hours, or with `revoke` no more. Raises `ConflictError` if the
        secret is being rotated by somebody else; and what `Webhooks.get` raises.
        """
        return self._driver.run(webhooks.rotate(self._api, name, revoke=revoke))

    def test(self, name: str) -> str:
        """Send a test event; return its `webhook-id`, by which `deliveries` shows what became of it.

        Raises what `Webhooks.get` raises.
        """
        return self._driver.run(webhooks.send_test(self._api, name))

    def deliveries(self, name: str, *, page_size: int = MAX_LIST_LIMIT) -> Iterator[WebhookDelivery]:
        """Iterate over the deliveries of the last seven days, newest first.

        Raises what `Webhooks.get` raises.
        """
        return self._driver.each(webhooks.Deliveries(self._api, name, page_size))

    def redeliver(self, name: str, *, since: datetime | str) -> int:
        """Send the events again that were not delivered, with their `webhook-id`; return their number.

        `since` is the first included time, an aware datetime or ISO 8601 text with a time zone; what is older
        than seven days is not kept. Raises `InvalidInputError` if the endpoint is disabled; and what
        `Webhooks.get` raises.
        """
        return self._driver.run(webhooks.redeliver(self._api, name, since))


class AsyncWebhooks(_Webhooks[AwaitingDriver]):
    """The async form of `Webhooks`."""

    async def put(
        self, name: str, *, url: str, events: Sequence[str] | None = None, flow: str | None = None
    ) -> Webhook:
        """Create or change an endpoint as `Webhooks.put` does."""
        return await self._driver.run(webhooks.put(self._api, name, url, events, flow))

    async def list(self) -> builtins.list[Webhook]:
        """Fetch the endpoints as `Webhooks.list` does."""
        return await self._driver.run(webhooks.every(self._api))

    async def get(self, name: str) -> Webhook:
        """Fetch an endpoint as `Webhooks.get` does."""
        return await self._driver.run(webhooks.get(self._api, name))

    async def delete(self, name: str) -> None:
        """Delete an endpoint as `Webhooks.delete` does."""
        await self._driver.run(webhooks.delete(self._api, name))

    async def rotate(self, name: str, *, revoke: bool = False) -> Webhook:
        """Make a new secret as `Webhooks.rotate` does."""
        return await self._driver.run(webhooks.rotate(self._api, name, revoke=revoke))

    async def test(self, name: str) -> str:
        """Send a test event as `Webhooks.test` does."""
        return await self._driver.run(webhooks.send_test(self._api, name))

    def deliveries(self, name: str, *, page_size: int = MAX_LIST_LIMIT) -> AsyncIterator[WebhookDelivery]:
        """Iterate over the deliveries as `Webhooks.deliveries` does, with `async for`."""
        return self._driver.each(webhooks.Deliveries(self._api, name, page_size))

    async def redeliver(self, name: str, *, since: datetime | str) -> int:
        """Send missed events again as `Webhooks.redeliver` does."""
        return await self._driver.run(webhooks.redeliver(self._api, name, since))
