"""A deployment in memory whose actors take turns: each stands before its next call until the scheduler picks it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from greenlet import getcurrent

from functions.catalog import Catalog
from functions.deployment import Deployment
from functions.inputs import InputStore
from functions.queue import JobQueue
from functions.store import JobStore
from tests.model.actor import Actor
from tests.model.event import CUT, DIES, DONE, FAILS, FAULTS, NOTHING, STALE, TIME, Event, Pending
from tests.model.ledger import Ledger, ViolationError
from tests.model.memory_aws import MemoryQueues, MemoryTables
from tests.model.scenario import Scenario

JOBS, QUEUE, DEAD_LETTERS = "jobs", "queue", "dead-letters"
_ENVIRONMENT = {"LEASE_SECONDS": "30", "GRACE_SECONDS": "1"}
_STEPS = {"check": 2_000, "third": 10_000}
_READS_TIME = frozenset({TIME})
_UNDONE = (FAILS, DIES)


@dataclass
class ModelClock:
    """Time as the scheduler moves it."""

    time: int = 1_700_000_000_000

    def now(self) -> int:
        return self.time


@dataclass(frozen=True)
class Gate:
    """A client of AWS whose every call waits for its turn and ends as the scheduler says."""

    world: "World"
    service: MemoryTables | MemoryQueues

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda **request: self.world.perform(name, partial(getattr(self.service, name), **request), request)


class World:
    """One run of a scenario, from its start to wherever the chosen events lead."""

    def __init__(self, scenario: Scenario, catalog: Catalog, asset: Path) -> None:
        self.scenario = scenario
        self.budgets = dict(scenario.budgets)
        self.clock = ModelClock()
        self.tables = MemoryTables()
        redrive = {QUEUE: (DEAD_LETTERS, scenario.most_receives)}
        self.queues = MemoryQueues(self.clock.now, redrive, 30, scenario.old_receipts)
        self.ledger = Ledger()
        self.run: set[int] = set()
        """The attempts whose flow was started."""
        self.actors: dict[str, Actor] = {}
        self._rows: dict[tuple[str, str], Any] = {}
        self._store = JobStore(self.tables, JOBS)  # type: ignore[arg-type]  # it has the calls that are made
        tables: Any = Gate(self, self.tables)
        queues: Any = Gate(self, self.queues)
        self.deployment = Deployment(_ENVIRONMENT, asset, self.clock)  # type: ignore[arg-type]
        self.deployment.store = JobStore(tables, JOBS)
        self.deployment.inputs = InputStore(tables, JOBS)
        self.deployment.queue = JobQueue(queues, QUEUE)
        self.deployment.dead_letters = JobQueue(queues, DEAD_LETTERS)
        self.deployment.catalog = catalog

    def add(self, name: str, main: Callable[[Actor], None], *, revives: bool) -> None:
        """Let one more act, from now on."""
        self.actors[name] = Actor(name, main, revives)
        self.actors[name].start()

    def begin_as(self, other: "World") -> None:
        """Take over the rows and messages of another, in which nobody acts."""
        self.tables.rows.update(other.tables.rows)
        self.queues.queues = {url: [replace(each) for each in queue] for url, queue in other.queues.queues.items()}
        self.queues.sent = other.queues.sent
        self.ledger.jobs.update(other.ledger.jobs)
        self.ledger.accepted.update(other.ledger.accepted)
        self._rows.update(other.tables.rows)

    # What actors call.

    def pause(self, pending: Pending) -> str:
        """Stand still until the scheduler picks this actor; gives how it goes on."""
        scheduler: Any = getcurrent().parent
        return str(scheduler.switch(pending))

    def perform(self, name: str, call: Callable[[], Any], request: dict[str, Any]) -> Any:
        """Make a call of AWS when it is this actor's turn."""
        if getcurrent().parent is None:
            return call()
        reads, writes = _footprint(name, request)
        stale = request.get("ConsistentRead") is False
        choices = [DONE, *(fault for fault in self.scenario.faults if fault != STALE or stale)]
        while True:
            choice = self.pause(Pending(name, lambda: choices, reads, writes))
            if choice == FAILS:
                raise EndpointConnectionError(endpoint_url=name)
            if choice == STALE:
                before = self.tables.before.get((JOBS, request["Key"]["id"]["S"]))
                return {"Item": before} if before else {}
            try:
                answer = call()
            except ClientError:
                if choice == DONE:
                    raise
            if choice == CUT:
                raise ReadTimeoutError(endpoint_url=name)
            if choice == DONE:
                return answer

    # What the scheduler calls.

    def enabled(self) -> list[Event]:
        """Every event that may come next, the plain ones first; none if all is quiet for good."""
        plain = [event for actor in self.actors.values() for event in self._turns(actor)]
        waits = self._waits()
        if not plain:
            # Nothing else can happen: to wait is no choice then, and costs nothing.
            waits = [event._replace(budget=None) for event in waits if event.operation == "deadline"]
        events = [*plain, *waits, *self._duplicates()]
        return [event for event in events if event.budget is None or self.budgets.get(event.budget)]

    def execute(self, event: Event) -> None:
        """Let an event happen, and look at what it has changed."""
        if event.budget:
            self.budgets[event.budget] -= 1
        if event.actor == TIME:
            self.clock.time = self._until(event.operation)
        elif event.actor == QUEUE:
            next(m for m in self.queues.queues[QUEUE] if m.id == event.choice).visible_at = self.clock.time
        else:
            self._go_on(self.actors[event.actor], event)

    def drain(self) -> int:
        """Let everything come to its end without a further fault; gives how many turns that took."""
        self.budgets = {}
        turns = 0
        while events := self.enabled():
            self.execute(events[0])
            turns += 1
            if turns > 1000:
                raise ViolationError("this never ends")
        return turns

    def check_end(self) -> None:
        """Check the promises that hold when all is quiet."""
        left = [message.id for queue in self.queues.queues.values() for message in queue]
        if left:
            raise ViolationError(f"messages are left: {left}")
        self.ledger.check_end()

    def close(self) -> None:
        """End the actors that stand somewhere still."""
        for actor in self.actors.values():
            if actor.pending is not None:
                actor.thread.throw()

    def _turns(self, actor: Actor) -> Iterator[Event]:
        if actor.pending is None:
            return
        operation, choices, reads, writes = actor.pending
        for choice in choices():
            budget = "faults" if choice in FAULTS else choice if choice == "raises" else None
            touched = NOTHING if choice in _UNDONE else writes
            if operation == "receive":
                touched = frozenset({choice})
            drawn = frozenset({budget}) if budget else NOTHING
            yield Event(actor.name, operation, choice, reads | _READS_TIME, touched | drawn, budget)

    def _waits(self) -> list[Event]:
        drawn = frozenset({TIME, "waits"})
        steps = [step for step in self.scenario.steps if self._until(step) > self.clock.time]
        return [Event(TIME, step, "passes", NOTHING, drawn, "waits") for step in steps]

    def _duplicates(self) -> list[Event]:
        hidden = [m.id for m in self.queues.queues.get(QUEUE, []) if m.visible_at > self.clock.time and m.receives]
        return [
            Event(QUEUE, "delivers again", id_, _READS_TIME, frozenset({id_, "duplicates"}), "duplicates")
            for id_ in hidden
        ]

    def _until(self, step: str) -> int:
        """When a step of time ends: after so long, or when the next lease, pause or visibility ends."""
        now = self.clock.time
        if step in _STEPS:
            return now + _STEPS[step]
        ends = [message.visible_at for queue in self.queues.queues.values() for message in queue]
        for job in self.ledger.jobs.values():
            ends += [] if job.is_terminal else [job.lease_until or 0, job.not_before or 0]
        return min((end for end in ends if end > now), default=now)

    def _go_on(self, actor: Actor, event: Event) -> None:
        actor.hit = actor.hit or event.choice in (FAILS, CUT)
        try:
            if event.choice == DIES:
                actor.die()
            else:
                actor.go_on(event.choice)
        except ViolationError:
            raise
        except Exception as error:
            raise ViolationError(f"{actor.name} raised {error!r}") from error
        self._look(actor)

    def _look(self, actor: Actor) -> None:
        for key, row in self.tables.rows.items():
            if self._rows.get(key) is row or key[1].endswith("#input"):
                continue
            self._rows[key] = row
            job = self._store.read(key[1], consistent=True)
            if job is None:
                continue
            known = self.ledger.jobs.get(job.id)
            if known and job.attempt > known.attempt:
                actor.claimed = job.attempt
            self.ledger.enter(job, self.clock.time)


def _footprint(name: str, request: dict[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """What a call reads and writes: a row by its id, a message by the start of its receipts."""
    if name == "get_item":
        return frozenset({request["Key"]["id"]["S"]}), NOTHING
    if name in ("put_item", "update_item"):
        return NOTHING, frozenset({(request.get("Key") or request["Item"])["id"]["S"]})
    if name == "send_message":
        return NOTHING, frozenset({name})
    receipts = [entry["ReceiptHandle"] for entry in request.get("Entries", [request])]
    return NOTHING, frozenset(receipt.partition("/")[0] for receipt in receipts)
