"""The driver that blocks: it performs the steps of operations, and their requests on threads.

httpx limits each connect, write and read of a request, but not their sum, and not the lookup of the host. So
a request is sent on a thread that can be abandoned.
"""

import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent import futures
from contextlib import closing
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from threading import TIMEOUT_MAX, Thread
from typing import cast

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

from .connections import BlockingConnections
from .stream import answer_of, received


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
                futures.wait([step.settled], min(step.seconds, TIMEOUT_MAX))
        return None

    def _send(self, requests: list[httpx.Request]) -> list[Answer]:
        return self._callers.answers([(request, request.extensions[TOTAL_SECONDS]) for request in requests])


class Call:
    """A request whose answer is awaited for a limited number of seconds, or without a limit."""

    def __init__(
        self, connections: BlockingConnections, request: httpx.Request, seconds: float | None
    ) -> None:
        self._connections = connections
        self._request = request
        self._until = None if seconds is None else time.monotonic() + seconds
        self._reply: SimpleQueue[httpx.Response | BaseException] = SimpleQueue()
        self.is_left = False

    def answer(self) -> httpx.Response:
        """Return the whole answer; raise `httpx.ReadTimeout` if it takes too long."""
        try:
            reply = self._reply.get(timeout=self._left_seconds())
        except Empty:
            raise httpx.ReadTimeout("the answer took too long to arrive", request=self._request) from None
        finally:
            self.is_left = True
        if isinstance(reply, BaseException):
            raise reply
        return reply

    def _left_seconds(self) -> float | None:
        return None if self._until is None else max(0.0, self._until - time.monotonic())

    def leave(self) -> None:
        """Stop reading the answer."""
        self.is_left = True

    def perform(self) -> None:
        """Send the request; an error is raised in the thread that awaits the answer."""
        try:
            self._reply.put(self._perform())
        except httpx.HTTPStatusError as refusal:
            self._reply.put(answer_of(refusal))
        except BaseException as failure:  # noqa: BLE001 - it is raised where the answer is awaited
            self._reply.put(failure)

    def _perform(self) -> httpx.Response:
        self._connections.add_headers(self._request)
        # The `auth` of an http_client would replace the API key, and break a presigned URL.
        with closing(self._connections.client().send(self._request, stream=True, auth=None)) as response:
            self._connections.note(response)
            response.stream = _Leavable(cast("httpx.SyncByteStream", response.stream), self)
            return received(response)


class _Leavable(httpx.SyncByteStream):
    """The body of an answer, read until its deadline."""

    def __init__(self, stream: httpx.SyncByteStream, call: Call) -> None:
        self._stream = stream
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if self._call.is_left:
                return
            yield piece

    def close(self) -> None:
        self._stream.close()


class Caller(Thread):
    """A thread that performs calls in turn.

    An abandoned thread ends at the next piece of the body or with its connection, and does not keep a program
    from ending.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._calls: SimpleQueue[tuple[Context, Call] | None] = SimpleQueue()

    def begin(self, call: Call) -> None:
        """Start the call on the thread, in the caller's context."""
        self._calls.put((copy_context(), call))

    def end(self) -> None:
        """Tell the thread to end after its current call."""
        self._calls.put(None)

    def run(self) -> None:
        """Perform calls until the end."""
        while entry := self._calls.get():
            context, call = entry
            context.run(call.perform)
            # Release them, so that an idle thread does not keep the last answer alive.
            del entry, context, call


class Callers:
    """The threads of a client: each is reused unless it was abandoned, and none outlives the client."""

    def __init__(self, connections: BlockingConnections) -> None:
        self._connections = connections
        self._idle: list[Caller] = []
        # Not at Python's exit: the threads do not block it, and exit handlers may still send requests.
        weakref.finalize(self, _end, self._idle).atexit = False

    def answers(
        self, requests: Iterable[tuple[httpx.Request, float | None]]
    ) -> list[httpx.Response | httpx.RequestError]:
        """Perform requests concurrently, each within its seconds; return its answer or its error."""
        begun = deque([self._begin(request, seconds) for request, seconds in requests])
        answers: list[httpx.Response | httpx.RequestError] = []
        try:
            while begun:
                answers.append(self._finish(*begun[0]))
                begun.popleft()
        finally:
            for caller, call in begun:
                call.leave()
                _end([caller])
        return answers

    def _begin(self, request: httpx.Request, seconds: float | None) -> tuple[Caller | None, Call]:
        caller, call = self._free(), Call(self._connections, request, seconds)
        if caller is None:
            call.perform()
        else:
            caller.begin(call)
        return caller, call

    def _finish(self, caller: Caller | None, call: Call) -> httpx.Response | httpx.RequestError:
        try:
            response = call.answer()
        except httpx.RequestError as failure:
            # The thread may still be busy.
            _end([caller])
            return failure
        if caller is not None:
            self._idle.append(caller)
        return response

    def _free(self) -> Caller | None:
        """Return an idle or new thread; None at Python's exit, or at the limit on threads."""
        try:
            caller = self._idle.pop()
        except IndexError:
            caller = Caller()
            try:
                caller.start()
            except RuntimeError:
                return None
            return caller
        # A forked process inherits the client, but none of its threads.
        return caller if caller.is_alive() else self._free()


def _end(callers: Sequence[Caller | None]) -> None:
    for caller in callers:
        if caller is not None:
            caller.end()
