"""The driver that awaits: it performs the steps of operations in an event loop."""

import asyncio
import inspect
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, closing
from threading import TIMEOUT_MAX

import httpx

from noukai._core.operation import (
    Answer,
    Attend,
    Operation,
    Outcome,
    Pages,
    Reply,
    Report,
    Sleep,
    Step,
    T,
    Together,
    advance,
)
from noukai._core.requests import TOTAL_SECONDS

from .connections import AwaitingConnections
from .stream import answer_of, areceived


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
                await asyncio.wait(
                    [asyncio.wrap_future(step.settled)], timeout=min(step.seconds, TIMEOUT_MAX)
                )
        return None

    async def _send(self, request: httpx.Request) -> Answer:
        http_client = self._connections.client()
        self._connections.add_headers(request)
        try:
            async with asyncio.timeout(request.extensions[TOTAL_SECONDS]):
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
