"""What an attempt of a flow says of itself, in a file, when it begins."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.e2e.waiting import until


@dataclass(frozen=True)
class Attempt:
    """The process of the flow, that of its worker, when it was, and the folder of its temporary files."""

    flow: int
    worker: psutil.Process
    at: float
    folder: Path


def begun(mark: Path) -> Attempt:
    """Wait for the first attempt that says at `mark` that it begins, and come soon after it."""
    until(lambda: mark.exists() and mark.read_text().endswith("\n"), every=0.01)
    flow, worker, at, folder = mark.read_text().splitlines()[0].split()
    return Attempt(int(flow), psutil.Process(int(worker)), float(at), Path(folder))
