"""The status checks that waits share, step by step: the one that sends the request may fail, or leave."""

from typing import Any

import httpx
import pytest

from noukai import AuthenticationError, JobStatus, ServerError
from noukai._core.operation import (
    Answer,
    Attend,
    Deadline,
    DeadlinePassedError,
    Operation,
    Outcome,
    Sleep,
    Step,
    Together,
    advance,
)
from noukai._core.waiting.shared_checks import CheckedStatus
from tests.client.script import Player, refused


def begun(
    player: Player, *ids: str, seconds: float | None = None
) -> tuple[Operation[Any], Step | Outcome[Any]]:
    """Return an operation that checks jobs, and its first step."""
    operation = player.api.shared_checks.check(ids, Deadline(player.api.clock, seconds))
    return operation, advance(operation, None)


def answer(step: Step | Outcome[Any], **ends: str) -> list[Answer]:
    """Answer the one request of a step with jobs in these states."""
    assert isinstance(step, Together)
    (request,) = step.requests
    times = {"createdAt": "2026-01-01T00:00:00.000Z"}
    entries = [{"id": each, "job": {"id": each, "state": state, **times}} for each, state in ends.items()]
    return [httpx.Response(200, json={"jobs": entries}, request=request)]


def test_the_next_request_checks_all_queued_jobs() -> None:
    """While one request is in flight, jobs are queued; the next request checks each of them once."""
    player = Player()
    first, asked = begun(player, "job_1")
    (second, waits), (third, _), (same, _) = (
        begun(player, "job_2"),
        begun(player, "job_3"),
        begun(player, "job_2"),
    )
    assert isinstance(waits, Attend)
    end = advance(first, answer(asked, job_1="running"))
    assert isinstance(end, Outcome)
    step = advance(second, None)
    assert isinstance(step, Together)
    assert step.requests[0].content == b'{"ids":["job_3","job_2"]}'
    advance(second, answer(step, job_2="completed", job_3="running"))
    for operation, state in ((third, "running"), (same, "completed")):
        outcome = advance(operation, None)
        assert isinstance(outcome, Outcome)
        (checked,) = outcome.value.values()
        assert isinstance(checked, CheckedStatus)
        assert isinstance(checked.seen, JobStatus)
        assert checked.seen.state == state


def test_another_wait_sends_the_request_of_an_interrupted_one() -> None:
    """No wait hangs if the wait that sent the request is interrupted."""
    player = Player()
    first, _ = begun(player, "job_1")
    second, waits = begun(player, "job_2")
    assert isinstance(waits, Attend)
    first.close()
    assert waits.settled.done()
    step = advance(second, None)
    assert isinstance(advance(second, answer(step, job_2="running")), Outcome)


def test_an_interrupted_wait_wakes_the_next() -> None:
    """A wait that is interrupted before it sends the request wakes the next one."""
    player = Player()
    first, asked = begun(player, "job_1")
    (second, _), (third, waits) = begun(player, "job_2"), begun(player, "job_3")
    advance(first, answer(asked, job_1="running"))
    second.close()
    assert isinstance(waits, Attend)
    assert waits.settled.done()
    assert isinstance(advance(third, None), Together)


def test_a_final_error_ends_all_waits() -> None:
    """A revoked key ends every wait with one request."""
    player = Player()
    first, _ = begun(player, "job_0")
    (second, waits), (third, _) = begun(player, "job_1"), begun(player, "job_2", seconds=60)
    first.close()
    assert isinstance(waits, Attend)
    step = advance(second, None)
    assert isinstance(step, Together)
    reply: list[Answer] = [refused(401, "UNAUTHENTICATED").to(request) for request in step.requests]
    for outcome in (advance(second, reply), advance(third, None)):
        assert isinstance(outcome, Outcome)
        assert {type(each) for each in outcome.value.values()} == {AuthenticationError}


@pytest.mark.parametrize(("seconds", "gives_up"), [(0.5, True), (60, False)])
def test_waits_with_more_time_outlast_the_sending_one(seconds: float, *, gives_up: bool) -> None:
    """The deadline of the sending wait ends only the waits whose time is over too."""
    player = Player()
    first, _ = begun(player, "job_0")
    (second, waits), (third, _) = begun(player, "job_1", seconds=0.5), begun(player, "job_2", seconds=seconds)
    first.close()
    assert isinstance(waits, Attend)
    step = advance(second, None)
    assert isinstance(step, Together)
    pause = advance(second, [refused(503).to(request) for request in step.requests])
    assert isinstance(pause, Sleep)
    player.now += pause.seconds
    outcome = advance(second, None)
    assert isinstance(outcome, Outcome)
    (failure,) = outcome.value.values()
    assert isinstance(failure, DeadlinePassedError)
    assert isinstance(failure.__cause__, ServerError)
    then = advance(third, None)
    assert isinstance(then, Outcome if gives_up else Together)
