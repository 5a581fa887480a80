"""Jobs that run later, on the whole system."""

from datetime import UTC, datetime, timedelta

import pytest

from noukai import InvalidInputError
from tests.e2e.conftest import Colour

HOUR = timedelta(hours=1)


def test_job_waits_for_its_moment(colour: Colour) -> None:
    """It completes after the time, not before."""
    moment = datetime.now(UTC) + timedelta(seconds=2)
    job = colour.run(colour.client.flow("echo").job(message="later", run_at=moment))
    assert colour.run(job.wait(timeout_ms=60_000)).output["message"] == "later"
    started_at = colour.run(job.status()).started_at
    assert started_at is not None
    assert datetime.fromisoformat(started_at) >= moment


def test_job_of_a_later_day_is_cancelled(colour: Colour) -> None:
    """Its schedule is made and deleted with the functions' own roles; a retry runs at once."""
    flow = colour.client.flow("echo")
    many = [
        colour.run(flow.job(message="later", run_at=datetime.now(UTC) + 300 * 24 * HOUR)) for _ in range(2)
    ]
    assert {colour.run(job.status()).state for job in many} == {"pending"}
    one = many.pop()
    colour.run(one.cancel())
    assert colour.run(flow.cancel_jobs(state="pending", created_after=datetime.now(UTC) - HOUR)) >= 1
    for job in (one, *many):
        assert colour.run(job.status()).state == "cancelled"
        again = colour.run(job.retry())
        assert colour.run(again.wait(timeout_ms=60_000)).output["message"] == "later"


def test_past_moment(colour: Colour) -> None:
    """The error says what to do."""
    with pytest.raises(InvalidInputError, match="give a future time"):
        colour.run(colour.client.flow("echo").job(message="late", run_at=datetime.now(UTC) - HOUR))
