"""Presigned URLs of an API that cannot be trusted."""

import itertools
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from noukai import UnexpectedAnswerError
from tests.client.conftest import Colour
from tests.client.core.test_large import FLOW, LARGE, LargeApi

PLACES = [
    "file:///etc/passwd",
    "ftp://host/x",
    "//host/x",
    "https://",
    "http://[::1",
    "https://host:port/",
    "",
]


class Endless(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body without end; `sent` are its bytes so far."""

    def __init__(self) -> None:
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for _ in itertools.count():
            self.sent += 1 << 16
            yield b"x" * (1 << 16)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


@pytest.mark.parametrize("place", PLACES)
def test_invalid_url_of_an_output_is_refused(colour: Colour, place: str) -> None:
    """An invalid URL is an error at once, also in a wait."""
    api = LargeApi()

    def misleading(_: httpx.Request) -> httpx.Response:
        status = api.status
        status["result"]["outputUrl"] = place
        return httpx.Response(200, json=status)

    with pytest.raises(UnexpectedAnswerError, match="an invalid presigned URL"):
        colour.run(colour.client(misleading).job("job_1").wait())


@pytest.mark.parametrize("place", PLACES)
def test_invalid_url_for_an_input_is_refused(colour: Colour, place: str) -> None:
    """An input is not sent to an invalid URL."""

    def misleading(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"input": f"keep-16d/{'0' * 64}", "url": place, "headers": {}})

    with pytest.raises(UnexpectedAnswerError, match="an invalid presigned URL"):
        colour.run(colour.client(misleading).flow(FLOW).job(LARGE))


def test_output_without_end(colour: Colour) -> None:
    """No more is read than the API has announced."""
    api, body = LargeApi(), Endless()

    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=body) if request.url.host == "bucket.test" else api(request)

    with pytest.raises(UnexpectedAnswerError, match="longer than announced"):
        colour.run(colour.client(endless).job("job_1").wait())
    assert body.sent < 2 * len(LARGE.encode()) + (1 << 20)
