"""The two drivers: they perform what an operation decides, one blocking, one awaiting."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from typing import TypeVar

import httpx

from ._call import Call
from ._operation import Operation, Report, Sleep, Step

T = TypeVar("T")


class BlockingDriver:
    """Performs operations on this thread."""

    def __init__(self, http_client: httpx.Client, *, sleep: Callable[[float], object]) -> None:
        self._http_client = http_client
        self._sleep = sleep

    def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        with closing(operation):
            resume = partial(operation.send, None)
            while True:
                try:
                    step = resume()
                except StopIteration as end:
                    outcome: T = end.value
                    return outcome
                try:
                    resume = partial(operation.send, self._perform(step))
                except httpx.RequestError as failure:
                    resume = partial(operation.throw, failure)

    def _perform(self, step: Step) -> httpx.Response | None:
        match step:
            case Sleep():
                self._sleep(step.seconds)
            case Report():
                step.listener(step.progress)
            case httpx.Request():
                return Call(self._http_client, step).answer(_timeout(step))
        return None


class AwaitingDriver:
    """Performs operations in the running event loop."""

    def __init__(self, http_client: httpx.AsyncClient, *, sleep: Callable[[float], Awaitable[object]]) -> None:
        self._http_client = http_client
        self._sleep = sleep

    async def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        with closing(operation):
            resume = partial(operation.send, None)
            while True:
                try:
                    step = resume()
                except StopIteration as end:
                    outcome: T = end.value
                    return outcome
                try:
                    resume = partial(operation.send, await self._perform(step))
                except httpx.RequestError as failure:
                    resume = partial(operation.throw, failure)

    async def _perform(self, step: Step) -> httpx.Response | None:
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

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(_timeout(request)):
                return await self._http_client.send(request)
        except TimeoutError as late:
            raise httpx.ReadTimeout("the answer took too long to arrive", request=request) from late


def _timeout(request: httpx.Request) -> float:
    timeout: dict[str, float] = request.extensions["timeout"]
    return timeout["read"]
