"""The whole system: this machine's by default, or a deployed one by E2E_BASE_URL and E2E_API_KEY."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from noukai import AsyncNoukai, Noukai
from noukai_infra.local.running import ready

LOCAL_KEY = "nk_local_acme"
RecordTable = Callable[[str, list[str]], None]


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """Yield the base URL of a system that takes requests."""
    deployed = os.environ.get("E2E_BASE_URL")
    if deployed:
        yield deployed
    else:
        with ready() as url:
            yield url


@pytest.fixture
def record_table(record_property: RecordTable) -> RecordTable:
    """Let a measurement appear below the test results; xdist workers send it with the test's own result."""
    return record_property


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the measurements."""
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for title, rows in report.user_properties:
            terminalreporter.section(title)
            for row in rows:
                terminalreporter.line(row)


@pytest.fixture(scope="session")
def api_key() -> str:
    """Return a key with every scope; of the org `acme` on this machine."""
    return os.environ.get("E2E_API_KEY", LOCAL_KEY)


class Colour:
    """One colour of the client, its awaitables awaited."""

    def __init__(self, client: Any, run: Callable[[Any], Any]) -> None:
        self.client = client
        self.run = run

    def collect(self, jobs: Any) -> list[Any]:
        """Return all items of an iteration."""
        return list(self.run(_collected(jobs))) if isinstance(jobs, AsyncIterator) else list(jobs)


async def _collected(jobs: AsyncIterator[Any]) -> list[Any]:
    return [job async for job in jobs]


@pytest.fixture(params=["blocking", "awaiting"])
def colour(request: pytest.FixtureRequest, base_url: str, api_key: str) -> Iterator[Colour]:
    """Return each colour of the client in turn, for the project `demo`."""
    org = os.environ.get("E2E_ORG", "acme")
    settings: dict[str, Any] = {"api_key": api_key, "base_url": base_url, "org": org, "project": "demo"}
    if request.param == "blocking":
        with Noukai(**settings) as client:
            yield Colour(client, lambda value: value)
    else:
        with asyncio.Runner() as runner:
            awaiting = AsyncNoukai(**settings)
            yield Colour(awaiting, lambda value: runner.run(value) if asyncio.iscoroutine(value) else value)
            runner.run(awaiting.aclose())
