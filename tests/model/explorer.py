"""Every schedule of a scenario up to reorderings that make no difference, or as many at random as one likes."""

import logging
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from unittest.mock import patch

from functions import execution, registry
from functions.catalog import Catalog
from functions.catalog_build import build_catalog
from functions.flow import Flow
from functions.process import FlowProcess
from functions.telemetry import logger
from tests.model import actors
from tests.model.actor import Actor
from tests.model.event import Event
from tests.model.ledger import ViolationError
from tests.model.scenario import Scenario
from tests.model.world import World

FLOWS = Path(__file__).parent.parent / "functions" / "flows"
_CLIENTS: dict[str, Callable[[World], Callable[[Actor], None]]] = {
    "submit": actors.submit_job,
    "cancel": actors.cancel_job,
}


_LONGEST = 600
_RARITY = {"faults": 0.04, "duplicates": 0.1, "raises": 0.5, "waits": 0.1}


@dataclass
class Step:
    """A choice on the way: what was chosen, what is still to be, and what was or need not be chosen here."""

    chosen: Event
    todo: list[Event]
    asleep: list[Event]


@dataclass
class Explorer:
    """Runs schedules on fresh worlds."""

    asset: Path
    catalog: Catalog
    blocked: int = 0
    """Runs that were given up as reorderings of others."""
    _begun: dict[int, World] = field(default_factory=dict)
    _find_flow: Callable[[Path, str], Flow | None] = field(default_factory=lambda: cache(registry.find_flow))
    """Which looks into the folder each time, and would take a third of the time here."""

    @classmethod
    def at(cls, folder: Path) -> "Explorer":
        """Make the flows and their catalog in an empty folder."""
        shutil.copytree(FLOWS, folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
        build_catalog(folder / "flows", folder / "catalog")
        logger().setLevel(logging.CRITICAL)
        return cls(folder, Catalog.load(folder / "catalog"))

    @contextmanager
    def world(self, scenario: Scenario) -> Iterator[World]:
        """Make a world as the scenario has it at its start."""
        world = World(scenario, self.catalog, self.asset)
        with (
            patch.object(FlowProcess, "start", lambda call: actors.start_flow(world, call)),
            patch.object(execution, "find_flow", self._find_flow),
        ):
            if scenario.submitted:
                world.begin_as(self._submitted(scenario))
            for index in range(scenario.workers):
                world.add(f"worker {index + 1}", actors.work(world), revives=True)
            if scenario.buries:
                world.add("reader", actors.bury(world), revives=True)
            for index, client in enumerate(scenario.clients):
                world.add(f"{client} {index + 1}", _CLIENTS[client](world), revives=False)
            try:
                yield world
            finally:
                world.close()

    def _submitted(self, scenario: Scenario) -> World:
        """A world in which the job was submitted, made once."""
        if scenario.max_attempts not in self._begun:
            world = World(scenario, self.catalog, self.asset)
            world.add("submit", actors.submit_job(world), revives=False)
            world.drain()
            self._begun[scenario.max_attempts] = world
        return self._begun[scenario.max_attempts]

    def every(self, scenario: Scenario) -> Iterator[list[Event]]:
        """Run every schedule once; of those that differ in the order of independent events, one.

        Sleep sets: what was explored from a state sleeps in the branches that follow until something that it depends
        on happens, since before that it would lead to an order seen already.
        """
        path: list[Step] = []
        while True:
            with self.world(scenario) as world, _explained(path):
                for step in path:
                    world.execute(step.chosen)
                if self._descend(world, path):
                    self._finish(world)
                    yield [step.chosen for step in path]
                else:
                    self.blocked += 1
            while path and not path[-1].todo:
                path.pop()
            if not path:
                return
            path[-1].asleep.append(path[-1].chosen)
            path[-1].chosen = path[-1].todo.pop()

    def some(self, scenario: Scenario, seed: int, first: int = 0) -> Iterator[list[Event]]:
        """Run schedules at random without end; the one of a number is the same each time."""
        for number in count(first):
            choose = random.Random(f"{seed}/{number}")
            path: list[Event] = []
            with self.world(scenario) as world, _explained(path, f"random schedule {number} of seed {seed}"):
                while events := world.enabled():
                    path.append(_chosen(choose, events))
                    world.execute(path[-1])
                    if len(path) > _LONGEST:
                        raise ViolationError("this never ends")
                self._finish(world)
                yield path

    def _descend(self, world: World, path: list[Step]) -> bool:
        """Go on to an end; False if every way from somewhere is asleep."""
        while events := world.enabled():
            asleep = [event for event in path[-1].asleep if not event.depends_on(path[-1].chosen)] if path else []
            keys = {event.key for event in asleep}
            todo = [event for event in reversed(events) if event.key not in keys]
            if not todo:
                return False
            path.append(Step(todo.pop(), todo, asleep))
            world.execute(path[-1].chosen)
        return True

    def _finish(self, world: World) -> None:
        world.drain()
        world.check_end()
        actors.read_late(world)


def signature(schedule: list[Event]) -> int:
    """Tell schedules apart, but not those that differ in the order of independent events only.

    Each event counts with its depth: one more than the deepest earlier event that it depends on.
    """
    written: dict[str, int] = {}
    touched: dict[str, int] = {}
    levels = []
    for event in schedule:
        writes, reads = {event.actor, *event.writes}, event.reads
        earlier = [touched.get(name, 0) for name in writes] + [written.get(name, 0) for name in reads]
        depth = 1 + max(earlier)
        written |= dict.fromkeys(writes, depth)
        for name in (*writes, *reads):
            touched[name] = max(touched.get(name, 0), depth)
        levels.append((depth, *event.key))
    return hash(tuple(sorted(levels)))


def _chosen(choose: random.Random, events: list[Event]) -> Event:
    """Pick an event; what costs of a budget is picked more seldom, to come late as often as early."""
    return choose.choices(events, [_RARITY.get(event.budget or "", 1) for event in events])[0]


@contextmanager
def _explained(path: Iterable[Event | Step], what: str = "schedule") -> Iterator[None]:
    try:
        yield
    except ViolationError as error:
        events = [step.chosen if isinstance(step, Step) else step for step in path]
        error.add_note("\n".join([f"{what}:", *map(str, events)]))
        raise
