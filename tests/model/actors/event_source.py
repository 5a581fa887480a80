"""The event sources of the queues: they receive, invoke a function with the batch, and delete messages."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from noukai_functions.aws import AwsError
from noukai_functions.handlers import dead_letters
from tests.model.actors.actor import Actor
from tests.model.event import RECEIVE, Pending
from tests.model.ledger import ViolationError
from tests.model.world import DEAD_LETTERS, QUEUE, World

_INVOCATION_MS = 45_000

Record = Mapping[str, Any]
Invoke = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Invocation:
    """The runtime's context: the time that is left is the world's."""

    world: World
    until: int

    def get_remaining_time_in_millis(self) -> int:
        return self.until - self.world.clock.time


def work(world: World) -> Callable[[Actor], None]:
    """Run the event source of the queue, and the worker that it invokes."""

    def invoke(event: dict[str, Any]) -> dict[str, Any]:
        return world.deployment.worker.work(event, Invocation(world, world.clock.time + _INVOCATION_MS))

    return _served(world, QUEUE, invoke)


def read_dead_letters(world: World) -> Callable[[Actor], None]:
    """Run the event source of the dead-letter queue, and its reader."""
    return _served(world, DEAD_LETTERS, lambda event: dead_letters.settle(event, world.deployment))


def _served(world: World, url: str, invoke: Invoke) -> Callable[[Actor], None]:
    def main(actor: Actor) -> None:
        while True:
            chosen = world.pause(Pending(RECEIVE, lambda: world.batches(url))).split()
            arrived = [next(each for each in world.queues.queues[url] if each.id == id_) for id_ in chosen]
            records = [
                _record(world.queues.deliver(each))
                for each in arrived
                if not world.queues.redriven(url, each)
            ]
            if records:
                actor.begin()
                world.delivered |= {_job(record["body"]) for record in records}
                named = {each["itemIdentifier"] for each in invoke({"Records": records})["batchItemFailures"]}
                world.look(actor)
                _check_claims(world, actor)
                _check_neighbours(actor, records, named)
                _delete(world, url, [record for record in records if record["messageId"] not in named])

    return main


def _record(received: Mapping[str, Any]) -> Record:
    return {
        "messageId": received["MessageId"],
        "receiptHandle": received["ReceiptHandle"],
        "body": received["Body"],
        "attributes": received["Attributes"],
    }


def _delete(world: World, url: str, records: list[Record]) -> None:
    for record in records:
        try:
            world.deployment.queue.client.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
        except AwsError:
            continue


def _check_claims(world: World, actor: Actor) -> None:
    """Check that deliveries that were given back or deferred have used no attempt."""
    for id_, attempt in actor.deeds.claimed - world.run:
        standing = world.ledger.jobs[id_]
        if id_ not in actor.deeds.hit and not standing.is_terminal and standing.attempt == attempt:
            raise ViolationError(f"attempt {attempt} was claimed and never run")


def _check_neighbours(actor: Actor, records: list[Record], named: set[str]) -> None:
    """Check that a settled job's delivery returns only because a call of its own failed."""
    jobs = {record["messageId"]: _job(record["body"]) for record in records}
    for message in named:
        id_ = jobs[message]
        alone = list(jobs.values()).count(id_) == 1
        unharmed = actor.deeds.hit.isdisjoint({message, id_, f"{id_}#input"})
        if alone and unharmed and id_ in actor.deeds.settled:
            raise ViolationError("a delivery was failed by its neighbour")


def _job(body: str) -> str:
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return ""
