"""Every schedule of a scenario up to reorderings that make no difference, or as many at random as one likes."""

import logging
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from functions.catalog import Catalog
from functions.catalog_build import build_catalog
from functions.process import FlowProcess
from tests.model import actors
from tests.model.event import Event
from tests.model.ledger import ViolationError
from tests.model.scenario import Scenario
from tests.model.world import World

FLOWS = Path(__file__).parent.parent / "functions" / "flows"
_CLIENTS: dict[str, Callable[[World], Callable[[actors.Actor], None]]] = {
    "submit": actors.submit_job,
    "cancel": actors.cancel_job,
}


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
    turns: int = 0

    @classmethod
    def at(cls, folder: Path) -> "Explorer":
        """Make the flows and their catalog in an empty folder."""
        shutil.copytree(FLOWS, folder / "flows", ignore=shutil.ignore_patterns("__pycache__"))
        build_catalog(folder / "flows", folder / "catalog")
        logging.getLogger("noukai").setLevel(logging.CRITICAL + 1)
        return cls(folder, Catalog.load(folder / "catalog"))

    @contextmanager
    def world(self, scenario: Scenario) -> Iterator[World]:
        """Make a world as the scenario has it at its start."""
        world = World(scenario, self.catalog, self.asset)
        with patch.object(FlowProcess, "start", lambda call: actors.start_flow(world, call)):
            if scenario.submitted:
                world.add("submit", actors.submit_job(world), revives=False)
                world.drain()
                world.budgets = dict(scenario.budgets)
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
        self.turns += world.drain()
        world.check_end()


@contextmanager
def _explained(path: list[Step]) -> Iterator[None]:
    try:
        yield
    except ViolationError as error:
        error.add_note("\n".join(str(step.chosen) for step in path))
        raise
