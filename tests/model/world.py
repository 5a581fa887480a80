"""A deployment in memory whose actors take turns: each waits before its next call for the scheduler."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from greenlet import getcurrent

from noukai_functions.catalog.entries import Catalog
from noukai_functions.deployment import Deployment
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State
from noukai_functions.jobs.queues.queue import JobQueue
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_functions.jobs.sweep_rounds import Rounds
from noukai_functions.jobs.table import JobsTable
from noukai_functions.logs.store import LogStore
from noukai_functions.usage.budgets import Budgets
from tests.model.actors.actor import Actor
from tests.model.actors.lives import KILLED, Lives
from tests.model.event import CUT, DIES, FAILS, NOTHING, READS_TIME, TIME, Event, Pending
from tests.model.gate import Gate
from tests.model.ledger import Ledger, ViolationError
from tests.model.memory_aws import MemoryQueues, MemoryTables
from tests.model.scenario import Scenario

JOBS, USAGE, QUEUE, DEAD_LETTERS = "jobs", "usage", "queue", "dead-letters"
_ENVIRONMENT = {"LEASE_SECONDS": "30", "GRACE_SECONDS": "1"}
_START = 1_700_000_000_000
_STEPS = {"check": 2_000, "third": 10_000}
_PASSES = {
    step: Event(TIME, step, "passes", NOTHING, frozenset({TIME, "waits"}), "waits")
    for step in (*_STEPS, "deadline", "days")
}


@dataclass
class ModelClock:
    """A clock that the scheduler moves."""

    time: int = _START

    def now(self) -> int:
        return self.time


class World:
    """One run of a scenario, from its start through the chosen events."""

    def __init__(self, scenario: Scenario, catalog: Catalog, asset: Path) -> None:
        self.scenario = scenario
        self._budgets = dict(scenario.budgets)
        self._left = frozenset(self._budgets)
        self.clock = ModelClock()
        self.tables = MemoryTables()
        redrive = {QUEUE: (DEAD_LETTERS, scenario.most_receives)}
        self.queues = MemoryQueues(self.clock.now, redrive, 30, scenario.old_receipts)
        self.ledger = Ledger()
        self.run: set[tuple[str, int]] = set()
        """The attempts whose flow was started, by job."""
        self.delivered: set[str] = set()
        """The jobs of which a message was delivered."""
        self.actors: dict[str, Actor] = {}
        self._rows: dict[tuple[str, str], Any] = {}
        self._violated: list[str] = []
        self._batches: dict[str, tuple[str, ...]] = {}
        """What can be received, until the next turn."""
        self._table = JobsTable(self.tables, JOBS)  # type: ignore[arg-type]  # it has the calls that are made
        tables: Any = Gate(self, self.tables, self.tables, scenario.faults)
        queues: Any = Gate(self, self.tables, self.queues, scenario.faults)
        self.deployment = Deployment(_ENVIRONMENT, asset, self.clock)  # type: ignore[arg-type]
        self.deployment.table = JobsTable(tables, JOBS)
        self.deployment.saved_inputs = SavedInputs(tables, JOBS)
        self.deployment.rounds = Rounds(tables, JOBS)
        self.deployment.queue = JobQueue(queues, QUEUE)
        self.deployment.dead_letters = JobQueue(queues, DEAD_LETTERS)
        self.deployment.log_store = LogStore(tables, JOBS, lambda: self.deployment.objects)
        self.deployment.catalog = catalog
        self.lives = Lives(self)
        processes: Any = self.lives
        self.deployment.processes = processes
        # No org has a budget or an endpoint, and reading that takes no turn: the schedules are those of jobs.
        ungated: Any = self.tables
        self.deployment.budgets = Budgets(ungated, USAGE, self.clock)  # type: ignore[arg-type]
        for body in scenario.poison:
            self.queues.send_message(QueueUrl=QUEUE, MessageBody=body)

    def add(self, name: str, main: Callable[[Actor], None], *, revives: bool) -> None:
        """Add an actor."""
        self.actors[name] = Actor(name, main, revives)
        self.actors[name].start()

    def begin_as(self, other: "World") -> None:
        """Take over the rows and messages of another world, in which nobody acts."""
        self.tables.rows.update(other.tables.rows)
        self.queues.queues = {
            url: [replace(each) for each in queue] for url, queue in other.queues.queues.items()
        }
        self.queues.sent = other.queues.sent
        self.ledger.jobs.update(other.ledger.jobs)
        self.ledger.accepted.update(other.ledger.accepted)
        self._rows.update(other.tables.rows)

    def pause(self, pending: Pending) -> str:
        """Wait until the scheduler picks this actor; return how it continues."""
        scheduler: Any = getcurrent().parent
        return str(scheduler.switch(pending))

    def violate(self, reason: str) -> None:
        """Note a broken rule; raised here, it would look to the worker like its own error."""
        self._violated.append(reason)

    def name_of(self, thread: Any) -> str:
        """Return the name of the actor that runs in it."""
        return next(actor.name for actor in self.actors.values() if actor.thread is thread)

    def look(self, actor: Actor) -> None:
        """Note what the actor has changed in its turn so far."""
        for key, row in self.tables.rows.items():
            if self._rows.get(key) is row or key[1].endswith("#input"):
                continue
            self._rows[key] = row
            job = self._table.read(key[1], consistent=True)
            if job is None:
                continue
            known = self.ledger.jobs.get(job.id)
            if known and job.attempt > known.attempt:
                actor.deeds.claimed.add((job.id, job.attempt))
            if known and job.is_terminal and not known.is_terminal:
                actor.deeds.settled.add(job.id)
            self.ledger.enter(job, self.clock.time)

    def batches(self, url: str) -> tuple[str, ...]:
        """Return the messages that may come together: each alone, or a batch in either order."""
        if url not in self._batches:
            visible = tuple(message.id for message in self.queues.visible(url))
            together = visible[: self.scenario.batch]
            all_at_once = (" ".join(together), " ".join(reversed(together))) if len(together) > 1 else ()
            self._batches[url] = visible + all_at_once
        return self._batches[url]

    # Called by the scheduler.

    def enabled(self) -> list[Event]:
        """Return every event that may come next, the plain ones first; none at the end."""
        left = self._left
        events: list[Event] = []
        for actor in self.actors.values():
            events += actor.turns(left)
        if not events and self._until("deadline") > self.clock.time:
            # Nothing else can happen: waiting is then no choice and uses no budget.
            events.append(_PASSES["deadline"]._replace(budget=None))
        elif "waits" in left:
            events += [_PASSES[step] for step in self.scenario.steps if self._until(step) > self.clock.time]
        if "duplicates" in left:
            events += self._duplicates()
        if "kills" in left:
            events += self.lives.kills()
        return events

    def execute(self, event: Event) -> None:
        """Execute an event, and check what it has changed."""
        self._batches.clear()
        if event.budget:
            self._spend(event.budget)
        if event.actor == TIME:
            self.clock.time = self._until(event.operation)
        elif event.choice == KILLED:
            self.lives.kill(event.operation)
        elif event.actor == QUEUE:
            next(m for m in self.queues.queues[QUEUE] if m.id == event.choice).visible_at = self.clock.time
        else:
            self._go_on(self.actors[event.actor], event)

    def drain(self) -> int:
        """Let everything end without a further fault; return the number of turns."""
        self._left = NOTHING
        turns = 0
        while events := self.enabled():
            self.execute(events[0])
            turns += 1
            if turns > 1000:
                raise ViolationError("this never ends")
        return turns

    def check_end(self) -> None:
        """Check the promises that hold at the end."""
        left = [message.id for queue in self.queues.queues.values() for message in queue]
        if left:
            raise ViolationError(f"messages are left: {left}")
        self.ledger.check_end()
        self.lives.check_end()
        ended = [job for job in self.ledger.jobs.values() if job.id in self.delivered and _has_message(job)]
        for job in ended:
            if job.state is not State.COMPLETED and self.deployment.saved_inputs.read(job) is None:
                raise ViolationError(f"the input of a {job.state} job is lost: it cannot be retried")

    def close(self) -> None:
        """End the actors that still wait somewhere."""
        for actor in self.actors.values():
            self.lives.end(actor.thread)
            actor.stop()

    def _spend(self, budget: str) -> None:
        self._budgets[budget] -= 1
        if not self._budgets[budget]:
            self._left -= {budget}

    def _duplicates(self) -> list[Event]:
        hidden = [
            m.id for m in self.queues.queues.get(QUEUE, []) if m.visible_at > self.clock.time and m.receives
        ]
        return [
            Event(QUEUE, "delivers again", id_, READS_TIME, frozenset({id_, "duplicates"}), "duplicates")
            for id_ in hidden
        ]

    def _until(self, step: str) -> int:
        """Return the end of a step of time: after that long, or when a lease, pause or visibility ends."""
        now = self.clock.time
        if step in _STEPS:
            return now + _STEPS[step]
        if step == "days":  # once: ended jobs are not deleted yet
            return max(now, _START + START_WITHIN_MS)
        ends = [message.visible_at for queue in self.queues.queues.values() for message in queue]
        for job in self.ledger.jobs.values():
            if not job.is_terminal:
                ends += (job.lease_until or 0, job.not_before or 0)
        return min([end for end in ends if end > now], default=now)

    def _go_on(self, actor: Actor, event: Event) -> None:
        if event.choice in (FAILS, CUT) and actor.pending:
            actor.deeds.hit |= actor.pending.reads | actor.pending.writes
        try:
            if event.choice == DIES:
                self.lives.end(actor.thread)
                actor.die()
            else:
                actor.go_on(event.choice)
        except ViolationError:
            raise
        except Exception as error:
            raise ViolationError(f"{actor.name} raised {error!r}") from error
        if self._violated:
            raise ViolationError(self._violated[0])
        self.look(actor)


def _has_message(job: Job) -> bool:
    """Return whether it ended while its message could still exist: otherwise there is no input to keep."""
    return job.completed_at is not None and job.completed_at < job.start_by
