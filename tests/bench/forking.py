"""Prints how many milliseconds of CPU a flow's process costs, in a worker's process of its usual size."""

import gc
import resource
import sys
from time import process_time

from functions import worker
from functions.outcome import Outcome, Returned
from functions.process import FlowProcess
from functions.progress import ProgressBoard

_SAMPLES = 40


def main() -> None:
    """Start processes that return at once, and print the least of what they and their starting cost."""
    _ = worker  # what a worker has loaded is what a fork has to copy the tables of
    gc.freeze()
    sys.stdout.write(f"{min(_once() for _ in range(_SAMPLES)):.4f}\n")


def _once() -> float:
    begun = _now()
    process = FlowProcess.start(_return)
    while process.receive(1.0) is None:
        pass
    process.close()
    return _now() - begun


def _return(_: ProgressBoard) -> Outcome:
    return Returned("1")


def _now() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (process_time() + children.ru_utime + children.ru_stime)


if __name__ == "__main__":
    main()
