"""Command: explore far more schedules than a test run can, and print their number as a table.

A row counts schedules in which no promise was broken: the first violation ends the command with its schedule,
and with the arguments that repeat it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tests.model import shards
from tests.model.explorer import Explorer, build_asset
from tests.model.scenario import EVERY, LONG, SOME, Scenario
from tests.model.signature import signature

_ROW = "{:<32}{:>12}{:>12}{:>10}"
_SHOW_EVERY_SECONDS = 10


def main() -> int:
    """Explore as the arguments say."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        asset = build_asset(Path(folder) / "asset")
        if asked.number is not None:
            with Explorer.of(asset) as explorer:
                (schedule,) = islice(explorer.some(SOME[asked.scenario], asked.seed, asked.number), 1)
            _say("\n".join(map(str, schedule)))
            return 0
        _say(_ROW.format("scenario", "run", "distinct", "seconds"))
        counted = [_show(asset, scenario, asked) for scenario in _scenarios(asked)]
        _say(_ROW.format("total", *(sum(column) for column in zip(*counted, strict=True))))
    return 0


def _scenarios(asked: argparse.Namespace) -> list[Scenario]:
    known = {**EVERY, **LONG, **SOME}
    return [known[asked.scenario]] if asked.scenario else list(known.values())


def _show(asset: Path, scenario: Scenario, asked: argparse.Namespace) -> tuple[int, int, int]:
    begun = shown = time.monotonic()
    run = distinct = 0
    share = asked.schedules if asked.scenario else -(-asked.schedules // len(SOME))
    progress = (
        shards.explore(asset, scenario, asked.seed, share)
        if scenario.name in SOME
        else _every(asset, scenario)
    )
    for run, distinct in progress:
        if time.monotonic() - shown > _SHOW_EVERY_SECONDS:
            shown = time.monotonic()
            _say(_ROW.format(f"  {scenario.name} …", run, distinct, round(shown - begun)))
    seconds = round(time.monotonic() - begun)
    _say(_ROW.format(scenario.name, run, distinct, seconds))
    return run, distinct, seconds


def _every(asset: Path, scenario: Scenario) -> Iterator[tuple[int, int]]:
    seen: set[int] = set()
    with Explorer.of(asset) as explorer:
        for run, schedule in enumerate(explorer.every(scenario), start=1):
            seen.add(signature(schedule))
            yield run, len(seen)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model.explore", description=__doc__)
    parser.add_argument("--scenario", choices=[*EVERY, *LONG, *SOME], help="only this one")
    parser.add_argument("--schedules", type=int, default=1_000_000, help="how many distinct ones in all")
    parser.add_argument("--seed", type=int, default=1, help="of the random ones")
    parser.add_argument("--number", type=int, help="show the random schedule of this number, and no other")
    asked = parser.parse_args()
    if asked.number is not None and asked.scenario not in SOME:
        parser.error(f"a number is one of a random scenario: --scenario {'|'.join(SOME)}")
    return asked


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
