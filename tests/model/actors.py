"""Those who act in a world: the event source with the functions that it invokes, the flow, and callers of the API."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions import cancel, dead_letters, submit, worker
from functions.child import Call
from functions.errors import ApiError
from functions.http import Request, Response
from functions.identity import job_id
from functions.keys import Caller
from functions.lifecycle import GIVE_UP_AFTER_MS
from functions.outcome import Outcome, Raised, Returned
from functions.reading import find_job
from tests.functions.time import LambdaContext
from tests.model.actor import Actor
from tests.model.event import Pending
from tests.model.ledger import ViolationError, said_by
from tests.model.memory_aws import QueuedMessage
from tests.model.world import DEAD_LETTERS, QUEUE, World

_ID = job_id("acme", "trial/add", "once")
_TRIES = 3
_CALLER = Caller("acme", frozenset())


class ScriptedProcess:
    """A flow that returns, raises or takes longer, as the scheduler says."""

    def __init__(self, world: World, attempt: int) -> None:
        self._world = world
        self._attempt = attempt
        self._beat_at = world.clock.time
        self._interrupted = False
        self.board = self

    def receive(self, _seconds: float) -> Outcome | None:
        if self._interrupted:
            return Raised("Interrupted: the flow was told to stop")
        choice = self._world.pause(Pending("flow", self._choices))
        self._beat_at = self._world.clock.time
        said = said_by(self._attempt)
        outcomes: dict[str, Outcome] = {
            "returns": Returned(json.dumps(said)),
            "raises": Raised(f"FlowError: {said}", retry_after=5),
        }
        return outcomes.get(choice)

    def _choices(self) -> list[str]:
        return ["returns", "raises", *(["beats"] if self._world.clock.time > self._beat_at else [])]

    def interrupt(self) -> None:
        self._interrupted = True

    def kill(self) -> None:
        self._interrupted = True

    def read(self) -> None:
        """Say nothing of the progress."""

    def close(self) -> None:
        """Leave nothing, since there is nothing."""


def start_flow(world: World, call: Call) -> ScriptedProcess:
    """Start the flow for an attempt."""
    world.run.add(call.attempt)
    return ScriptedProcess(world, call.attempt)


def work(world: World) -> Callable[[Actor], None]:
    """The event source of the queue, and the worker that it invokes."""
    return _served(world, QUEUE, lambda event: worker.work(event, LambdaContext(), world.deployment))


def bury(world: World) -> Callable[[Actor], None]:
    """The event source of the dead-letter queue, and its reader."""
    return _served(world, DEAD_LETTERS, lambda event: dead_letters.bury(event, world.deployment))


def submit_job(world: World) -> Callable[[Actor], None]:
    """A caller that submits the job, and tries again with the same key when it fails."""
    body = {"parameters": {"a": 1}, "options": {"maxAttempts": world.scenario.max_attempts}}

    def main(_: Actor) -> None:
        answer = _asked(lambda: submit.submit(_request(world, json.dumps(body), flow="add"), _CALLER, world.deployment))
        if answer is not None:
            world.ledger.accepted.add(answer.body["id"])

    return main


def cancel_job(world: World) -> Callable[[Actor], None]:
    """A caller that cancels the job."""

    def main(_: Actor) -> None:
        answer = _asked(lambda: cancel.cancel(_request(world, "", id=_ID), _CALLER, world.deployment))
        if answer is not None:
            world.ledger.told.append((answer.body["id"], answer.body["state"]))

    return main


def read_late(world: World) -> None:
    """Read every job when none can start any more, as any caller may: it is settled then at the latest."""
    world.clock.time += GIVE_UP_AFTER_MS
    for id_ in world.ledger.jobs:
        job = find_job(_request(world, "", id=id_), _CALLER, world.deployment)
        if not job.is_terminal:
            raise ViolationError(f"the job is {job.state} for ever")


def _served(world: World, url: str, invoke: Callable[[Mapping[str, Any]], dict[str, Any]]) -> Callable[[Actor], None]:
    def main(actor: Actor) -> None:
        while True:
            chosen = world.pause(Pending("receive", lambda: [message.id for message in world.queues.visible(url)]))
            message = next(message for message in world.queues.queues[url] if message.id == chosen)
            if world.queues.redriven(url, message):
                continue
            actor.hit, actor.claimed = False, None
            _deliver(world, url, message, invoke)
            standing = world.ledger.jobs.get(_ID)
            idle = standing and not standing.is_terminal and standing.attempt == actor.claimed
            if idle and actor.claimed not in world.run and not actor.hit:
                raise ViolationError(f"attempt {actor.claimed} was claimed and never run")

    return main


def _deliver(
    world: World, url: str, message: QueuedMessage, invoke: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> None:
    received = world.queues.deliver(message)
    record = {
        "messageId": received["MessageId"],
        "receiptHandle": received["ReceiptHandle"],
        "body": received["Body"],
        "attributes": received["Attributes"],
    }
    answer = invoke({"Records": [record]})
    if not answer["batchItemFailures"]:
        try:
            world.deployment.queue.client.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
        except BotoCoreError:
            return


def _asked(ask: Callable[[], Response]) -> Response | None:
    for _ in range(_TRIES):
        try:
            return ask()
        except (BotoCoreError, ClientError):
            continue
        except ApiError:
            return None
    return None


def _request(world: World, body: str, **path: str) -> Request:
    address = {"project": "trial", **path} if "flow" in path else path
    headers = {"idempotency-key": "once"}
    return Request("request", "", world.clock.time, address, {}, headers, body.encode())
