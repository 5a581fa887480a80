"""Jobs that run later, and schedules, on the whole system."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from noukai import InvalidInputError, NotFoundError
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


def test_schedule_is_made_read_triggered_and_deleted(colour: Colour) -> None:
    """With the functions' own roles; its instants are its own, and a triggered job is none of them."""
    name = f"leap-{uuid4().hex[:8]}"
    schedules = colour.client.schedules
    made = colour.run(
        schedules.put(name, flow="echo", cron="0 9 29 feb *", zone="Europe/Berlin", message="leap")
    )
    assert (made.state, made.flow) == ("active", "acme/demo/echo")
    assert [(each.month, each.day, each.hour) for each in colour.run(made.next(2))] == [(2, 29, 8)] * 2
    job = colour.run(schedules.trigger(name))
    assert colour.run(job.wait(timeout_ms=60_000)).output["message"] == "leap"
    assert colour.run(schedules.pause(name)).state == "paused"
    assert name in {each.name for each in colour.run(schedules.list())}
    (latest,) = colour.run(schedules.get(name)).jobs
    assert (latest.id, latest.instant) == (job.id, None)
    assert colour.run(schedules.resume(name)).state == "active"
    colour.run(schedules.delete(name))
    with pytest.raises(NotFoundError):
        colour.run(made.next())


def test_expression_that_never_comes(colour: Colour) -> None:
    """The error says why."""
    with pytest.raises(InvalidInputError, match="at most 29 days"):
        colour.run(colour.client.schedules.put("never", flow="echo", cron="0 9 30 2 *", message="x"))
