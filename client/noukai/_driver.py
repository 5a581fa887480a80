"""The two drivers: they perform what an operation decides, one blocking, one awaiting."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from typing import TypeVar

import httpx

from noukai_wire.models import JobStatus

from ._call import Callers
from ._listing import Listing
from ._operation import Operation, Outcome, Reply, Report, Sleep, Step, advance

T = TypeVar("T")


class BlockingDriver:
    """Performs operations, and blocks meanwhile."""

    def __init__(self, http_client: httpx.Client, *, sleep: Callable[[float], object]) -> None:
        self._callers = Callers(http_client)
        self._sleep = sleep

    def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        reply: Reply = None
        with closing(operation):
            while not isinstance(step := advance(operation, reply), Outcome):
                reply = self._perform(step)
        return step.value

    def each(self, listing: Listing) -> Iterator[JobStatus]:
        """Give the jobs of a list one by one; a page is fetched when the one before is used up."""
        while listing.has_more:
            yield from self.run(listing.page())

    def _perform(self, step: Step) -> Reply:
        match step:
            case Sleep():
                self._sleep(step.seconds)
            case Report():
                step.listener(step.progress)
            case httpx.Request():
                return self._send(step)
        return None

    def _send(self, request: httpx.Request) -> Reply:
        try:
            return self._callers.answer(request, _timeout(request))
        except httpx.RequestError as failure:
            return failure


class AwaitingDriver:
    """Performs operations in the running event loop."""

    def __init__(self, http_client: httpx.AsyncClient, *, sleep: Callable[[float], Awaitable[object]]) -> None:
        self._http_client = http_client
        self._sleep = sleep

    async def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        reply: Reply = None
        with closing(operation):
            while not isinstance(step := advance(operation, reply), Outcome):
                reply = await self._perform(step)
        return step.value

    async def each(self, listing: Listing) -> AsyncIterator[JobStatus]:
        """Give the jobs of a list one by one; a page is fetched when the one before is used up."""
        while listing.has_more:
            for status in await self.run(listing.page()):
                yield status

    async def _perform(self, step: Step) -> Reply:
        match step:
            case Sleep():
                await self._sleep(step.seconds)
            case Report():
                heard = step.listener(step.progress)
                if inspect.isawaitable(heard):
                    await heard
            case httpx.Request():
                return await self._send(step)
        return None

    async def _send(self, request: httpx.Request) -> Reply:
        try:
            async with asyncio.timeout(_timeout(request)):
                return await self._http_client.send(request)
        except httpx.RequestError as failure:
            return failure
        except TimeoutError:
            return httpx.ReadTimeout("the answer took too long to arrive", request=request)


def _timeout(request: httpx.Request) -> float:
    timeout: dict[str, float] = request.extensions["timeout"]
    return timeout["read"]
