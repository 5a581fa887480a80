"""The drivers that perform the steps of an operation: one blocks, the other awaits."""

import asyncio
import inspect
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent import futures
from contextlib import aclosing, closing
from threading import TIMEOUT_MAX
from typing import Protocol, TypeVar

import httpx

from noukai._core.operation import (
    Answer,
    Attend,
    Operation,
    Outcome,
    Reply,
    Report,
    Sleep,
    Step,
    Together,
    advance,
)

from .call import Callers
from .connections import AwaitingConnections, BlockingConnections
from .stream import answer_of, areceived
from .timeouts import time_for

T = TypeVar("T")


class Pages(Protocol[T]):
    """The interface of paged results. A page may be empty; `has_more` says whether to go on."""

    @property
    def has_more(self) -> bool:
        """Return whether there may be another page."""
        ...

    def page(self) -> Operation[list[T]]:
        """Fetch the next page."""
        ...


class BlockingDriver:
    """A driver that performs operations and blocks meanwhile."""

    def __init__(self, connections: BlockingConnections, *, sleep: Callable[[float], object]) -> None:
        self._callers = Callers(connections)
        self._sleep = sleep

    def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        reply: Reply = None
        with closing(operation):
            while not isinstance(step := advance(operation, reply), Outcome):
                try:
                    reply = self._perform(step)
                except KeyboardInterrupt as interruption:
                    operation.throw(interruption)  # adds a note on how to go on
                    raise
        return step.value

    def each(self, pages: Pages[T]) -> Iterator[T]:
        """Yield the items of the pages; fetch each page when the previous one is used up."""
        while pages.has_more:
            yield from self.run(pages.page())

    def _perform(self, step: Step) -> Reply:
        match step:
            case Sleep():
                self._sleep(step.seconds)
            case Report():
                step.listener(step.progress)
            case httpx.Request():
                return self._send([step])[0]
            case Together():
                return self._send(step.requests)
            case Attend():
                futures.wait([step.settled], _bounded(step.seconds))
        return None

    def _send(self, requests: list[httpx.Request]) -> list[Answer]:
        return self._callers.answers([(request, time_for(request)) for request in requests])


class AwaitingDriver:
    """A driver that performs operations in the running event loop."""

    def __init__(
        self, connections: AwaitingConnections, *, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._connections = connections
        self._sleep = sleep

    async def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        reply: Reply = None
        with closing(operation):
            while not isinstance(step := advance(operation, reply), Outcome):
                try:
                    reply = await self._perform(step)
                except (KeyboardInterrupt, asyncio.CancelledError) as interruption:
                    operation.throw(interruption)  # adds a note on how to go on
                    raise
        return step.value

    async def each(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Yield the items of the pages; fetch each page when the previous one is used up."""
        while pages.has_more:
            for each in await self.run(pages.page()):
                yield each

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
            case Together():
                return await asyncio.gather(*map(self._send, step.requests))
            case Attend():
                await asyncio.wait([asyncio.wrap_future(step.settled)], timeout=_bounded(step.seconds))
        return None

    async def _send(self, request: httpx.Request) -> Answer:
        http_client = self._connections.client()
        self._connections.add_headers(request)
        try:
            async with asyncio.timeout(time_for(request)):
                # The `auth` of an http_client is ignored, as in a `Call`.
                async with aclosing(await http_client.send(request, stream=True, auth=None)) as response:
                    return await areceived(response)
        except httpx.RequestError as failure:
            return failure
        except httpx.HTTPStatusError as refusal:
            return answer_of(refusal)
        except ssl.SSLError as failure:  # httpx does not convert such errors after the handshake
            return httpx.ReadError(str(failure), request=request)
        except TimeoutError:
            return httpx.ReadTimeout("the answer took too long to arrive", request=request)


def _bounded(seconds: float) -> float:
    return min(seconds, TIMEOUT_MAX)
