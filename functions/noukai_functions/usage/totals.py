"""The totals of the usage table: usage per org, day and flow.

The stream of the jobs table delivers records at least once: after a crash, a batch is retried, perhaps split
differently. So each total is kept per shard, together with the sequence numbers that it includes, and one
conditional write changes both. All records of a job are in one shard and its successors.

The records of a shard come in order, so that a total usually includes all records up to its last. The
exception are batches that failed for 23 hours: Lambda discards them, and `make recount` counts them later,
when the total has moved on. A discarded batch may already be included in some totals. So a total must know
its gaps. Since nothing is discarded before 23 hours, a gap is possible only if the last included record is
older than that when the next one is added. The included numbers are therefore a few ranges: `e` holds their
firsts and lasts, except the very last, `q`, whose record came at time `t`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, cast

from noukai_functions.aws import AwsError, queried
from noukai_functions.telemetry.logger import logger
from noukai_functions.usage.records import Entry, Usage
from noukai_functions.usage.sequence_ranges import SequenceRanges, oldest_kept

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NAMES = {"completed": "c", "failed": "f", "cancelled": "x", "attempts": "n", "ran_ms": "r", "mb_ms": "m"}
UNFINISHED_NAMES = {"jobs": "u", "later": "l"}

COUNTERS = 8
"""Assumed number of concurrent metering processes per org, unless a setting says more. None of them knows of
the others."""


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """The usage table; its keys are the org `o`, and `k` with day, flow and shard."""

    client: "DynamoDBClient"
    table_name: str

    def add(self, shard: str, entries: Sequence[Entry], now: int) -> None:
        """Add a shard's records of one org, day and flow, except those already included.

        Makes one write; a further one if some records are already included, or if there may be a gap before
        them.
        """
        row = self._write(shard, entries, _next(entries, now))
        while row is not None:
            counted = SequenceRanges.read(row.get("e", {"S": ""})["S"], row["q"]["S"])
            missing = [entry for entry in entries if not counted.has(entry.sequence)]
            if not missing:
                return
            row = self._write(shard, missing, _later(row, counted, entries, now))

    def _write(self, shard: str, entries: Sequence[Entry], change: "_Change") -> "Mapping[str, Any] | None":
        """Add records if the row still matches the change; otherwise return the row."""
        first = entries[0]
        usage = reduce(add, (entry.usage for entry in entries))
        unfinished = reduce(add, (entry.unfinished for entry in entries))
        sums = {name: getattr(usage, field) for field, name in _NAMES.items()}
        # Jobs that were submitted and ended in one batch, as most do, change nothing.
        changes = {name: getattr(unfinished, field) for field, name in UNFINISHED_NAMES.items()}
        sums |= {name: change for name, change in changes.items() if change}
        numbers: dict[str, Any] = {f":{name}": {"N": str(number)} for name, number in sums.items()}
        added = ", ".join(f"{name} :{name}" for name in sums)
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key={"o": {"S": first.org}, "k": {"S": f"{first.day}/{first.flow}/{shard}"}},
                UpdateExpression=f"SET {change.assignments} ADD {added}",
                ConditionExpression=change.condition,
                ExpressionAttributeValues={**numbers, **change.values},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            answer: Any = error.answer
            return cast("Mapping[str, Any]", answer["Item"])
        return None

    def between(self, org: str, first: str, last: str) -> Iterator[tuple[str, str, Usage]]:
        """Read an org's usage between two days, by day and flow."""
        items = queried(
            self.client,
            TableName=self.table_name,
            KeyConditionExpression="o = :org AND k BETWEEN :first AND :last",
            # A day is followed by a slash; `0` is the next character.
            ExpressionAttributeValues={
                ":org": {"S": org},
                ":first": {"S": first},
                ":last": {"S": f"{last}0"},
            },
            # A reader must see the record that it has just added.
            ConsistentRead=True,
        )
        return _merged(items)


@dataclass(frozen=True, slots=True)
class _Change:
    """A conditional change of a sum's row."""

    assignments: str
    condition: str
    values: dict[str, Any]


def _next(entries: Sequence[Entry], now: int) -> _Change:
    """Begin a total, or extend it at its end if no record can have been discarded in between."""
    return _Change(
        assignments="q = :last, t = :time, e = if_not_exists(e, :first)",
        condition="attribute_not_exists(q) OR (q < :first AND t > :oldest)",
        values={
            ":first": {"S": entries[0].sequence},
            ":last": {"S": entries[-1].sequence},
            ":time": {"N": str(entries[-1].created_at)},
            ":oldest": {"N": str(oldest_kept(now))},
        },
    )


def _later(row: "Mapping[str, Any]", counted: SequenceRanges, entries: Sequence[Entry], now: int) -> _Change:
    """Add a batch at any place of a total whose row is unchanged."""
    first, last = entries[0].sequence, entries[-1].sequence
    time = int(row.get("t", {"N": "0"})["N"])
    after = counted.with_range(first, last, follows=time > oldest_kept(now))
    return _Change(
        assignments="q = :last, t = :time, e = :after",
        condition="q = :was AND (e = :before OR attribute_not_exists(e))",
        values={
            ":was": row["q"],
            ":before": {"S": counted.edges},
            ":last": {"S": after.last},
            ":time": {"N": str(entries[-1].created_at if last > counted.last else time)},
            ":after": {"S": after.edges},
        },
    )


def _merged(items: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Usage]]:
    """Merge the shards' totals of each day and flow."""
    sums: dict[tuple[str, str], Usage] = {}
    for item in items:
        try:
            day, project, flow, _ = item["k"]["S"].split("/", 3)
            usage = Usage(*(int(item[_NAMES[field.name]]["N"]) for field in fields(Usage)))
        except (KeyError, ValueError) as error:
            logger().error("usage was left out of a sum", extra={"key": item.get("k"), "reason": repr(error)})
            continue
        sums[day, f"{project}/{flow}"] = sums.get((day, f"{project}/{flow}"), Usage()) + usage
    # A flow whose jobs were submitted but did not end on that day has used nothing.
    yield from ((day, flow, usage) for (day, flow), usage in sums.items() if usage != Usage())
