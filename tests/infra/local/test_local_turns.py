"""The number of workers that the emulator starts for a burst of requests."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ministack.core import lambda_runtime  # type: ignore[import-untyped]

from noukai_infra.local.emulator.process import Turns

FUNCTION = "a-function"
ARN = f"arn:aws:lambda:us-east-1:000000000000:function:{FUNCTION}"
CODE: tuple[dict[str, str], bytes] = (
    {"FunctionName": FUNCTION, "FunctionArn": ARN, "Runtime": "python3.13"},
    b"",
)


@pytest.fixture(autouse=True)
def _no_workers() -> Iterator[None]:
    yield
    lambda_runtime.invalidate_worker(FUNCTION)


def take(turns: Turns) -> tuple[Any, str]:
    """Take a worker, and return whether it is new; it starts with an invocation that is none of ours."""
    worker, how = turns.acquire_worker(FUNCTION, *CODE)
    return worker, how


def test_request_waits_for_a_worker_that_starts() -> None:
    """A burst is served by the worker that its first request has started, once that is free."""
    turns = Turns(lambda_runtime, at_once=4, patience=600)
    first, how = take(turns)
    assert how == "spawn"
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(take, turns)
        lambda_runtime.release_worker(first)
        assert waiting.result(timeout=10) == (first, "reused")


def test_requests_that_stay_get_workers_of_their_own() -> None:
    """If none becomes free, another worker is started, so that held requests do not delay others."""
    turns = Turns(lambda_runtime, at_once=4, patience=0)
    taken = [take(turns) for _ in range(3)]
    assert [how for _, how in taken] == ["spawn"] * 3


def test_few_workers_start_at_a_time() -> None:
    """However long it takes, no more workers of a function start at a time than there are processors."""
    turns = Turns(lambda_runtime, at_once=1, patience=0)
    first, _ = take(turns)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(take, turns)
        lambda_runtime.release_worker(first)
        assert waiting.result(timeout=10) == (first, "reused")
