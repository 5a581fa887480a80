"""Callers of the API, each with its requests and retries, and the daily sweep."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Request, Response
from noukai_functions.aws import AwsError
from noukai_functions.handlers import cancel, retry, status, submit
from noukai_functions.handlers.sweep import Sweep
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State, job_id
from noukai_functions.refusals import Refusal
from noukai_wire.scopes import Scope
from tests.model.actors.actor import Actor
from tests.model.event import Pending
from tests.model.ledger import ViolationError
from tests.model.world import World

_KEY = ApiKey("acme", frozenset(Scope))
_TRIES = 3
_READS = 3
_KEPT_SECONDS = 2 * START_WITHIN_MS // 1000

Main = Callable[[Actor], None]


def submits(world: World) -> Main:
    """Submit the job, and repeat that with the same key when it fails.

    The job is kept beyond its deadline to start: after that deadline it must not be created again.
    """
    options = {"maxAttempts": world.scenario.max_attempts, "timeoutSeconds": 20, "keepSeconds": _KEPT_SECONDS}
    return _submits(world, "once", options)


def submits_delayed(world: World) -> Main:
    """Submit another job, to run later."""
    return _submits(world, "later", {"maxAttempts": 1, "delaySeconds": 10})


def cancels(world: World) -> Main:
    """Cancel the job."""
    return lambda _: _ask(world, lambda: cancel.cancel(_named(world), _KEY, world.deployment))


def reads(world: World) -> Main:
    """Ask for the job's status a few times."""

    def main(_: Actor) -> None:
        for _turn in range(_READS):
            _ask(world, lambda: status.status(_named(world), _KEY, world.deployment))

    return main


def retries(world: World) -> Main:
    """Submit the job's input again after the job failed or was cancelled."""

    def may() -> tuple[str, ...]:
        job = world.ledger.jobs.get(ID)
        return ("begins",) if job and job.state in (State.FAILED, State.CANCELLED) else ()

    def main(_: Actor) -> None:
        world.pause(Pending("retry", may, frozenset({ID})))
        _ask(world, lambda: retry.retry(_named(world), _KEY, world.deployment))

    return main


def sweeps(world: World) -> Main:
    """Sweep each day; a failed sweep comes again the next day."""

    def may() -> tuple[str, ...]:
        overdue = any(job.is_overdue(world.clock.time) for job in world.ledger.jobs.values())
        return ("begins",) if overdue else ()

    def main(actor: Actor) -> None:
        while True:
            world.pause(Pending("sweep", may, frozenset(world.ledger.jobs)))
            actor.begin()
            try:
                Sweep(world.deployment).go_on()
            except AwsError:
                continue

    return main


CALLERS: Mapping[str, Callable[[World], Main]] = {
    "submit": submits,
    "submit delayed": submits_delayed,
    "cancel": cancels,
    "read": reads,
    "retry": retries,
    "sweep": sweeps,
}
ID = job_id("acme", "trial/add", "once")


def read_late(world: World) -> None:
    """Read every unsettled job once it can no longer start: that settles it, for any caller."""
    unsettled = [job for job in world.ledger.jobs.values() if not job.is_terminal]
    world.clock.time = max([world.clock.time, *(job.start_by for job in unsettled)])
    for id_ in [job.id for job in unsettled]:
        job = world.deployment.lookup.find({"id": id_}, _KEY)
        if not job.is_terminal:
            raise ViolationError(f"the job is {job.state} for ever")


def _submits(world: World, key: str, options: dict[str, Any]) -> Main:
    body = json.dumps({"parameters": {"a": 1}, "options": options}).encode()
    path = {"project": "trial", "flow": "add"}

    def submit_once() -> Response:
        request = Request("request", "", world.clock.time, path, {}, {"idempotency-key": key}, "", body)
        return submit.submit(request, _KEY, world.deployment)

    return lambda _: _ask(world, submit_once)


def _ask(world: World, ask: Callable[[], Response]) -> None:
    for _ in range(_TRIES):
        try:
            answer = ask()
        except AwsError:
            continue
        except Refusal:
            return
        world.ledger.tell(answer.status, answer.body)
        return


def _named(world: World, id_: str = ID) -> Request:
    return Request("request", "", world.clock.time, {"id": id_}, {}, {}, "", b"")
