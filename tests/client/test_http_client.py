"""An `http_client` that a caller hands in: its headers, its hooks, and its colour."""

import asyncio
from typing import Any

import httpx
import pytest

from noukai import AsyncNoukai, Noukai
from tests.client.script import held


class Api:
    """Keeps the requests that it answers."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return held("completed").to(request)


@pytest.mark.parametrize("is_awaiting", [False, True])
def test_headers_and_hooks_are_respected(*, is_awaiting: bool) -> None:
    """Every request of the API has them, beside the client's own key; a user agent of its own is kept."""
    api, hooked = Api(), list[Any]()
    options: dict[str, Any] = {
        "transport": httpx.MockTransport(api),
        "headers": {"X-Team": "blue", "User-Agent": "billing/2", "Authorization": "Basic other"},
    }

    async def awaiting() -> None:
        async def hook(sent: object) -> None:
            hooked.append(sent)

        hooks = {"request": [hook], "response": [hook]}
        async with httpx.AsyncClient(event_hooks=hooks, **options) as http_client:
            await AsyncNoukai("nk_test", http_client=http_client).job("job_1").wait()

    if is_awaiting:
        asyncio.run(awaiting())
    else:
        hooks = {"request": [hooked.append], "response": [hooked.append]}
        with httpx.Client(event_hooks=hooks, **options) as http_client:
            Noukai("nk_test", http_client=http_client).job("job_1").wait()
    (request,) = api.requests
    assert [type(each) for each in hooked] == [httpx.Request, httpx.Response]
    sent = {name: request.headers[name] for name in ("X-Team", "User-Agent", "Authorization", "Accept")}
    assert sent == {
        "X-Team": "blue",
        "User-Agent": "billing/2",
        "Authorization": "Bearer nk_test",
        "Accept": "application/json",
    }


def test_the_wrong_colour_is_refused() -> None:
    """An error when the client is made, instead of one at its first request."""
    other: Any = httpx.AsyncClient()
    with pytest.raises(TypeError, match=r"Noukai must be an httpx\.Client"):
        Noukai("nk_test", http_client=other)
    other = httpx.Client()
    with pytest.raises(TypeError, match=r"AsyncNoukai must be an httpx\.AsyncClient"):
        AsyncNoukai("nk_test", http_client=other)
