"""Requests and their answers, on threads that can be left behind."""

import weakref
from contextlib import closing
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from threading import Thread

import httpx


class Call:
    """One request; whoever asks waits for its answer for so long and no longer."""

    def __init__(self, http_client: httpx.Client, request: httpx.Request) -> None:
        self._http_client = http_client
        self._request = request
        self._left = False
        self._reply: SimpleQueue[httpx.Response | BaseException | None] = SimpleQueue()

    def answer(self, seconds: float) -> httpx.Response:
        """Return the answer, read to its end; raise `httpx.ReadTimeout` if that takes longer than these seconds."""
        try:
            reply = self._reply.get(timeout=seconds)
        except Empty:
            raise httpx.ReadTimeout("the answer took too long to arrive", request=self._request) from None
        finally:
            self._left = True
        if isinstance(reply, BaseException):
            raise reply
        assert reply is not None  # noqa: S101 - only a call that was left replies so
        return reply

    def perform(self) -> None:
        """Send the request; whoever waits for the answer gets what that raises."""
        try:
            self._reply.put(self._perform())
        except BaseException as failure:  # noqa: BLE001 - it is raised where the answer is waited for
            self._reply.put(failure)

    def _perform(self) -> httpx.Response | None:
        content = bytearray()
        with closing(self._http_client.send(self._request, stream=True)) as response:
            for piece in response.iter_bytes():
                if self._left:
                    return None
                content += piece
        headers = response.headers.copy()
        headers.pop("Content-Encoding", None)  # iter_bytes has undone it
        return httpx.Response(response.status_code, headers=headers, content=bytes(content), request=self._request)


class Caller(Thread):
    """Performs one call after the other, on a thread of its own.

    httpx limits each connect, write and read, but neither their sum nor the look-up of the host's name. A thread that
    is left behind ends at the next piece of the answer's body or with its connection, and keeps no program from ending.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._calls: SimpleQueue[tuple[Context, Call] | None] = SimpleQueue()

    def begin(self, call: Call) -> None:
        """Let the thread perform the call, in the context of whoever asks."""
        self._calls.put((copy_context(), call))

    def end(self) -> None:
        """Let the thread end when it is done with what it has begun."""
        self._calls.put(None)

    def run(self) -> None:
        """Perform calls until the end."""
        while entry := self._calls.get():
            context, call = entry
            context.run(call.perform)
            # Whoever waits for the next call must not keep the last one's answer alive.
            del entry, context, call


class Callers:
    """The threads of a client: each serves again unless it was left behind, and none outlives the client."""

    def __init__(self, http_client: httpx.Client) -> None:
        self._http_client = http_client
        self._idle: list[Caller] = []
        weakref.finalize(self, _end, self._idle)

    def answer(self, request: httpx.Request, seconds: float) -> httpx.Response:
        """Perform a request as `Call.answer` says."""
        call = Call(self._http_client, request)
        caller = self._free()
        caller.begin(call)
        try:
            response = call.answer(seconds)
        except BaseException:
            # It may still be at work.
            caller.end()
            raise
        self._idle.append(caller)
        return response

    def _free(self) -> Caller:
        try:
            caller = self._idle.pop()
        except IndexError:
            caller = Caller()
            caller.start()
            return caller
        # A forked process has the client, but none of its threads.
        return caller if caller.is_alive() else self._free()


def _end(callers: list[Caller]) -> None:
    for caller in callers:
        caller.end()
