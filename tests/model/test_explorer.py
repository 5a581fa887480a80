"""The real table, queue and worker keep their promises in every explored schedule."""

from itertools import islice
from pathlib import Path

import pytest

from tests.model import explore, shards
from tests.model.explorer import Explorer
from tests.model.scenario import EVERY, SOME, WIDE
from tests.model.signature import signature

_ENOUGH = 10_000
"""For each random scenario; with the fully explored ones, they are fifty thousand."""


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("crash", 1_200),
        ("crash, old receipts", 900),
        ("failed call", 1_400),
        ("answer lost", 2_900),
        ("call cut", 2_000),
        ("raise", 400),
        ("raise, old receipts", 380),
        ("process killed", 4_600),
        ("process left unclean", 750),
    ],
)
def test_every_schedule(explorer: Explorer, name: str, at_least: int) -> None:
    """Two workers, a repeated delivery, a cancellation and one fault: no order of calls breaks a promise.

    A fault may also be a flow process that dies, in an attempt or between two, or that must not be reused.
    """
    seen = [signature(schedule) for schedule in explorer.every(EVERY[name])]
    assert len(set(seen)) == len(seen) >= at_least


@pytest.mark.parametrize("name", SOME)
def test_random_schedules(asset: Path, name: str) -> None:
    """Callers, batches, dead letters, faults of every kind and time: no schedule breaks a promise."""
    *_, (run, seen) = shards.explore(asset, SOME[name], seed=20, wanted=_ENOUGH)
    assert run >= seen >= _ENOUGH


def test_random_schedule_is_replayed_by_its_number(
    explorer: Explorer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command shows the schedule that the explorer ran under that number, the same each time."""
    (wanted,) = islice(explorer.some(WIDE, seed=3, first=7), 1)
    monkeypatch.setattr("sys.argv", ["explore", "--scenario", WIDE.name, "--seed", "3", "--number", "7"])
    explore.main()
    assert capsys.readouterr().out.splitlines() == [str(event) for event in wanted]
