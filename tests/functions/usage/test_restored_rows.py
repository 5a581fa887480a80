"""Restored rows of the jobs table: they are nobody's usage."""

from noukai_functions.usage.records import Usage
from tests.functions.harness import System
from tests.functions.stand_ins.stream import count, restored, sums


def test_restored_row_counts_nothing(system: System) -> None:
    """A restoration ends no job; later ends of restored jobs, and of jobs with a reused id, are counted."""
    count(system, [restored(1, by=2), restored(2, by=3, before=2)])
    assert sums(system) == {}
    count(system, [restored(3, by=2, before=2), restored(4, by=None, before=2)])
    assert list(sums(system).values()) == [Usage(completed=2, attempts=2, ran_ms=2000, mb_ms=2000 * 1024)]
