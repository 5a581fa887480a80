"""The sums of the usage table: what each org has used, by day and flow.

A sum is added to by the stream of the jobs table, whose records come at least once: a function that dies half-way gets
its batch again, cut as before or otherwise. So each sum is kept for one shard of the stream, with the sequence number
of the last record that is in it, and one conditional write changes both. The records of a shard come in order, so that
whatever is not newer than that number is in the sum already. A job's records are all of one shard and its successors.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from functions.aws import AwsError, queried
from functions.telemetry import logger
from functions.use import Entry, Use

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NAMES = {"completed": "c", "failed": "f", "cancelled": "x", "attempts": "n", "ran_ms": "r", "mb_ms": "m"}
UNFINISHED_NAMES = {"jobs": "u", "later": "l"}


@dataclass(frozen=True, slots=True)
class UseStore:
    """The usage table, by org `o` and key `k`: the day, the flow and the shard."""

    client: "DynamoDBClient"
    table: str

    def add(self, shard: str, entries: Sequence[Entry]) -> None:
        """Add records of a shard, in their order and all of one org, day and flow, but for those that are in already.

        One write; another one if only some of them are in.
        """
        while entries:
            seen = self._try(shard, entries)
            entries = [entry for entry in entries if entry.sequence > seen]

    def _try(self, shard: str, entries: Sequence[Entry]) -> str:
        """Add all records if none is in; gives the number of the last that is in then, or was before."""
        first, last = entries[0], entries[-1]
        use = reduce(add, (entry.use for entry in entries))
        unfinished = reduce(add, (entry.unfinished for entry in entries))
        sums = {name: getattr(use, field) for field, name in _NAMES.items()}
        # Jobs that came and ended in one batch, as most do, change nothing of these.
        changes = {name: getattr(unfinished, field) for field, name in UNFINISHED_NAMES.items()}
        sums |= {name: change for name, change in changes.items() if change}
        numbers: dict[str, Any] = {f":{name}": {"N": str(number)} for name, number in sums.items()}
        try:
            self.client.update_item(
                TableName=self.table,
                Key={"o": {"S": first.org}, "k": {"S": f"{first.day}/{first.flow}/{shard}"}},
                UpdateExpression=f"SET q = :last ADD {', '.join(f'{name} :{name}' for name in sums)}",
                ConditionExpression="attribute_not_exists(q) OR q < :first",
                ExpressionAttributeValues={
                    **numbers,
                    ":first": {"S": first.sequence},
                    ":last": {"S": last.sequence},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            item: Any = error.answer
            return str(item["Item"]["q"]["S"])
        return last.sequence

    def between(self, org: str, first: str, last: str) -> Iterator[tuple[str, str, Use]]:
        """Read what an org has used from one day to another: each day and flow, in their order, with its use."""
        items = queried(
            self.client,
            TableName=self.table,
            KeyConditionExpression="o = :org AND k BETWEEN :first AND :last",
            # After the slash that follows a day comes the zero.
            ExpressionAttributeValues={":org": {"S": org}, ":first": {"S": first}, ":last": {"S": f"{last}0"}},
            # Whoever has just added to a sum must find that in it.
            ConsistentRead=True,
        )
        return _merged(items)


def _merged(items: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str, Use]]:
    """Put together what the shards have of each day and flow."""
    sums: dict[tuple[str, str], Use] = {}
    for item in items:
        try:
            day, project, flow, _ = item["k"]["S"].split("/", 3)
            use = Use(*(int(item[_NAMES[field.name]]["N"]) for field in fields(Use)))
        except (KeyError, ValueError) as error:
            logger().error("use was left out of a sum", extra={"key": item.get("k"), "reason": repr(error)})
            continue
        sums[day, f"{project}/{flow}"] = sums.get((day, f"{project}/{flow}"), Use()) + use
    # On a day on which a flow's jobs have only come, they have used nothing.
    yield from ((day, flow, use) for (day, flow), use in sums.items() if use != Use())
