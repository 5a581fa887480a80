"""Usage that could not be counted is counted once, also if the usage table is brought back to a point in time."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from noukai_infra.operations.moments import Interval
from tests.functions.harness import System
from tests.functions.stand_ins.stream_mapping import Mapping

HOUR = 60 * 60 * 1000


class History:
    """A mapping, and the usage table as it was."""

    def __init__(self, system: System) -> None:
        self.mapping = Mapping(system)
        self._client = boto3.client("dynamodb", region_name="us-east-1")
        self._rows: list[dict[str, Any]] = []

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.mapping.system.clock.time / 1000, UTC)

    def count(self, flows: str) -> None:
        """Let jobs end that are counted at once."""
        self.mapping.arrive(flows)
        self.mapping.attempt(len(self.mapping.pending))

    def miss(self, flows: str) -> None:
        """Let jobs end that cannot be counted for so long that their records are put away."""
        self.mapping.arrive(flows)
        self.wait(24)
        self.mapping.discard(len(flows))

    def wait(self, hours: float) -> None:
        self.mapping.system.clock.time += int(hours * HOUR)

    def note(self) -> datetime:
        """Take note of the table; return the moment."""
        self._rows = self._client.scan(TableName="usage")["Items"]
        return self.now

    def restore(self) -> datetime:
        """Bring the table back, as `make restore` does; return when."""
        for row in self._client.scan(TableName="usage")["Items"]:
            self._client.delete_item(TableName="usage", Key={"o": row["o"], "k": row["k"]})
        for row in self._rows:
            self._client.put_item(TableName="usage", Item=row)
        return self.now


@pytest.fixture
def history(system: System) -> History:
    """Nothing has been counted yet."""
    return History(system)


def test_what_was_put_away_before_the_moment_is_counted_once(history: History) -> None:
    """What came after it, counted or put away, is forgotten with the usage; what comes after the restoration counts."""
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


def test_what_is_put_away_after_the_restoration_is_counted(history: History) -> None:
    """The same command leaves out the time that is forgotten, and no other; records of both may be in one batch."""
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


def test_recount_since_the_moment_is_forgotten_too(history: History) -> None:
    """Its batches are gone: a restoration comes first, and the recount after it."""
    history.count("a")
    history.miss("b")
    history.note()
    history.wait(1)
    assert history.mapping.recount() == (1, 1)
    assert history.mapping.counted() == {"demo/a": 1, "demo/b": 1}
    history.restore()
    history.mapping.recount()
    assert history.mapping.counted() == {"demo/a": 1}


def test_recount_before_the_moment_stays(history: History) -> None:
    """Its batches would be counted once, were they still there."""
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
