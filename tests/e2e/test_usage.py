"""Usage: it is counted from the stream when jobs end, and shown to the org of the jobs."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from noukai import Noukai, UsageReport
from tests.e2e.conftest import Colour

WAIT_SECONDS = 60


def usage_of(report: UsageReport, flow: str) -> Any:
    """Return a flow's usage today."""
    found = [usage for usage in report.days if (usage.day, usage.flow) == (report.to, flow)]
    return found[0] if found else None


def eventually(look: Callable[[], Any]) -> Any:
    """Look again until there is something: batches of the stream gather for some seconds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return seen


@pytest.fixture
def flow(colour: Colour) -> Any:
    """Return a flow that no other test uses in this colour."""
    return colour.client.flow("sleep")


def test_ended_job_is_in_the_usage_of_its_org(colour: Colour, flow: Any) -> None:
    """It is counted exactly once, with its outcome and its compute."""
    before = usage_of(colour.run(colour.client.usage()), flow.address)
    jobs, compute = (before.jobs, before.compute_ms) if before else (0, 0)
    done = colour.run(flow.job(parameters={"seconds": 0.5}))
    colour.run(done.wait(timeout_ms=60_000))
    stopped = colour.run(flow.job(parameters={"seconds": 60}, delay_seconds=60))
    colour.run(stopped.cancel())

    def counted() -> Any:
        usage = usage_of(colour.run(colour.client.usage()), flow.address)
        return usage if usage and usage.jobs >= jobs + 2 else None

    usage = eventually(counted)
    assert usage.jobs == usage.completed + usage.failed + usage.cancelled == jobs + 2
    assert usage.compute_ms - compute >= 500
    assert usage.gb_seconds > 0
    assert usage.cost_usd > 0


def test_other_org_has_no_usage_of_it(base_url: str) -> None:
    """An org that has not run a flow sees no usage of it."""
    with Noukai("nk_local_globex", base_url=base_url) as client:
        assert not [usage for usage in client.usage().days if usage.flow.startswith("acme/")]
