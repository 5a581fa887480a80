"""The client of a deployment, blocking and async."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date
from typing import Generic, Self, Unpack

import httpx

from noukai_wire.health import HealthReport
from noukai_wire.limits import MAX_LIST_LIMIT
from noukai_wire.models import JobStatus
from noukai_wire.usage import UsageReport

from ._core.address import FlowAddress
from ._core.address import job_id as checked_job_id
from ._core.api import Api
from ._core.listing import JobSelection, listing_of_org
from ._core.operation import Clock
from ._core.settings import ClientOptions, Settings
from ._display.shown import FlowTable
from ._flow import AsyncFlow, Flow
from ._io.awaiting import AwaitingDriver
from ._io.blocking import BlockingDriver
from ._io.connections import awaiting_connections, blocking_connections
from ._job import AsyncJob, Job
from ._keys import AsyncKeys, Keys
from ._picklable import Driver
from ._schedules import AsyncSchedules, Schedules
from ._tokens import AsyncTokens, Tokens
from ._webhooks import AsyncWebhooks, Webhooks


class _Deployment(Generic[Driver]):
    def __init__(self, api: Api, driver: Driver) -> None:
        self._api = api
        self._driver = driver

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api.settings.base_url!r})"

    @property
    def base_url(self) -> str:
        """Return the address of the API."""
        return self._api.settings.base_url

    def _address(self, text: str) -> FlowAddress:
        settings = self._api.settings
        return FlowAddress.parse(text, org=settings.org, project=settings.project)


class Noukai(_Deployment[BlockingDriver]):
    """A client of one deployment with one API key; a context manager that closes its connections.

    Without `api_key`, the environment variable `NOUKAI_API_KEY` is used; `ClientOptions` has the other
    settings. An `http_client` of the caller stays open. Tests can replace the clock (monotonic seconds), the
    sleep and the jitter (a random number from 0 up to 1).

    Raises `InvalidArgumentError` for a missing or invalid setting.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        http_client: httpx.Client | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        jitter: Callable[[], float] = random.random,
        **options: Unpack[ClientOptions],
    ) -> None:
        settings = Settings.resolve(os.environ, api_key, **options)
        self._connections = blocking_connections(http_client)
        api = Api(settings, clock=clock, jitter=jitter, http_client=http_client)
        super().__init__(api, BlockingDriver(self._connections, sleep=sleep))

    def flow(self, address: str) -> Flow:
        """Return the flow `org/project/flow`, or `flow` in this client's org and project.

        Sends no request. Raises `InvalidArgumentError` for an invalid address.
        """
        return Flow(self._address(address), self._api, self._driver)

    def job(self, job_id: str) -> Job:
        """Return a job by its id, perhaps submitted by another process.

        Sends no request. Raises `InvalidArgumentError` for an invalid id.
        """
        return Job(checked_job_id(job_id), self._api, self._driver)

    def jobs(
        self,
        *,
        org: str | None = None,
        project: str | None = None,
        page_size: int = MAX_LIST_LIMIT,
        **selection: Unpack[JobSelection],
    ) -> Iterator[JobStatus]:
        """Iterate over the jobs of this client's org, or of one of its projects, as `Flow.jobs` does.

        Raises `NotFoundError` for an unknown project, and otherwise what `Flow.jobs` raises.
        """
        return self._driver.each(listing_of_org(self._api, org, project, selection, page_size))

    def flows(self) -> FlowTable:
        """Fetch the flows of the deployment.

        Raises `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(self._api.flows())

    def usage(self, from_: date | str | None = None, to: date | str | None = None) -> UsageReport:
        """Fetch the usage of the key's org from one UTC day to another, by default this month's.

        A day is a `date` or a text such as `2026-11-25`. Raises `InvalidInputError` for invalid days; and
        `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(self._api.usage(from_, to))

    def health(self) -> HealthReport:
        """Fetch the health of the deployment, which needs a key with the scope `ops`.

        Raises `ApiError` or `ConnectionFailedError`, like every request.
        """
        return self._driver.run(self._api.health())

    @property
    def keys(self) -> Keys:
        """Return the keys that the key's org has made for itself. Sends no request."""
        return Keys(self._api, self._driver)

    @property
    def schedules(self) -> Schedules:
        """Return the schedules of the key's org. Sends no request."""
        return Schedules(self._api, self._driver)

    @property
    def tokens(self) -> Tokens:
        """Return the making of browser tokens. Sends no request."""
        return Tokens(self._api, self._driver)

    @property
    def webhooks(self) -> Webhooks:
        """Return the webhook endpoints of the key's org. Sends no request."""
        return Webhooks(self._api, self._driver)

    def close(self) -> None:
        """Close the connections, unless they belong to an `http_client` of the caller."""
        self._connections.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncNoukai(_Deployment[AwaitingDriver]):
    """The async form of `Noukai`, for asyncio."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        http_client: httpx.AsyncClient | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        **options: Unpack[ClientOptions],
    ) -> None:
        settings = Settings.resolve(os.environ, api_key, **options)
        self._connections = awaiting_connections(http_client)
        api = Api(settings, clock=clock, jitter=jitter, http_client=http_client)
        super().__init__(api, AwaitingDriver(self._connections, sleep=sleep))

    def flow(self, address: str) -> AsyncFlow:
        """Return the flow as `Noukai.flow` does."""
        return AsyncFlow(self._address(address), self._api, self._driver)

    def job(self, job_id: str) -> AsyncJob:
        """Return a job as `Noukai.job` does."""
        return AsyncJob(checked_job_id(job_id), self._api, self._driver)

    def jobs(
        self,
        *,
        org: str | None = None,
        project: str | None = None,
        page_size: int = MAX_LIST_LIMIT,
        **selection: Unpack[JobSelection],
    ) -> AsyncIterator[JobStatus]:
        """Iterate over the jobs of this client's org, or of one of its projects, as `Flow.jobs` does."""
        return self._driver.each(listing_of_org(self._api, org, project, selection, page_size))

    async def flows(self) -> FlowTable:
        """Fetch the flows as `Noukai.flows` does."""
        return await self._driver.run(self._api.flows())

    async def usage(self, from_: date | str | None = None, to: date | str | None = None) -> UsageReport:
        """Fetch the usage as `Noukai.usage` does."""
        return await self._driver.run(self._api.usage(from_, to))

    async def health(self) -> HealthReport:
        """Fetch the health as `Noukai.health` does."""
        return await self._driver.run(self._api.health())

    @property
    def keys(self) -> AsyncKeys:
        """Return the keys that the key's org has made for itself. Sends no request."""
        return AsyncKeys(self._api, self._driver)

    @property
    def schedules(self) -> AsyncSchedules:
        """Return the schedules of the key's org. Sends no request."""
        return AsyncSchedules(self._api, self._driver)

    @property
    def tokens(self) -> AsyncTokens:
        """Return the making of browser tokens. Sends no request."""
        return AsyncTokens(self._api, self._driver)

    @property
    def webhooks(self) -> AsyncWebhooks:
        """Return the webhook endpoints of the key's org. Sends no request."""
        return AsyncWebhooks(self._api, self._driver)

    async def aclose(self) -> None:
        """Close the connections, unless they belong to an `http_client` of the caller."""
        await self._connections.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
