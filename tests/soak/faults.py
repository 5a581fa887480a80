"""A bad connection to AWS: it throttles calls, loses their answers and cuts connections."""

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from noukai_infra.local.emulator.endpoint import Endpoint

_CALLER_GIVES_UP_AFTER = 4
"""Seconds; the functions wait 3 s for an answer."""
_SETTLED = ("completed", "failed")


class Fault(Enum):
    """A fault of a call."""

    THROTTLED = "throttled"
    TIMED_OUT = "timed out after being applied"
    CUT_BEFORE = "cut before being applied"
    CUT_AFTER = "cut after being applied"


class BadConnection:
    """A proxy to `upstream` that disturbs a share of the calls, and counts faults and written outcomes.

    A connection carries one call, so that a fault affects only that call. `kinds` are the faults, and `only`
    is in the head of the calls that may have one.
    """

    def __init__(
        self, share: float, seed: int, *, kinds: Sequence[Fault] = tuple(Fault), only: bytes = b""
    ) -> None:
        self.upstream: Endpoint | None = None
        self.port = 0
        self.calls = 0
        self.faults: Counter[Fault] = Counter()
        self.settled: Counter[str] = Counter()
        """The number of outcomes written to each job, by its id."""
        self.share = share
        self._kinds = kinds
        self._only = only
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()

    @contextmanager
    def open(self) -> "Iterator[BadConnection]":
        """Listen on a free port of loopback, in a thread, until the end."""
        listening = threading.Event()
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(listening),))
        thread.start()
        listening.wait()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._stopping.set)
            thread.join()
            self._loop.close()

    async def _serve(self, listening: threading.Event) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        await self._stopping.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A caller may be killed at any time.
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(await self._answer(await _read(reader)))
            await writer.drain()
        writer.close()

    async def _answer(self, request: tuple[bytes, bytes]) -> bytes:
        self.calls += 1
        is_hit = self._random.random() < self.share and self._only in request[0]
        fault = self._random.choice(self._kinds) if is_hit else None
        if fault:
            self.faults[fault] += 1
        if fault is Fault.THROTTLED:
            return _throttled()
        if fault is Fault.CUT_BEFORE:
            return b""
        answer = await self._hand_on(*request)
        if answer.startswith(b"HTTP/1.1 200"):
            self._note(request[1])
        if fault is Fault.TIMED_OUT:
            await asyncio.sleep(_CALLER_GIVES_UP_AFTER)
        return b"" if fault else answer

    async def _hand_on(self, head: bytes, body: bytes) -> bytes:
        if self.upstream is None:
            raise ConnectionError("there is no AWS yet")
        url, trust = urlsplit(self.upstream.url), self.upstream.trust()
        reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=trust)
        try:
            first, _, headers = head.partition(b"\r\n")
            writer.write(b"\r\n".join((first, b"Connection: close", headers)) + body)
            return await reader.read(-1)
        finally:
            writer.close()

    def _note(self, body: bytes) -> None:
        call = json.loads(body)
        target = call.get("ExpressionAttributeValues", {}).get(":target", {}).get("S")
        if target in _SETTLED:
            self.settled[call["Key"]["id"]["S"]] += 1


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    ]
    return head, await reader.readexactly(int(lengths[0]) if lengths else 0)


def _throttled() -> bytes:
    body = b'{"__type":"ThrottlingException","message":"slow down"}'
    return (
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
