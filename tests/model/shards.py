"""Random schedules on several processes: each runs numbered stretches; results are merged in order."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path

from tests.model.explorer import Explorer
from tests.model.scenario import SOME, Scenario
from tests.model.signature import signature

_STRETCH = 500


@dataclass
class _Process:
    """The things that a process of the pool keeps between its stretches."""

    stack: ExitStack = field(default_factory=ExitStack)
    explorer: Explorer | None = None


_process = _Process()


def explore(asset: Path, scenario: Scenario, seed: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Run random schedules until enough distinct ones were seen; yield how many were run and seen so far."""
    processes = os.cpu_count() or 1
    seen: set[int] = set()
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (asset,))
    try:
        stretches = (pool.submit(_explore, scenario.name, seed, first) for first in count(0, _STRETCH))
        ahead: deque[Future[list[int]]] = deque(islice(stretches, 2 * processes))
        for run in count(_STRETCH, _STRETCH):
            seen.update(ahead.popleft().result())
            yield run, len(seen)
            if len(seen) >= wanted:
                return
            ahead.append(next(stretches))
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(asset: Path) -> None:
    _process.explorer = _process.stack.enter_context(Explorer.of(asset))


def _explore(name: str, seed: int, first: int) -> list[int]:
    if _process.explorer is None:
        raise RuntimeError("the process has not begun")
    return [signature(path) for path in islice(_process.explorer.some(SOME[name], seed, first), _STRETCH)]
