"""Usage that could not be counted: it is counted once, even if the usage table is restored."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from noukai_infra.operations.times import Interval
from tests.functions.harness import System
from tests.functions.stand_ins.stream_mapping import Mapping

HOUR = 60 * 60 * 1000


class History:
    """A mapping, and a former state of the usage table."""

    def __init__(self, system: System) -> None:
        self.mapping = Mapping(system)
        self._client = boto3.client("dynamodb", region_name="us-east-1")
        self._rows: list[dict[str, Any]] = []

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.mapping.system.clock.time / 1000, UTC)

    def count(self, flows: str) -> None:
        """End jobs that are counted at once."""
        self.mapping.arrive(flows)
        self.mapping.attempt(len(self.mapping.pending))

    def miss(self, flows: str) -> None:
        """End jobs that cannot be counted until their records are put away."""
        self.mapping.arrive(flows)
        self.wait(24)
        self.mapping.discard(len(flows))

    def wait(self, hours: float) -> None:
        self.mapping.system.clock.time += int(hours * HOUR)

    def note(self) -> datetime:
        """Save the state of the table; return the time."""
        self._rows = self._client.scan(TableName="usage")["Items"]
        return self.now

    def restore(self) -> datetime:
        """Restore the table, as `make restore` does; return the time."""
        for row in self._client.scan(TableName="usage")["Items"]:
            self._client.delete_item(TableName="usage", Key={"o": row["o"], "k": row["k"]})
        for row in self._rows:
            self._client.put_item(TableName="usage", Item=row)
        return self.now


@pytest.fixture
def history(system: System) -> History:
    """Return a history without counted jobs."""
    return History(system)


def test_usage_put_away_before_the_restored_time_is_counted_once(history: History) -> None:
    """Later usage, counted or put away, is lost with the table; usage after the restoration counts."""
    history.count("ab")
    history.miss("ab")
    then = history.note()
    history.wait(1)
    history.count("a")
    history.miss("bb")
    history.count("b")
    forgotten = Interval(then, history.restore())
    history.wait(1)
    history.count("a")
    assert history.mapping.counted() == {"demo/a": 2, "demo/b": 1}

    assert history.mapping.recount(forgotten) == (2, 2)
    assert history.mapping.counted() == {"demo/a": 3, "demo/b": 2}
    assert history.mapping.recount(forgotten) == (0, 0)
    assert history.mapping.counted() == {"demo/a": 3, "demo/b": 2}


def test_usage_put_away_after_the_restoration_is_counted(history: History) -> None:
    """The command leaves out only the lost period; a batch may have records of both sides."""
    history.count("a")
    then = history.note()
    history.wait(1)
    history.mapping.arrive("b")
    forgotten = Interval(then, history.restore())
    history.wait(1)
    history.miss("ab")
    history.mapping.discard(3)

    history.mapping.recount(forgotten)
    assert history.mapping.counted() == {"demo/a": 2, "demo/b": 1}


def test_recount_after_the_restored_time_is_lost(history: History) -> None:
    """Its batches are gone: restore first, then recount."""
    history.count("a")
    history.miss("b")
    history.note()
    history.wait(1)
    assert history.mapping.recount() == (1, 1)
    assert history.mapping.counted() == {"demo/a": 1, "demo/b": 1}
    history.restore()
    history.mapping.recount()
    assert history.mapping.counted() == {"demo/a": 1}


def test_recount_before_the_restored_time_stays(history: History) -> None:
    """Its batches would be counted once, if they still existed."""
    history.count("a")
    history.miss("b")
    (batch,) = history.mapping.uncounted.batches()
    history.mapping.recount()
    history.note()
    history.wait(1)
    history.count("ab")
    history.restore()
    history.mapping.count(str(batch.event))
    assert history.mapping.counted() == {"demo/a": 1, "demo/b": 1}
