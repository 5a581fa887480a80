"""The budgets of orgs: what an operator lets them use in a month, and whether it is used up."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.clock import Clock, month_of
from functions.errors import ApiError
from noukai_wire.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mypy_boto3_dynamodb import DynamoDBClient

    from functions.use import Prices, Use

CACHE_MS = 20_000
"""How long a budget is believed without another look. With the seconds that a batch of the stream may be gathered for,
and what is counted late, an org is refused within a minute of having used its budget up."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What an org may use in a month: so many jobs, or USD, or both."""

    jobs: int | None = None
    usd: float | None = None
    version: str = ""
    spent: str | None = None
    """The month in which it was last used up."""

    def share(self, use: "Use", prices: "Prices") -> float:
        """How much of it some use is; from 1 on it is used up."""
        parts = [] if self.jobs is None else [use.jobs / self.jobs]
        return max([*parts, *([] if self.usd is None else [prices.cost(use) / self.usd])], default=0.0)


@dataclass(slots=True)
class Budgets:
    """The budgets, in the usage table under a key that no org has, and what this process remembers of them."""

    client: "DynamoDBClient"
    table: str
    clock: Clock
    _known: dict[str, tuple[int, Budget | None]] = field(default_factory=dict)

    def of(self, org: str) -> Budget | None:
        """Give the budget of an org, if it has one, as it stood some seconds ago at most."""
        now = self.clock.now()
        believed_until, budget = self._known.get(org, (0, None))
        if believed_until <= now:
            budget = self._read(org)
            self._known = {org: (now + CACHE_MS, budget), **self._fresh(now)}
        return budget

    def is_spent(self, org: str) -> bool:
        """Whether an org has used up its budget of this month."""
        budget = self.of(org)
        return budget is not None and budget.spent == month_of(self.clock.now())

    def note_spent(self, org: str, budget: Budget, month: str) -> None:
        """Let every function know that a budget is used up, unless it was changed meanwhile."""
        self._known.pop(org, None)
        try:
            self.client.update_item(
                TableName=self.table,
                Key=_key(org),
                UpdateExpression="SET spent = :month",
                ConditionExpression="v = :version",
                ExpressionAttributeValues={":month": {"S": month}, ":version": {"S": budget.version}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def _fresh(self, now: int) -> dict[str, tuple[int, Budget | None]]:
        return {org: entry for org, entry in self._known.items() if entry[0] > now}

    def _read(self, org: str) -> Budget | None:
        row: Mapping[str, Any] | None = self.client.get_item(TableName=self.table, Key=_key(org)).get("Item")
        if row is None:
            return None
        return Budget(
            jobs=int(row["jobs"]["N"]) if "jobs" in row else None,
            usd=float(row["usd"]["N"]) if "usd" in row else None,
            version=row["v"]["S"],
            spent=row["spent"]["S"] if "spent" in row else None,
        )


def _key(org: str) -> dict[str, "Any"]:
    return {"o": {"S": "#budget"}, "k": {"S": org}}


def insufficient_credits(org: str) -> ApiError:
    """The answer to a submission of an org that has used up its budget."""
    return ApiError(
        ErrorCode.INSUFFICIENT_CREDITS,
        f"The org {org!r} has used up its budget of this month: ask the operator of this deployment to raise it.",
    )
