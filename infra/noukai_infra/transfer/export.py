"""The export of the jobs table, page by page."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.row import decode, expression, placeholders
from noukai_functions.refusals import UnreadableRowError
from noukai_infra.transfer.contents import Contents
from noukai_infra.transfer.line import write_line

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_ROWS = 500
"""The rows of a page: few enough for the memory, and for a rate that is even."""


@dataclass(frozen=True)
class Selection:
    """A selection of jobs; an empty one selects all. Times are in milliseconds since the epoch."""

    org: str | None = None
    flow: str | None = None
    """`project/flow`."""
    since: int | None = None
    """The first included time of submission."""
    until: int | None = None
    """The first excluded one."""

    def filter(self) -> Mapping[str, Any]:
        """Return the filter of a scan, which leaves out the rows that are no jobs, too."""
        states = {state.value: state for state in State}
        parts = {
            "org": "org = :org",
            "flow": "flow = :flow",
            "since": "created_at >= :since",
            "until": "created_at < :until",
        }
        given = {name: getattr(self, name) for name in parts if getattr(self, name) is not None}
        among = ", ".join(f":{name}" for name in states)
        text = " AND ".join([f"state IN ({among})", *(parts[name] for name in given)])
        return {
            "FilterExpression": expression(text),
            "ExpressionAttributeValues": placeholders({**states, **given}),
        }


@dataclass
class ReadRate:
    """A bound on read units a second."""

    units_a_second: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _free_at: float = field(default=0, init=False)

    def wait(self) -> None:
        """Wait until what was read so far is within the rate; the work in between counts."""
        self.sleep(max(0.0, self._free_at - self.clock()))

    def spend(self, units: float) -> None:
        """Add the units of a page that was just read."""
        self._free_at = max(self.clock(), self._free_at) + units / self.units_a_second


@dataclass(frozen=True)
class Page:
    """A page of the table: the ids of its jobs with their lines, and where the next page begins."""

    lines: Iterator[tuple[str, bytes]]
    after: str | None
    """The key of its last row; None for the last page."""
    rows: int
    """How many rows were read, of whatever kind."""


@dataclass
class Export:
    """The jobs of a stack as lines; each page is forgotten with the next one."""

    dynamodb: "DynamoDBClient"
    table: str
    contents: Contents
    selection: Selection
    rate: ReadRate
    now: int
    """In milliseconds since the epoch; jobs that have expired by then are left out, as in all answers."""
    unreadable: list[str] = field(default_factory=list)
    """The ids of jobs whose row or content cannot be read."""

    def size(self) -> int:
        """Return about how many rows the table has, of whatever kind."""
        return self.dynamodb.describe_table(TableName=self.table)["Table"].get("ItemCount", 0)

    def pages(self, after: str | None) -> Iterator[Page]:
        """Read the table from the row after a key on, which need not be there any more."""
        while True:
            self.rate.wait()
            start: Any = {"ExclusiveStartKey": {"id": {"S": after}}} if after else {}
            answer = self.dynamodb.scan(
                TableName=self.table,
                Limit=_ROWS,
                ReturnConsumedCapacity="TOTAL",
                **self.selection.filter(),
                **start,
            )
            self.rate.spend(answer["ConsumedCapacity"]["CapacityUnits"])
            after = answer.get("LastEvaluatedKey", {}).get("id", {}).get("S")
            yield Page(self._lines(answer["Items"]), after, answer["ScannedCount"])
            if after is None:
                return

    def _lines(self, items: list[Any]) -> Iterator[tuple[str, bytes]]:
        for item in items:
            job_id: str = item["id"]["S"]
            try:
                job = decode(item)
                if job.is_expired(self.now):
                    continue
                line = write_line(self.contents.of(job))
            except (UnreadableRowError, ValueError):
                self.unreadable.append(job_id)
            else:
                yield job_id, line
