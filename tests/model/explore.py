"""Command: explore far more schedules than a test run has time for, and show how many as a table.

A row stands for schedules in which no promise was broken: the first violation ends the command with its schedule.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.model.explorer import Explorer, signature
from tests.model.scenario import CRASH, WIDE, Scenario

_ROW = "{:<24}{:>12}{:>12}{:>10}"


def main() -> int:
    """Explore until `argv[1]` distinct schedules were seen."""
    wanted = int(sys.argv[1])
    _say("scenario", "schedules", "distinct", "seconds")
    with tempfile.TemporaryDirectory() as folder:
        explorer = Explorer.at(Path(folder) / "asset")
        done = _show(explorer, CRASH, None)
        _show(explorer, WIDE, wanted - done)
    return 0


def _show(explorer: Explorer, scenario: Scenario, wanted: int | None) -> int:
    begun, schedules, seen = time.monotonic(), 0, set[int]()
    for schedule in explorer.every(scenario) if wanted is None else explorer.some(scenario, seed=1):
        schedules += 1
        seen.add(signature(schedule))
        if len(seen) == wanted:
            break
    _say(scenario.name, schedules, len(seen), round(time.monotonic() - begun))
    return len(seen)


def _say(*columns: object) -> None:
    print(_ROW.format(*columns), flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
