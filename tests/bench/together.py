"""The requests of many waits in one process: they share their looks."""

import asyncio
from collections.abc import Iterable

from noukai import AsyncNoukai
from tests.bench.report import Section
from tests.client.servers.counting_api import CHECKS, counting_api

_WAITS = (1, 10, 50, 500)
_NOTES = (
    f"An API on loopback; status check {CHECKS} finds a job ended; checks are at least 800 ms apart.",
    f"Waits that did not share their checks would take {CHECKS} requests each.",
)


def sections() -> Iterable[Section]:
    """Wait for that many jobs at once."""
    asked = {count: asyncio.run(_requests(count)) for count in _WAITS}
    yield Section(
        "Waits at once",
        ("waits in one process", "requests", "requests per wait"),
        [(count, requests, requests / count) for count, requests in asked.items()],
        {str(count): requests for count, requests in asked.items()},
        _NOTES,
    )


async def _requests(count: int) -> int:
    with counting_api() as api:
        async with AsyncNoukai("nk", base_url=api.base_url) as client:
            await asyncio.gather(*(client.job(f"job_{number}").wait() for number in range(count)))
        return api.requests.total()
