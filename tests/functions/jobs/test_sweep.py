"""The sweep."""

from typing import Any

from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.jobs.sweeping import swept
from tests.functions.stand_ins.calls import hook, unreachable


def test_overdue_jobs_are_settled(system: System) -> None:
    """Jobs whose messages were lost fail although nobody reads them; the sweep logs how many."""
    lost = [system.submit(parameters={"a": number}).body["id"] for number in range(3)]
    system.clock.time += START_WITHIN_MS
    assert (swept(system), swept(system)) == (3, 0)
    for job_id in lost:
        status = system.status(job_id)
        assert (status["state"], "never started" in status["error"], "expiresAt" in status) == (
            "failed",
            True,
            True,
        )


def test_other_jobs_are_left_alone(system: System) -> None:
    """A job that may still start, runs, waits for its time or has ended is not changed."""
    system.submit(parameters={"a": 1})
    system.deliver()
    running = system.submit(parameters={"a": 1}).body["id"]
    cancelled = system.submit(parameters={"a": 1}).body["id"]
    system.send(Route.CANCEL_BY_ID, id=cancelled)
    created_at = system.clock.time
    system.clock.time += START_WITHIN_MS
    now = system.clock.time
    system.deployment.table.claim(
        running, created_at=created_at, owner="o", lease_until=now + 60_000, now=now
    )
    system.submit(parameters={"a": 1}, options={"delaySeconds": 900})
    assert swept(system) == 0


def test_row_that_cannot_be_settled_keeps_none_of_the_others(system: System) -> None:
    """A job that cannot be settled now is left to the next round; all others are settled."""
    stuck, *others = sorted(system.submit(parameters={"a": number}).body["id"] for number in range(3))
    system.clock.time += START_WITHIN_MS

    def fail_one(asked: dict[str, Any]) -> None:
        if asked["Key"]["id"]["S"] == stuck:
            unreachable()

    mend = hook(system.deployment.table.client, "UpdateItem", before=fail_one)
    assert swept(system) == 2
    mend()
    assert {system.row(job_id).state for job_id in others} == {State.FAILED}
    assert system.row(stuck).state is State.PENDING
    assert swept(system) == 1


def test_large_table_is_swept_whole(system: System) -> None:
    """The sweep goes through every page of the table."""
    for number in range(5):
        system.submit(parameters={"a": number}, options={"metadata": {"note": "x" * 256}})
    system.clock.time += START_WITHIN_MS
    hook(system.deployment.table.client, "Scan", before=lambda asked: asked.update(Limit=2))
    assert swept(system) == 5
