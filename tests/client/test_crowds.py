"""Many waits at once in one process: they share their status checks, and all of them end."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from noukai import AsyncNoukai, JobNotFoundError, Noukai
from tests.client.servers.counting_api import CHECKS, UNKNOWN, counting_api

Outcomes = list[Any]


def _in_threads(base_url: str, ids: list[str]) -> Outcomes:
    with Noukai("nk", base_url=base_url) as client, ThreadPoolExecutor(len(ids)) as pool:
        waits = [pool.submit(client.job(each).wait) for each in ids]
        return [wait.exception() or wait.result().output for wait in waits]


def _gathered(base_url: str, ids: list[str]) -> Outcomes:
    async def gathered() -> Outcomes:
        async with AsyncNoukai("nk", base_url=base_url) as client:
            waits = [client.job(each).wait() for each in ids]
            found = await asyncio.gather(*waits, return_exceptions=True)
            return [each if isinstance(each, BaseException) else each.output for each in found]

    return asyncio.run(gathered())


ways = pytest.mark.parametrize("wait_for", [_in_threads, _gathered])


@ways
def test_five_hundred_waits_share_their_checks(wait_for: Callable[[str, list[str]], Outcomes]) -> None:
    """Each gets its own job's result; ten times as many waits send only few more requests."""
    asked: dict[int, int] = {}
    for count in (50, 500):
        ids = [f"job_{number}" for number in range(count)]
        with counting_api() as api:
            assert wait_for(api.base_url, ids) == ids
        asked[count] = api.requests.total()
        assert max(api.sizes) <= 100
        assert api.requests["alone"] <= 2 * 10 * CHECKS  # of the first ten and of the last
    assert asked[500] < 4 * asked[50]
    assert asked[500] < 500 * CHECKS / 8


@ways
def test_an_unknown_job_among_many_fails_alone(wait_for: Callable[[str, list[str]], Outcomes]) -> None:
    """Only that wait fails, and at once."""
    ids = [f"job_{number}" for number in range(20)]
    with counting_api() as api:
        *outcomes, unknown = wait_for(api.base_url, [*ids, UNKNOWN])
    assert outcomes == ids
    assert isinstance(unknown, JobNotFoundError)
