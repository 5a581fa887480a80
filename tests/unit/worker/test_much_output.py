"""A flow that prints hundreds of megabytes: what that takes of it and of its worker."""

# ruff: noqa: T201

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from noukai.flow.runtime import Returned
from noukai_functions.clock import Clock
from noukai_functions.logs.attempt_log import AttemptLog
from noukai_functions.logs.masking import Masker
from tests.flow_process import CALL, called, serving
from tests.flow_process import memory as memory_of
from tests.unit.own_process import in_own_process

LINES = 750_000
LINE = "x" * 160
"""With the rest of a line, 150 MB are printed."""


class NoStore:
    """Stand-in for the store of logs, which keeps nothing."""

    def __getattr__(self, _: str) -> Callable[..., None]:
        return lambda *_, **__: None


def new_log() -> AttemptLog:
    job: Any = SimpleNamespace(id="job_x", attempt=1, claimed_at=0)
    store: Any = NoStore()
    return AttemptLog(job, store, Clock(), Masker(["a secret of the deployment"]))


def print_much(_: object) -> Returned:
    begun = time.process_time()
    for number in range(LINES):
        print(f"{number} of many took {number * 1.7:.3f} ms: {LINE}")
    return Returned(json.dumps(time.process_time() - begun))


def print_to_nowhere(board: object) -> Returned:
    """Print to a stream of Python's own that writes each line at once, as containers usually have it."""
    sys.stdout = Path(os.devnull).open("w", 1, encoding="utf-8")  # noqa: SIM115 - as long as the process
    return print_much(board)


def cpu_seconds(run: Callable[[Any], Returned]) -> tuple[float, float]:
    """Return the CPU time of the flow, and of its worker meanwhile."""
    process, log = serving(run), new_log()
    try:
        begun = time.process_time()
        outcome = called(process, CALL, log)
        assert isinstance(outcome, Returned)
        return json.loads(outcome.result), time.process_time() - begun
    finally:
        process.close()


def compare() -> None:
    """Measure CPU time: on a machine that is busy, time on the clock says nothing."""
    alone = min(cpu_seconds(print_to_nowhere) for _ in range(2))
    before = memory_of(os.getpid())
    heard = min(cpu_seconds(print_much) for _ in range(2))
    grown = memory_of(os.getpid()) - before
    print(f"to /dev/null {alone}, heard {heard} seconds; {grown / 1e6:.1f} MB more memory")
    assert heard[0] <= 1.3 * alone[0]
    assert heard[1] <= 0.3 * alone[0]
    assert grown < 16_000_000


def test_it_takes_little_longer() -> None:
    """A flow that prints without end takes at most 30 % longer, and its worker's memory does not grow."""
    in_own_process(compare)
