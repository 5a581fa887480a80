"""The rounds of the sweep over the jobs table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from noukai_functions.jobs.lifecycle import UNSETTLED, Job
from noukai_functions.jobs.row import decode, expression, placeholders
from noukai_functions.names import SWEEP_ROW
from noukai_functions.telemetry.logger import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROUND_MS = 24 * 60 * 60 * 1000
"""The time between the starts of two rounds, unless a round takes longer."""


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over the whole table, in several runs if the table is large.

    Times are in milliseconds.
    """

    started_at: int
    place: str | None = None
    """The key of the last swept row; None at the start."""
    settled: int = 0
    ended_at: int | None = None

    def is_over(self, now: int) -> bool:
        """Return whether the next round is due."""
        return self.ended_at is not None and now >= self.started_at + ROUND_MS


@dataclass(frozen=True, slots=True)
class Rounds:
    """The pages of a segment of the table, and the row that records its latest round."""

    client: "DynamoDBClient"
    table_name: str
    segment: int = 0
    segments: int = 1

    def of(self, segment: int) -> Self:
        """Return the pages of another segment."""
        return replace(self, segment=segment)

    def overdue_page(self, now: int, after: str | None) -> tuple[list[Job], str | None]:
        """Return the overdue jobs of a page, and the key of its last row.

        A page is a megabyte of rows after the key `after`, filtered. The last page has no key.
        """
        start: Any = {"ExclusiveStartKey": {"id": {"S": after}}} if after else {}
        answer: Any = self.client.scan(
            TableName=self.table_name,
            FilterExpression=expression("state IN (:pending, :running) AND start_by <= :now"),
            ExpressionAttributeValues=placeholders(
                {**{state.value: state for state in UNSETTLED}, "now": now}
            ),
            **start,
            **self._part,
        )
        last = answer.get("LastEvaluatedKey", {}).get("id", {}).get("S")
        return list(_readable(answer["Items"])), last

    def read(self) -> Round | None:
        """Return the latest round; None if there was none."""
        answer: Any = self.client.get_item(TableName=self.table_name, Key=self._key, ConsistentRead=True)
        if "Item" not in answer:
            return None
        if answer["Item"].get("segments", {"N": "1"}) != {"N": str(self.segments)}:
            # The place may be outside of a segment whose size has changed.
            return None
        values = {name: int(value["N"]) for name, value in answer["Item"].items() if "N" in value}
        place = answer["Item"].get("place", {}).get("S")
        return Round(values["started_at"], place, values["settled"], values.get("ended_at"))

    def write(self, latest: Round) -> None:
        """Record the progress of the latest round."""
        numbers = {"started_at": latest.started_at, "settled": latest.settled, "ended_at": latest.ended_at}
        item: Any = {name: {"N": str(value)} for name, value in numbers.items() if value is not None}
        item |= {"place": {"S": latest.place}} if latest.place else {}
        item |= {"segments": {"N": str(self.segments)}} if self.segments > 1 else {}
        self.client.put_item(TableName=self.table_name, Item=self._key | item)

    @property
    def _key(self) -> Any:
        return {"id": {"S": f"{SWEEP_ROW}/{self.segment}" if self.segment else SWEEP_ROW}}

    @property
    def _part(self) -> Any:
        return {"Segment": self.segment, "TotalSegments": self.segments} if self.segments > 1 else {}


def _readable(items: Iterable[Mapping[str, Any]]) -> Iterator[Job]:
    """Decode jobs' rows; skip unreadable ones, so that they block no others."""
    for item in items:
        try:
            yield decode(item)
        except (KeyError, TypeError, ValueError, AttributeError):
            logger().exception("a row cannot be read", extra={"job_id": item["id"]["S"]})
