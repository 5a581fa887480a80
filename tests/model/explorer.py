"""Every schedule of a scenario, up to equivalent orders, or any number of random ones."""

import gc
import random
import shutil
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.catalog.entries import Catalog
from noukai_functions.handlers import submit
from noukai_functions.requests.submission import Submission, parse_submission
from noukai_functions.worker.process import pool
from noukai_functions.worker.process.process import FlowProcess
from tests.model.actors import event_source
from tests.model.actors.callers import CALLERS, read_late
from tests.model.event import Event
from tests.model.ledger import ViolationError
from tests.model.scenario import Scenario
from tests.model.world import World
from tests.silence import silent_functions

FLOWS = Path(__file__).parent.parent / "functions" / "flows"
_LONGEST = 600
_RARITY = {
    None: 1.0,
    "faults": 0.04,
    "duplicates": 0.1,
    "raises": 0.5,
    "kills": 0.05,
    "left-overs": 0.3,
    "waits": 0.1,
}


def build_asset(folder: Path) -> Path:
    """Build the flows and their catalog in an empty folder, for all explorers."""
    shutil.copytree(FLOWS, folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    build_catalog(folder / "flows", folder / "catalog")
    return folder


@dataclass
class Step:
    """A choice on the way: the chosen event, those still to be chosen, and those that need not be."""

    chosen: Event
    todo: list[Event]
    asleep: list[Event]


@dataclass
class Explorer:
    """An explorer that runs schedules on fresh worlds."""

    asset: Path
    catalog: Catalog
    blocked: int = 0
    """Runs that were stopped because they repeat others in a different order."""
    _begun: dict[str, World] = field(default_factory=dict)
    _playing: World | None = None

    @classmethod
    @contextmanager
    def of(cls, asset: Path) -> Iterator["Explorer"]:
        """Return an explorer with the flows of an asset.

        Pure work that is the same in each world, parsing a submission, is done once.
        """
        explorer = cls(asset, Catalog.load(asset / "catalog"))
        gc.freeze()  # imported objects outlive every world: the collector need not scan them after each
        with (
            silent_functions(),
            patch.object(submit, "parse_submission", explorer.parser()),
            patch.object(FlowProcess, "start", explorer.played("start")),
            patch.object(pool, "Reaper", explorer.played("make_reaper")),
            patch.object(pool, "make_scratch", explorer.played("make_scratch")),
            patch.object(pool, "remove_scratch", explorer.played("remove_scratch")),
            patch.object(pool, "remove_stale", explorer.played("remove_stale")),
        ):
            yield explorer

    def played(self, name: str) -> Callable[..., Any]:
        """Return the stand-in for a function of the pool: that of the workers' lives in the running world."""

        def call(*given: Any, **named: Any) -> Any:
            if self._playing is None:
                raise ViolationError("a worker acts outside of a world")
            return getattr(self._playing.lives, name)(*given, **named)

        return call

    def parser(self) -> Callable[[bytes, str, Catalog, str | None], Submission]:
        """Return a `parse_submission` with a cache."""
        remembered = cache(lambda body, name: parse_submission(body, name, self.catalog))
        return lambda body, name, _catalog, _trace: remembered(body, name)

    @contextmanager
    def world(self, scenario: Scenario) -> Iterator[World]:
        """Return a world in the scenario's initial state."""
        random.seed(0)  # the jitter of a backoff
        self._playing = world = World(scenario, self.catalog, self.asset)
        if scenario.submitted:
            world.begin_as(self._submitted(scenario))
        for index in range(scenario.workers):
            world.add(f"worker {index + 1}", event_source.work(world), revives=True)
        if scenario.reads_dead_letters:
            world.add("reader", event_source.read_dead_letters(world), revives=True)
        for index, client in enumerate(scenario.clients):
            world.add(f"{client} {index + 1}", CALLERS[client](world), revives=client == "sweep")
        try:
            yield world
        finally:
            world.close()

    def _submitted(self, scenario: Scenario) -> World:
        """Return a world in which the job was submitted, made once."""
        if scenario.name not in self._begun:
            world = World(scenario, self.catalog, self.asset)
            world.add("submit", CALLERS["submit"](world), revives=False)
            world.drain()
            self._begun[scenario.name] = world
        return self._begun[scenario.name]

    def every(self, scenario: Scenario) -> Iterator[list[Event]]:
        """Run every schedule once; of those that differ only in the order of independent events, run one.

        Sleep sets: an event that was explored from a state sleeps in the later branches until something that
        it depends on happens. Before that, it would lead to an order that was already explored.
        """
        path: list[Step] = []
        again = f"python -m tests.model.explore --scenario '{scenario.name}'"
        while True:
            with self.world(scenario) as world, _explained(path, again):
                for step in path:
                    world.execute(step.chosen)
                if self._descend(world, path):
                    _finish(world)
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
        """Run random schedules without end; each number gives the same schedule every time."""
        for number in count(first):
            choose = random.Random(f"{seed}/{number}")
            path: list[Event] = []
            again = (
                f"python -m tests.model.explore --scenario '{scenario.name}' --seed {seed} --number {number}"
            )
            with self.world(scenario) as world, _explained(path, again):
                while events := world.enabled():
                    path.append(_chosen(choose, events))
                    world.execute(path[-1])
                    if len(path) > _LONGEST:
                        raise ViolationError("this never ends")
                _finish(world)
                yield path

    def _descend(self, world: World, path: list[Step]) -> bool:
        """Continue to an end; return False if all events sleep at some point."""
        while events := world.enabled():
            asleep = (
                [event for event in path[-1].asleep if not event.depends_on(path[-1].chosen)] if path else []
            )
            keys = {event.key for event in asleep}
            todo = [event for event in reversed(events) if event.key not in keys]
            if not todo:
                return False
            path.append(Step(todo.pop(), todo, asleep))
            world.execute(path[-1].chosen)
        return True


def _finish(world: World) -> None:
    world.drain()
    world.check_end()
    read_late(world)


def _chosen(choose: random.Random, events: list[Event]) -> Event:
    """Choose an event; one that uses a budget is chosen less often, to come late as often as early."""
    bounds = list(accumulate([_RARITY[event.budget] for event in events]))
    return events[bisect(bounds, choose.random() * bounds[-1], hi=len(events) - 1)]


@contextmanager
def _explained(path: Iterable[Event | Step], again: str) -> Iterator[None]:
    try:
        yield
    except ViolationError as error:
        events = [step.chosen if isinstance(step, Step) else step for step in path]
        error.add_note("\n".join([*map(str, events), f"See it again: {again}"]))
        raise
