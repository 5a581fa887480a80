"""Both colours of the client from one fixture, and an environment without settings of its own."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from itertools import islice
from typing import Any

import httpx
import pytest

from noukai import AsyncNoukai, Noukai
from tests.client.script import job
from tests.client.servers.fake_api import KEY, FakeApi, fake_api

Handler = Callable[[httpx.Request], httpx.Response]


class Colour:
    """One colour of the client over a transport that a test writes; sleeps are recorded instead of slept."""

    def __init__(self, *, awaiting: bool, runner: asyncio.Runner) -> None:
        self._awaiting = awaiting
        self._runner = runner
        self.sleeps: list[float] = []

    @property
    def is_awaiting(self) -> bool:
        """Tell whether calls must be awaited."""
        return self._awaiting

    def client(self, handler: Handler, **options: Any) -> Any:
        """Return a client whose requests are answered by the handler."""
        transport = httpx.MockTransport(handler)
        settings = {
            "api_key": "nk_test",
            "base_url": "https://api.test/api/v1",
            "jitter": lambda: 1.0,
            **options,
        }
        if self._awaiting:
            return AsyncNoukai(
                http_client=httpx.AsyncClient(transport=transport), sleep=self._sleep, **settings
            )
        return Noukai(http_client=httpx.Client(transport=transport), sleep=self.sleeps.append, **settings)

    @contextmanager
    def connected(self, base_url: str | None, **options: Any) -> Iterator[Any]:
        """Yield a client with connections of its own, which are closed at the end."""
        if self._awaiting:
            client = AsyncNoukai("nk_test", base_url=base_url, **options)
            try:
                yield client
            finally:
                self.run(client.aclose())
        else:
            with Noukai("nk_test", base_url=base_url, **options) as blocking:
                yield blocking

    def run(self, outcome: Any) -> Any:
        """Return the outcome of a call, awaited if necessary, in the caller's context."""
        if not asyncio.iscoroutine(outcome):
            return outcome
        return self._runner.run(outcome, context=copy_context())

    def collect(self, jobs: Any, most: int | None = None) -> list[Any]:
        """Return the items of an iteration, or the first of them."""
        if not self._awaiting:
            return list(islice(jobs, most))

        async def collected() -> list[Any]:
            found: list[Any] = []
            async for each in jobs:
                found.append(each)
                if len(found) == most:
                    break
            return found

        return list(self._runner.run(collected(), context=copy_context()))

    async def _sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


@pytest.fixture(params=["blocking", "awaiting"])
def colour(request: pytest.FixtureRequest) -> Iterator[Colour]:
    """Give each colour in turn."""
    with asyncio.Runner() as runner:
        yield Colour(awaiting=request.param == "awaiting", runner=runner)


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOUKAI_API_KEY", "NOUKAI_BASE_URL", "NOUKAI_ORG", "NOUKAI_PROJECT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    """Give an API that the environment points to, with one job for each end."""
    with fake_api() as api:
        monkeypatch.setenv("NOUKAI_API_KEY", KEY)
        monkeypatch.setenv("NOUKAI_BASE_URL", api.base_url)
        api.live("job_done", job("completed", result={"status": "completed", "output": "grüße"}))
        api.live("job_counted", job("completed", result={"status": "completed", "output": [1]}))
        api.live("job_failed", job("failed", error="ValueError: no words"))
        api.live("job_cancelled", job("cancelled"))
        api.live("job_busy", job("running", progress={"percent": 40, "message": "counting"}))
        yield api
