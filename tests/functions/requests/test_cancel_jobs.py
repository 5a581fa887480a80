"""Many jobs cancelled by a filter, page by page."""

from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused
from tests.functions.stand_ins.calls import hook

ADD = {"org": "acme", "project": "trial", "flow": "add"}


def submit(system: System, **options: Any) -> str:
    """Submit a job a second after the one before."""
    system.clock.time += 1000
    job_id: str = system.submit(parameters={"a": 1}, options=options).body["id"]
    return job_id


def cancel(system: System, **body: Any) -> Answer:
    return system.send(Route.CANCEL_JOBS, body=body, **ADD)


def states(system: System, *ids: str) -> list[State]:
    return [system.row(id_).state for id_ in ids]


def test_jobs_that_wait_or_run_are_cancelled(system: System) -> None:
    """Ended jobs and other flows' jobs are unchanged; the answer counts the cancelled ones."""
    done = submit(system)
    system.deliver()
    other = system.submit("trial/greet", message="x").body["id"]
    waiting, delayed = submit(system), submit(system, delaySeconds=60)
    assert cancel(system).body == {"cancelled": 2}
    assert states(system, done, other, waiting, delayed) == ["completed", "pending", "cancelled", "cancelled"]
    assert cancel(system).body == {"cancelled": 0}


def running(system: System) -> str:
    """Return a job that a worker has claimed."""
    job = system.row(submit(system))
    now = system.clock.time
    system.deployment.table.claim(
        job.id, created_at=job.created_at, owner="w", lease_until=now + 60_000, now=now
    )
    return job.id


def test_filters(system: System) -> None:
    """Only jobs in the given state and period are cancelled."""
    old, busy, new = submit(system), running(system), submit(system)
    assert cancel(system, state="pending", createdAfter="2023-11-14T22:13:22Z").body == {"cancelled": 1}
    assert states(system, old, busy, new) == ["pending", "running", "cancelled"]
    assert cancel(system, state="running", createdBefore=None).body == {"cancelled": 1}
    assert states(system, old, busy) == ["pending", "cancelled"]


@pytest.mark.parametrize(("filtered", "state"), [({"state": "pending"}, "running"), ({}, "cancelled")])
def test_job_that_starts_meanwhile(system: System, filtered: dict[str, str], state: str) -> None:
    """A job read as pending, and then claimed, is not cancelled if only pending ones are meant."""
    job = system.row(submit(system))
    now = system.clock.time

    def claim(_: object) -> None:
        end()
        system.deployment.table.claim(
            job.id, created_at=job.created_at, owner="w", lease_until=now + 60_000, now=now
        )

    end = hook(system.deployment.table.client, "UpdateItem", before=claim)
    assert cancel(system, **filtered).body == {"cancelled": int(state == "cancelled")}
    assert states(system, job.id) == [state]


def test_pages(system: System) -> None:
    """A request cancels a hundred jobs, the newest first; jobs newer than the first one stay."""
    ids = [submit(system) for _ in range(101)]
    first = cancel(system).body
    cursor = first.pop("cursor")
    assert first == {"cancelled": 100}
    assert states(system, ids[0]) == ["pending"]
    later = submit(system)
    assert cancel(system, cursor=cursor).body == {"cancelled": 1}
    assert states(system, ids[0], later) == ["cancelled", "pending"]


def test_request_ends_before_the_gateway_gives_up(system: System) -> None:
    """If cancellations take long, the rest of a page is left for the next request."""
    ids = [submit(system) for _ in range(5)]

    def take_long(_: object) -> None:
        system.clock.time += 9_000

    hook(system.deployment.table.client, "UpdateItem", before=take_long)
    first = cancel(system).body
    assert first["cancelled"] == 3
    assert states(system, *ids) == ["pending"] * 2 + ["cancelled"] * 3
    assert cancel(system, cursor=first["cursor"]).body == {"cancelled": 2}


@pytest.mark.parametrize(
    ("raw", "code", "path"),
    [
        ("", ErrorCode.INVALID_JSON, None),
        ("{", ErrorCode.INVALID_JSON, None),
        ("[]", ErrorCode.INVALID_INPUT, ""),
        ('{"state": "completed"}', ErrorCode.INVALID_INPUT, "state"),
        ('{"state": ["pending"]}', ErrorCode.INVALID_INPUT, "state"),
        ('{"state": "\\ud800"}', ErrorCode.INVALID_INPUT, "state"),
        ('{"createdAfter": 5}', ErrorCode.INVALID_INPUT, "createdAfter"),
        ('{"createdBefore": "\\ud800"}', ErrorCode.INVALID_INPUT, "createdBefore"),
        (
            '{"createdAfter": "2026-01-02T00:00:00Z", "createdBefore": "2026-01-01T00:00:00Z"}',
            ErrorCode.INVALID_INPUT,
            "createdAfter",
        ),
        ('{"cursor": "x"}', ErrorCode.INVALID_INPUT, "cursor"),
        ('{"cursor": "\\ud800"}', ErrorCode.INVALID_INPUT, "cursor"),
        ('{"limit": 5}', ErrorCode.INVALID_INPUT, "limit"),
        ('{"state": "' + "x" * 300_000 + '"}', ErrorCode.PAYLOAD_TOO_LARGE, None),
    ],
)
def test_wrong_bodies(system: System, raw: str, code: ErrorCode, path: str | None) -> None:
    """A wrong body cancels nothing; a missing one does not stand for all jobs."""
    job = submit(system)
    del system.calls[:]
    answer = system.send(Route.CANCEL_JOBS, raw=raw, **ADD)
    assert_refused(system, answer, code)
    assert [error["path"] for error in answer.body["detail"].get("errors", [])] == (
        [] if path is None else [path]
    )
    assert states(system, job) == ["pending"]


def test_cursor_of_a_list_of_other_jobs(system: System) -> None:
    """A cursor for jobs in every state does not continue a list of jobs to cancel."""
    submit(system)
    submit(system)
    cursor = system.send(Route.LIST_JOBS, query="limit=1", **ADD).body["cursor"]
    del system.calls[:]
    assert_refused(system, cancel(system, cursor=cursor), ErrorCode.INVALID_INPUT)


def test_flow_that_is_not_here(system: System) -> None:
    """It is a 404 before the body is read."""
    answer = system.send(Route.CANCEL_JOBS, raw="{", org="acme", project="trial", flow="nothing")
    assert_refused(system, answer, ErrorCode.FLOW_NOT_FOUND)
