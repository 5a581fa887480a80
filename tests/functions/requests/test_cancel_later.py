"""The cancellation of jobs that a schedule will send."""

from collections.abc import Callable
from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_wire.routes import Route
from tests.functions.harness import System, output
from tests.functions.stand_ins.delayed_messages import delayed_messages, failing, fire, moment

HOUR = 3600
KEY = {"idempotency-key": "k"}


def submit(system: System, seconds: float = HOUR, **more: Any) -> str:
    options = {"runAt": moment(system, seconds), "keepSeconds": HOUR}
    job_id: str = system.submit(parameters={"a": 1}, options=options, **more).body["id"]
    return job_id


def cancel(system: System, job_id: str) -> int:
    del system.calls[:]
    return system.send(Route.CANCEL_BY_ID, id=job_id).status


def test_cancelling_deletes_the_schedule(system: System) -> None:
    """The state is written first; the schedule's input is kept for a retry, which starts at once."""
    job_id = submit(system)
    assert cancel(system, job_id) == 200
    assert [operation for operation, _ in system.calls] == [
        "UpdateItem",
        "GetSchedule",
        "PutItem",
        "DeleteSchedule",
    ]
    assert (system.status(job_id)["state"], delayed_messages(system)) == ("cancelled", [])
    again = system.send(Route.RETRY_BY_ID, id=job_id).body["id"]
    system.deliver()
    assert output(system.status(again)) == 2


@pytest.mark.parametrize("seconds", [None, 60])
def test_cancelling_a_job_without_a_schedule_is_one_write(system: System, seconds: int | None) -> None:
    """Cancelling it is one write."""
    job_id = system.submit(parameters={"a": 1}).body["id"] if seconds is None else submit(system, seconds)
    cancel(system, job_id)
    assert [operation for operation, _ in system.calls] == ["UpdateItem"]


@pytest.mark.parametrize("operation", ["GetSchedule", "DeleteSchedule"])
def test_failed_cancellation_is_healed_by_the_retry(system: System, operation: str) -> None:
    """The job is cancelled; the caller gets an error to repeat until the schedule is deleted."""
    job_id = submit(system)
    with failing(system, operation):
        assert cancel(system, job_id) == 503
    assert (system.row(job_id).state, len(delayed_messages(system))) == (State.CANCELLED, 1)
    assert cancel(system, job_id) == 200
    assert delayed_messages(system) == []
    assert (cancel(system, job_id), system.send(Route.RETRY_BY_ID, id=job_id).status) == (200, 202)


def test_schedule_that_fires_for_a_cancelled_job_starts_nothing(system: System) -> None:
    """Its message is dropped, whether it was sent before or after the cancellation."""
    job_id = submit(system)
    with failing(system, "DeleteSchedule"):
        cancel(system, job_id)
    system.clock.time += HOUR * 1000
    fire(system)
    system.deliver()
    assert (system.row(job_id).state, system.messages()) == (State.CANCELLED, 0)


def test_fired_schedule_needs_no_deletion(system: System) -> None:
    """From then on the message is on the queue, and the worker drops it."""
    job_id = submit(system)
    system.clock.time += HOUR * 1000
    fire(system)
    assert cancel(system, job_id) == 200
    assert [operation for operation, _ in system.calls][-1] == "UpdateItem"
    system.deliver()
    assert system.send(Route.RETRY_BY_ID, id=job_id).status == 202


def test_id_that_is_used_again_has_a_schedule_of_its_own(system: System) -> None:
    """A schedule left from the former job does not start the new one."""
    job_id = submit(system, 5 * HOUR, headers=KEY)
    with failing(system, "DeleteSchedule"):
        cancel(system, job_id)
    system.clock.time += (HOUR + 1) * 1000
    assert submit(system, 9 * HOUR, headers=KEY) == job_id
    assert len(delayed_messages(system)) == 2
    for hours, state in ((4, State.PENDING), (6, State.COMPLETED)):
        system.clock.time += hours * HOUR * 1000
        assert fire(system) == 1
        system.deliver()
        assert system.row(job_id).state is state


def cancelled(system: System) -> Any:
    return system.send(Route.CANCEL_JOBS, body={}, org="acme", project="trial", flow="add").body


@pytest.mark.parametrize("prepare", [submit, lambda system: system.submit(parameters={"a": 1}).body["id"]])
def test_many_are_cancelled_with_their_schedules(system: System, prepare: Callable[[System], str]) -> None:
    """Each is cancelled once, whether a schedule or the queue holds it."""
    prepare(system)
    submit(system)
    assert (cancelled(system), cancelled(system), delayed_messages(system)) == (
        {"cancelled": 2},
        {"cancelled": 0},
        [],
    )


def test_failed_deletion_of_a_schedule_stops_no_other_cancellation(system: System) -> None:
    """Its job is cancelled and counted; the message that it sends is dropped."""
    for _ in range(2):
        submit(system)
    with failing(system, "DeleteSchedule"):
        assert cancelled(system) == {"cancelled": 2}
    system.clock.time += HOUR * 1000
    assert fire(system) == 2
    system.deliver()
    assert (cancelled(system), system.messages()) == ({"cancelled": 0}, 0)
