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
    """An operation that checks jobs, and its first step."""
    operation = player.api.shared_checks.check(ids, Deadline(player.api.clock, seconds))
    return operation, advance(operation, None)


def answer(step: Step | Outcome[Any], **ends: str) -> list[Answer]:
    """Answer the one request of a step with jobs in these states."""
    assert isinstance(step, Together)
    (request,) = step.requests
    times = {"createdAt": "2026-01-01T00:00:00.000Z"}
    entries = [{"id": each, "job": {"id": each, "state": state, **times}} for each, state in ends.items()]
    return [httpx.Response(200, json={"jobs": entries}, request=request)]


def test_the_first_asks_and_the_next_for_all_that_wait_by_then() -> None:
    """One request is in flight; what comes meanwhile is asked for together, each job once."""
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


def test_who_leaves_while_it_asks_lets_another_ask() -> None:
    """No wait hangs on an answer that goes to an interrupted one."""
    player = Player()
    first, _ = begun(player, "job_1")
    second, waits = begun(player, "job_2")
    assert isinstance(waits, Attend)
    first.close()
    assert waits.settled.done()
    step = advance(second, None)
    assert isinstance(advance(second, answer(step, job_2="running")), Outcome)


def test_who_is_called_to_ask_and_leaves_calls_the_next() -> None:
    """The queue goes on, whichever wait leaves it."""
    player = Player()
    first, asked = begun(player, "job_1")
    (second, _), (third, waits) = begun(player, "job_2"), begun(player, "job_3")
    advance(first, answer(asked, job_1="running"))
    second.close()
    assert isinstance(waits, Attend)
    assert waits.settled.done()
    assert isinstance(advance(third, None), Together)


def test_a_final_error_is_that_of_all_it_was_asked_for() -> None:
    """A key that is revoked ends every wait with one request."""
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
def test_who_has_more_time_outlasts_who_asks(seconds: float, *, gives_up: bool) -> None:
    """The deadline of the wait that asks ends that wait, and those whose time is over as well."""
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
