"""The record that an attempt of a flow writes to a file when it begins."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.e2e.waiting import until


@dataclass(frozen=True)
class Attempt:
    """The flow's process, its worker's, the time, and the folder of its temporary files."""

    flow: int
    worker: psutil.Process
    at: float
    folder: Path


def begun(mark: Path) -> Attempt:
    """Wait for the first attempt's record in `mark`, and return soon after it."""
    until(lambda: mark.exists() and mark.read_text().endswith("\n"), every=0.01)
    flow, worker, at, folder = mark.read_text().splitlines()[0].split()
    return Attempt(int(flow), psutil.Process(int(worker)), float(at), Path(folder))
