"""The real store, queue and worker keep their promises in every schedule that is looked at."""

from itertools import islice

from tests.model.explorer import Explorer, signature
from tests.model.scenario import CRASH, WIDE


def test_every_schedule_of_one_crash(explorer: Explorer) -> None:
    """Two workers, a delivery repeated, a cancellation and a crash: no order of their calls breaks a promise."""
    seen = [signature(schedule) for schedule in explorer.every(CRASH)]
    assert len(set(seen)) == len(seen) > 2_000


def test_random_schedules_of_everything(explorer: Explorer) -> None:
    """Callers, workers, the reader of dead letters, faults of every kind and time: ten thousand schedules hold."""
    seen: set[int] = set()
    for schedule in explorer.some(WIDE, seed=20):
        seen.add(signature(schedule))
        if len(seen) == 10_000:
            break


def test_random_schedule_is_replayed_by_its_number(explorer: Explorer) -> None:
    """A seed and a number give the same schedule each time."""
    (first,), (again,) = (list(islice(explorer.some(WIDE, seed=3, first=7), 1)) for _ in range(2))
    assert first == again
