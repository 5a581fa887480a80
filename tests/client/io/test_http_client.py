"""An `http_client` that a caller hands in: its headers, its hooks, and its colour."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from noukai import (
    AsyncNoukai,
    InvalidArgumentError,
    JobNotFoundError,
    NotFoundError,
    Noukai,
    NoukaiError,
    RequestTimeoutError,
)
from tests.client.script import held, refused


class Api:
    """Keeps the requests that it answers."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return held("completed").to(request)


@pytest.mark.parametrize("is_awaiting", [False, True])
def test_headers_and_hooks_are_respected(*, is_awaiting: bool) -> None:
    """Every request has them, beside the client's key; a user agent of its own is kept."""
    api, hooked = Api(), list[Any]()
    options: dict[str, Any] = {
        "transport": httpx.MockTransport(api),
        "headers": {"X-Team": "blue", "User-Agent": "billing/2", "Authorization": "Basic other"},
        "auth": ("user", "password"),
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


@pytest.mark.parametrize("is_awaiting", [False, True])
@pytest.mark.parametrize("reads", [False, True])
def test_hook_that_raises_for_a_status_changes_nothing(*, is_awaiting: bool, reads: bool) -> None:
    """Transient statuses are retried; others are the client's errors, with details if the hook reads them."""
    refusals = [refused(502), refused(404, "JOB_NOT_FOUND", {"X-Request-ID": "req_1"})]

    def answer(request: httpx.Request) -> httpx.Response:
        return refusals.pop(0).to(request)

    def hook(response: httpx.Response) -> None:
        if reads:
            response.read()
        response.raise_for_status()

    async def awaited(response: httpx.Response) -> None:
        if reads:
            await response.aread()
        response.raise_for_status()

    async def awaiting() -> None:
        async with httpx.AsyncClient(transport=transport, event_hooks={"response": [awaited]}) as http_client:
            await AsyncNoukai("nk_test", http_client=http_client, jitter=lambda: 0.0).job("job_1").status()

    def blocking() -> None:
        with httpx.Client(transport=transport, event_hooks={"response": [hook]}) as http_client:
            Noukai("nk_test", http_client=http_client, jitter=lambda: 0.0).job("job_1").status()

    transport = httpx.MockTransport(answer)
    with pytest.raises(JobNotFoundError if reads else NotFoundError) as raised:
        asyncio.run(awaiting()) if is_awaiting else blocking()
    assert (raised.value.request_id, refusals) == ("req_1", [])


@pytest.mark.parametrize("is_awaiting", [False, True])
@pytest.mark.parametrize("stated", [None, 7.0])
def test_timeouts_of_each_step_are_respected(*, is_awaiting: bool, stated: float | None) -> None:
    """A hold adds its seconds to a read; the `timeout` of the client comes first."""
    api, theirs = Api(), httpx.Timeout(1.0, read=2.0, pool=None)
    options: dict[str, Any] = {"transport": httpx.MockTransport(api), "timeout": theirs}

    async def awaiting() -> None:
        async with httpx.AsyncClient(**options) as http_client:
            await AsyncNoukai("nk_test", http_client=http_client, timeout=stated).job("job_1").wait()

    if is_awaiting:
        asyncio.run(awaiting())
    else:
        with httpx.Client(**options) as http_client:
            Noukai("nk_test", http_client=http_client, timeout=stated).job("job_1").wait()
    first = {"connect": 1.0, "read": 22.0, "write": 1.0, "pool": None}
    own = {"connect": 7.0, "read": 27.0, "write": 7.0, "pool": 7.0}
    assert api.requests[0].extensions["timeout"] == (first if stated is None else own)


def test_a_slow_answer_fails_by_their_timeout() -> None:
    """On a real connection it fails long before the client's own timeout."""
    with socket.create_server(("127.0.0.1", 0)) as server, httpx.Client(timeout=0.05) as http_client:
        base_url = f"http://127.0.0.1:{server.getsockname()[1]}/api/v1"
        client = Noukai("nk_test", base_url=base_url, http_client=http_client, max_retries=0)
        with pytest.raises(RequestTimeoutError):
            client.flows()


def test_another_event_loop_is_refused() -> None:
    """Its connections belong to the loop that opened them; the error says so."""
    http_client = httpx.AsyncClient(transport=httpx.MockTransport(Api()))
    client = AsyncNoukai("nk_test", http_client=http_client)
    asyncio.run(client.job("job_1").wait())
    with pytest.raises(InvalidArgumentError, match="make one in each loop"):
        asyncio.run(client.job("job_1").wait())
    waiting = client.job("job_1").wait()
    with pytest.raises(NoukaiError, match=r"trio.to_thread.run_sync"):
        waiting.send(None)


@pytest.mark.parametrize("is_awaiting", [False, True])
def test_theirs_stays_open(*, is_awaiting: bool) -> None:
    """The caller closes it."""

    async def awaiting() -> bool:
        async with httpx.AsyncClient(transport=httpx.MockTransport(Api())) as http_client:
            async with AsyncNoukai("nk_test", http_client=http_client) as client:
                await client.job("job_1").wait()
            return http_client.is_closed

    if is_awaiting:
        assert not asyncio.run(awaiting())
    else:
        with httpx.Client(transport=httpx.MockTransport(Api())) as http_client:
            with Noukai("nk_test", http_client=http_client) as client:
                client.job("job_1").wait()
            assert not http_client.is_closed


def test_the_wrong_colour_is_refused() -> None:
    """The error comes when the client is made, not at its first request."""
    other: Any = httpx.AsyncClient()
    with pytest.raises(TypeError, match=r"Noukai must be an httpx\.Client"):
        Noukai("nk_test", http_client=other)
    other = httpx.Client()
    with pytest.raises(TypeError, match=r"AsyncNoukai must be an httpx\.AsyncClient"):
        AsyncNoukai("nk_test", http_client=other)
