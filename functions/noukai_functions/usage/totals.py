"""The sums of the usage table: usage per org, day and flow.

A sum is added to by the stream of the jobs table, whose records come at least once: a function that dies
half-way gets its batch again, cut as before or otherwise. So each sum is kept for one shard of the stream,
with which of the shard's records are in it, and one conditional write changes both. A job's records are all
of one shard and its successors.

The records of a shard come in order, so that all up to the last one are in, but for those that Lambda has
discarded since they could not be counted for 23 hours. These are counted later, by `make recount`, when the
sum has long gone on beyond them, and some sums of a discarded batch may have it, others not. So a sum knows
its gaps. Noting each would make the row grow with every write; but nothing is discarded before its time, so
that a gap matters only if the record before it is as old as that, when the sum goes on. What a sum has is
then a few ranges: `e` holds their firsts and lasts, but for the very last, `q`, whose record came into the
stream at `t`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, cast

from noukai_functions.aws import AwsError, queried
from noukai_functions.telemetry import logger
from noukai_functions.usage.counted import Counted, oldest_kept
from noukai_functions.usage.records import Entry, Usage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NAMES = {"completed": "c", "failed": "f", "cancelled": "x", "attempts": "n", "ran_ms": "r", "mb_ms": "m"}
UNFINISHED_NAMES = {"jobs": "u", "later": "l"}

COUNTERS = 8
"""Assumed number of metering processes that count for one org at once. None of them knows of the others."""


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """The usage table, by org `o` and key `k`: the day, the flow and the shard."""

    client: "DynamoDBClient"
    table_name: str

    def add(self, shard: str, entries: Sequence[Entry], now: int) -> None:
        """Add one shard's records of one org, day and flow, except those already counted.

        One write; another one if some of them are in, or if the sum may have a gap before them.
        """
        row = self._write(shard, entries, _next(entries, now))
        while row is not None:
            counted = Counted.read(row.get("e", {"S": ""})["S"], row["q"]["S"])
            missing = [entry for entry in entries if not counted.has(entry.sequence)]
            if not missing:
                return
            row = self._write(shard, missing, _later(row, counted, entries, now))

    def _write(self, shard: str, entries: Sequence[Entry], change: "_Change") -> "Mapping[str, Any] | None":
        """Add records if the row still matches the change; else return the row."""
        first = entries[0]
        usage = reduce(add, (entry.usage for entry in entries))
        unfinished = reduce(add, (entry.unfinished for entry in entries))
        sums = {name: getattr(usage, field) for field, name in _NAMES.items()}
        # Jobs that came and ended in one batch, as most do, change nothing of these.
        changes = {name: getattr(unfinished, field) for field, name in UNFINISHED_NAMES.items()}
        sums |= {name: change for name, change in changes.items() if change}
        numbers: dict[str, Any] = {f":{name}": {"N": str(number)} for name, number in sums.items()}
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key={"o": {"S": first.org}, "k": {"S": f"{first.day}/{first.flow}/{shard}"}},
                UpdateExpression=f"SET {change.assignments} ADD {', '.join(f'{name} :{name}' for name in sums)}",
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
        """Read an org's usage from one day to another, by day and flow."""
        items = queried(
            self.client,
            TableName=self.table_name,
            KeyConditionExpression="o = :org AND k BETWEEN :first AND :last",
            # After the slash that follows a day comes the zero.
            ExpressionAttributeValues={":org": {"S": org}, ":first": {"S": first}, ":last": {"S": f"{last}0"}},
            # Whoever has just added to a sum must find that in it.
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
    """Begin a sum, or continue it where it ends if no record can have been discarded."""
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


def _later(row: "Mapping[str, Any]", counted: Counted, entries: Sequence[Entry], now: int) -> _Change:
    """Add a batch at any place of an unchanged sum."""
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
    """Merge the shards' sums of each day and flow."""
    sums: dict[tuple[str, str], Usage] = {}
    for item in items:
        try:
            day, project, flow, _ = item["k"]["S"].split("/", 3)
            usage = Usage(*(int(item[_NAMES[field.name]]["N"]) for field in fields(Usage)))
        except (KeyError, ValueError) as error:
            logger().error("usage was left out of a sum", extra={"key": item.get("k"), "reason": repr(error)})
            continue
        sums[day, f"{project}/{flow}"] = sums.get((day, f"{project}/{flow}"), Usage()) + usage
    # On a day on which a flow's jobs have only come, they have used nothing.
    yield from ((day, flow, usage) for (day, flow), usage in sums.items() if usage != Usage())
