"""Several stacks behind one name: which cell an org's requests go to, and what a move of an org does.

The router knows the cell of each org, from a table that each of its places caches for some seconds. A move
first stops the org's submissions for as long as a client repeats one, then names the new cell. So each
submission is repeated in one cell only. Jobs stay where they were accepted, and are looked up in both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.bench.scale.demand import PATIENCE_SECONDS

CACHE_SECONDS = 10
STOP_SECONDS = PATIENCE_SECONDS + CACHE_SECONDS
_PLACES = 5
_PAUSES = (1, 3, 7, 15, 31, 47, PATIENCE_SECONDS - 1)
"""Seconds after a submission at which it is repeated."""


@dataclass(frozen=True)
class Route:
    """The cell of an org's requests; `former` is asked for jobs that it does not have."""

    cell: int
    former: int | None = None
    is_stopped: bool = False


@dataclass
class Router:
    """The table of routes, as each place of the router has cached it."""

    routes: dict[str, Route] = field(default_factory=dict)
    _cached: dict[tuple[int, str], tuple[int, Route]] = field(default_factory=dict)

    def route(self, place: int, org: str, second: int) -> Route:
        """Return an org's route as a place knows it."""
        until, route = self._cached.get((place, org), (-1, self.routes[org]))
        if until <= second:
            route = self.routes[org]
            self._cached[place, org] = second + CACHE_SECONDS, route
        return route


@dataclass
class Move:
    """An org that moves from cell 0 to cell 1 while clients submit, lose answers and repeat."""

    stop_seconds: int = STOP_SECONDS
    asks_former: bool = True
    accepted: dict[str, set[int]] = field(default_factory=dict)
    """The cells that accepted each submission, by its idempotency key."""
    refused: set[str] = field(default_factory=set)

    def run(self, begins: int = 100, seconds: int = 400) -> "Move":
        """Let an org move, while it submits a job each second whose first answer is lost."""
        router = Router({"acme": Route(0)})
        for second in range(seconds):
            if second == begins:
                router.routes["acme"] = Route(0, is_stopped=self.stop_seconds > 0)
            if second == begins + self.stop_seconds:
                router.routes["acme"] = Route(1, former=0 if self.asks_former else None)
            for born in self._asking(second):
                route = router.route((born + second) % _PLACES, "acme", second)
                if route.is_stopped:
                    self.refused.add(str(born))
                    continue
                self.accepted.setdefault(str(born), set()).add(route.cell)
        self._router = router
        return self

    def _asking(self, second: int) -> Iterator[int]:
        """Yield the births of a second's submissions: a new one, and repetitions of those before."""
        yield second
        yield from (
            second - pause for pause in (1, 3, 7, 15, 31, 47, PATIENCE_SECONDS - 1) if second >= pause
        )

    @property
    def run_twice(self) -> int:
        """Return how many submissions two cells have accepted."""
        return sum(len(cells) > 1 for cells in self.accepted.values())

    @property
    def unheard(self) -> int:
        """Return how many submissions were refused until their callers gave up."""
        return len(self.refused - self.accepted.keys())

    def lost(self, second: int = 1_000) -> int:
        """Return how many accepted jobs nobody can look up after the move."""
        route = self._router.route(0, "acme", second)
        known = {route.cell, route.former}
        return sum(not cells & known for cells in self.accepted.values())


def spread(rate: float, orgs: int, cells: int) -> list[float]:
    """Return the rate of each cell, if orgs differ in size and each is put where the most room is."""
    weights = [1 / (number + 10) for number in range(orgs)]
    rates = [0.0] * cells
    for weight in weights:
        rates[rates.index(min(rates))] += rate * weight / sum(weights)
    return rates
