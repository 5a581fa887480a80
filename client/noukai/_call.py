"""One request and its answer, on a thread that can be left behind."""

from contextlib import closing
from contextvars import copy_context
from threading import Thread

import httpx


class Call(Thread):
    """Performs a request on a thread of its own, so that whoever asks waits for so long and no longer.

    httpx limits each connect, write and read, but neither their sum nor the look-up of the host's name. A thread that
    is left behind ends at the next piece of the answer's body or with its connection, and keeps no program from ending.
    """

    def __init__(self, http_client: httpx.Client, request: httpx.Request) -> None:
        super().__init__(daemon=True)
        self._http_client = http_client
        self._request = request
        self._context = copy_context()
        self._left = False
        self._response: httpx.Response | None = None
        self._failure: BaseException | None = None

    def answer(self, seconds: float) -> httpx.Response:
        """Return the answer, read to its end; raise `httpx.ReadTimeout` if that takes longer than these seconds."""
        self.start()
        try:
            self.join(seconds)
        finally:
            self._left = True
        if self._failure is not None:
            raise self._failure
        if self._response is None:
            raise httpx.ReadTimeout("the answer took too long to arrive", request=self._request)
        return self._response

    def run(self) -> None:
        """Perform the request; whoever waits for the answer gets what it raises."""
        try:
            self._response = self._context.run(self._perform)
        except BaseException as failure:  # noqa: BLE001 - it is raised where the answer is waited for
            self._failure = failure

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
