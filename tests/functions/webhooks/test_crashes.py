"""A process that dies at any step between the end of a job and the record of its delivery loses no event.

Each step is a call of AWS; the process dies before AWS has applied it, or after.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from noukai_functions.handlers import reactions
from tests.functions.webhooks.hooks import MINUTES, Hooks
from tests.functions.webhooks.receiver import Receiver

MOST_STEPS = 25


class KilledError(BaseException):
    """The process is gone: nothing handles this."""


@contextmanager
def killed_at(hooks: Hooks, step: int, *, applied: bool) -> Iterator[list[str]]:
    """Let the process die at a step; yield the steps that it has begun."""
    made = hooks.deployment
    used: tuple[Any, ...] = (made.endpoints.client, made.outbox.client, made.master.client)
    services = {id(each): each for each in used}
    steps: list[str] = []
    inner = {name: service.call for name, service in services.items()}

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def made_or_not(operation: str, parameters: dict[str, Any]) -> Any:
            steps.append(operation)
            if len(steps) == step and not applied:
                raise KilledError
            answer = call(operation, parameters)
            if len(steps) == step:
                raise KilledError
            return answer

        return made_or_not

    for name, service in services.items():
        service.call = dying(inner[name])
    try:
        yield steps
    finally:
        for name, service in services.items():
            service.call = inner[name]


def show_again(hooks: Hooks) -> None:
    """Let the messages of a killed process be visible again."""
    queue = hooks.deployment.outbox.url
    backend = sqs_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    for message in backend.get_queue(queue.rpartition("/")[2])._messages:
        message.visible_at = 0


def explored(play: Callable[[int, bool], list[str]]) -> int:
    """Play a process with a death at each step, until it lives to its end; return how many steps it has."""
    for applied in (False, True):
        step = 1
        while len(play(step, applied)) >= step:
            step += 1
            assert step < MOST_STEPS
    return step - 1


@pytest.mark.parametrize("first_status", [200, 500])
def test_no_death_loses_an_event(hooks: Hooks, receiver: Receiver, first_status: int) -> None:
    """Of the function that reacts, and of the one that posts: the event arrives, always with one id."""

    def at_each_step(step: int, applied: bool) -> list[str]:
        hooks.end_job()
        before = len(receiver.posts)
        receiver.answer_with(first_status)
        records = hooks.records()
        with killed_at(hooks, step, applied=applied) as steps, suppress(KilledError):
            reactions.react({"Records": records}, hooks.deployment)
            while hooks.deliver():
                pass
        receiver.answer_with(200)
        reactions.react({"Records": records}, hooks.deployment)  # the stream brings what was not answered
        show_again(hooks)
        while hooks.deliver():
            pass
        for _ in range(3):
            hooks.tick(10 * MINUTES)
        events = {post.id for post in receiver.posts[before:]}
        assert len(events) == 1
        (record,) = [each for each in hooks.deliveries() if each.id in events]
        assert record.state == "delivered"
        return steps

    hooks.put(receiver.url)
    assert explored(at_each_step) >= 4


def test_no_death_of_a_later_try_loses_an_event(hooks: Hooks, receiver: Receiver) -> None:
    """What was claimed is tried again when the claim is over."""

    def at_each_step(step: int, applied: bool) -> list[str]:
        receiver.answer_with(500)
        job_id = hooks.tell()
        receiver.answer_with(200)
        with killed_at(hooks, step, applied=applied) as steps, suppress(KilledError):
            hooks.tick(10 * MINUTES)
        for _ in range(4):
            hooks.tick(10 * MINUTES)
        assert {each.state for each in hooks.deliveries() if each.job_id == job_id} == {"delivered"}
        return steps

    hooks.put(receiver.url)
    assert explored(at_each_step) >= 6


def test_no_death_leaves_an_endpoint_that_is_told_of_nothing(hooks: Hooks, receiver: Receiver) -> None:
    """A `put` that died is repeated by its caller; then the endpoint is told of jobs."""

    def at_each_step(step: int, applied: bool) -> list[str]:
        with killed_at(hooks, step, applied=applied) as steps, suppress(KilledError):
            hooks.put(receiver.url)
        assert hooks.put(receiver.url).status in (200, 201)
        hooks.system.expire_budgets()
        before = len(receiver.posts)
        hooks.tell()
        assert len(receiver.posts) == before + 1
        hooks.deployment.budgets.remove_webhook("acme", "billing")
        hooks.deployment.endpoints.delete("acme", "billing")
        return steps

    assert explored(at_each_step) >= 3


@pytest.mark.parametrize("first", [1, 3, 5])
def test_no_second_death_loses_an_event(hooks: Hooks, receiver: Receiver, first: int) -> None:
    """The process that takes over dies too, at each of its steps, while the endpoint fails at first."""

    def at_each_step(step: int, applied: bool) -> list[str]:
        receiver.answer_with(500)
        job_id = hooks.end_job()
        records = hooks.records()

        def go_on() -> None:
            reactions.react({"Records": records}, hooks.deployment)
            show_again(hooks)
            while hooks.deliver():
                pass

        with killed_at(hooks, first, applied=not applied), suppress(KilledError):
            go_on()
        with killed_at(hooks, step, applied=applied) as steps, suppress(KilledError):
            go_on()
        receiver.answer_with(200)
        go_on()
        for _ in range(3):
            hooks.tick(10 * MINUTES)
        (record,) = [each for each in hooks.deliveries() if each.job_id == job_id]
        assert record.state == "delivered"
        assert {post.id for post in receiver.posts if post.event["data"]["id"] == job_id} == {record.id}
        return steps

    hooks.put(receiver.url)
    assert explored(at_each_step) >= 4
