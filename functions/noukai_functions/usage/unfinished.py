"""The numbers of unfinished jobs per org, and the watch over their limits.

The totals of the usage table hold, per day, how many more jobs were submitted than ended. Their sum is read
seldom: only when a limit could be reached or left. Days that no longer change are merged into one row per
org, which holds only derived data: a process that changes an old total deletes it, so that it is built again.
"""

from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError, queried
from noukai_functions.clock import day_of
from noukai_functions.usage.budgets import Budget, Budgets
from noukai_functions.usage.records import Unfinished
from noukai_functions.usage.totals import COUNTERS, UNFINISHED_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

_DAY_MS = 24 * 60 * 60 * 1000

_OPEN_MS = 3 * _DAY_MS
"""Totals of a day may change while the stream holds its records: a day, plus one for clock skew and midnight.
"""

_LOOK_MS = 10_000
"""The shortest time between two counts of an org's jobs."""


@dataclass(frozen=True, slots=True)
class UnfinishedJobs:
    """The numbers of unfinished jobs in the usage table."""

    client: "DynamoDBClient"
    table_name: str

    def count(self, org: str, now: int) -> Unfinished:
        """Count the unfinished jobs of an org from its daily totals."""
        answer = self.client.get_item(TableName=self.table_name, Key=_key(org), ConsistentRead=True)
        row: Mapping[str, Any] = answer.get("Item", {})
        closed, total = row.get("d", {"S": ""})["S"], _change(row)
        newest, settled = day_of(now - _OPEN_MS), total
        has_settled = False
        for item in self._sums_after(org, closed):
            total += _change(item)
            if item["k"]["S"][: len(newest)] <= newest:
                settled += _change(item)
                has_settled = True
        if has_settled:
            self._close(org, row.get("v"), newest, settled)
        return total

    def is_closed(self, day: str, now: int) -> bool:
        """Return whether a process, by any clock, may merge the day with those before it."""
        return day <= day_of(now - _OPEN_MS + _DAY_MS)

    def reopen(self, org: str) -> None:
        """Recount all days of an org, even if another process is merging some."""
        names = ", ".join(UNFINISHED_NAMES.values())
        self.client.update_item(
            TableName=self.table_name,
            Key=_key(org),
            UpdateExpression=f"REMOVE d, {names} ADD v :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    def _sums_after(self, org: str, day: str) -> "Iterable[Mapping[str, Any]]":
        return queried(
            self.client,
            TableName=self.table_name,
            # A day is followed by a slash; `0` is the next character.
            KeyConditionExpression="o = :org AND k > :day",
            ExpressionAttributeValues={":org": {"S": org}, ":day": {"S": f"{day}0"}},
            ConsistentRead=True,
        )

    def _close(self, org: str, version: "Mapping[str, str] | None", day: str, settled: Unfinished) -> None:
        """Merge the days up to `day`, unless the row has changed since `version`."""
        names = list(UNFINISHED_NAMES.values())
        counts = ", ".join(f"{name} = :{name}" for name in names)
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key=_key(org),
                UpdateExpression=f"SET d = :day, {counts} ADD v :one",
                ConditionExpression="v = :version" if version else "attribute_not_exists(v)",
                ExpressionAttributeValues={
                    ":day": {"S": day},
                    ":one": {"N": "1"},
                    **({":version": version} if version else {}),
                    **{
                        f":{name}": {"N": str(getattr(settled, field))}
                        for field, name in UNFINISHED_NAMES.items()
                    },
                },
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise


def _key(org: str) -> dict[str, Any]:
    return {"o": {"S": "#unfinished"}, "k": {"S": org}}


def _change(item: "Mapping[str, Any]") -> Unfinished:
    return Unfinished(
        **{field: int(item.get(name, {"N": "0"})["N"]) for field, name in UNFINISHED_NAMES.items()}
    )


@dataclass(slots=True)
class _Look:
    """An org's count at the last read, and the changes since."""

    at: int
    count: Unfinished
    budget: Budget
    since: Unfinished = field(default_factory=Unfinished)


@dataclass(slots=True)
class Bounds:
    """The watch over the limits of unfinished jobs."""

    jobs: UnfinishedJobs
    budgets: Budgets
    counters: int = COUNTERS
    _looks: dict[str, _Look] = field(default_factory=dict)

    def note(self, org: str, change: Unfinished, now: int) -> None:
        """Record a change, and mark the budget when a limit is reached or left."""
        budget, look = self.budgets.of(org), self._looks.get(org)
        if look is not None and look.budget == budget:
            look.since += change
            if not _is_due(look, now, self.counters):
                return
        count = self.jobs.count(org, now)
        reached = budget.reached(count)
        if reached != budget.full:
            self.budgets.note_full(org, budget, reached)
        self._looks[org] = _Look(now, count, self.budgets.of(org))


def _is_due(look: _Look, now: int, counters: int) -> bool:
    """Return whether a limit may have been reached or left since the last count."""
    if now < look.at + _LOOK_MS:
        return False
    changes = (Unfinished(max(0, look.since.jobs), max(0, look.since.later)) for _ in range(counters))
    return bool(look.budget.full or look.budget.reached(reduce(add, changes, look.count)))
