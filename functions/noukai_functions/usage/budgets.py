"""The budgets of orgs: limits on monthly usage and on unfinished jobs."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noukai_functions.aws import AwsError
from noukai_functions.aws.retries import THROTTLED_CODES
from noukai_functions.clock import Clock, month_of
from noukai_functions.names import BUDGETS, ENDPOINTS
from noukai_functions.refusals import BudgetUsedUpError, Refusal, TooManyUnfinishedError
from noukai_functions.telemetry.logger import logger
from noukai_wire.limits import DEFAULT_LATER_JOBS, DEFAULT_UNFINISHED_JOBS, MAX_WEBHOOKS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mypy_boto3_dynamodb import DynamoDBClient

    from noukai_functions.usage.records import Prices, Unfinished, Usage

UNFINISHED, LATER = "unfinished", "later"
"""The names of the limits on unfinished jobs."""

CACHE_MS = 20_000
"""How long a budget is cached. With the stream's batching window and late counts, an org is refused within a
minute of using up its budget."""


_LEAST_ROOM = 64
"""How many budgets are cached before old ones are dropped."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of an org: a monthly limit in jobs, USD or both, and limits on unfinished jobs."""

    jobs: int | None = None
    usd: float | None = None
    version: str = ""
    spent: str | None = None
    """The month in which it was last used up."""
    unfinished: int = DEFAULT_UNFINISHED_JOBS
    later: int = DEFAULT_LATER_JOBS
    """The limit on unfinished jobs that wait in a schedule."""
    full: frozenset[str] = frozenset()
    """The reached limits: `UNFINISHED`, `LATER`."""
    webhooks: frozenset[str] = frozenset()
    """The names of the org's webhook endpoints. They are here because every submission reads this row."""

    @property
    def is_monthly(self) -> bool:
        """Return whether monthly usage is limited."""
        return self.jobs is not None or self.usd is not None

    def share(self, usage: "Usage", prices: "Prices") -> float:
        """Return the used share of the monthly budget; it is used up at 1."""
        parts = [] if self.jobs is None else [usage.jobs / self.jobs]
        return max([*parts, *([] if self.usd is None else [prices.cost(usage) / self.usd])], default=0.0)

    def reached(self, unfinished: "Unfinished") -> frozenset[str]:
        """Return the limits that these numbers of unfinished jobs reach."""
        counts = {UNFINISHED: (unfinished.jobs, self.unfinished), LATER: (unfinished.later, self.later)}
        return frozenset(name for name, (count, most) in counts.items() if count >= most)


@dataclass(slots=True)
class Budgets:
    """The budgets in the usage table, cached per process."""

    client: "DynamoDBClient"
    table_name: str
    clock: Clock
    _known: dict[str, tuple[int, Budget]] = field(default_factory=dict)
    _room: int = _LEAST_ROOM

    def of(self, org: str) -> Budget:
        """Return the budget of an org, at most some seconds old.

        An org without a row has only the default limits on unfinished jobs.
        """
        now = self.clock.now()
        believed_until, budget = self._known.get(org, (0, Budget()))
        if believed_until <= now:
            try:
                budget = self._read(org)
            except AwsError as error:
                # All budgets share a partition, which DynamoDB splits after minutes of heat. Until then an
                # old answer is better than none.
                if believed_until == 0 or error.code not in THROTTLED_CODES:
                    raise
            self._know(org, budget, now)
        return budget

    def has_webhook(self, org: str, name: str) -> bool:
        """Return whether the org has a webhook endpoint of that name, even if it was made just now."""
        if name in self.of(org).webhooks:
            return True
        budget = self._read(org, consistent=True)
        self._know(org, budget, self.clock.now())
        return name in budget.webhooks

    def add_webhook(self, org: str, name: str) -> bool:
        """Add the name of an endpoint; return False if the org has as many as it may have."""
        self._known.pop(org, None)
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key=_key(org),
                UpdateExpression=f"ADD {ENDPOINTS} :names",
                ConditionExpression=f"attribute_not_exists({ENDPOINTS}) OR contains({ENDPOINTS}, :name)"
                f" OR size({ENDPOINTS}) < :most",
                ExpressionAttributeValues={
                    ":names": {"SS": [name]},
                    ":name": {"S": name},
                    ":most": {"N": str(MAX_WEBHOOKS)},
                },
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def remove_webhook(self, org: str, name: str) -> None:
        """Forget the name of an endpoint."""
        self._known.pop(org, None)
        self.client.update_item(
            TableName=self.table_name,
            Key=_key(org),
            UpdateExpression=f"DELETE {ENDPOINTS} :names",
            ExpressionAttributeValues={":names": {"SS": [name]}},
        )

    def _know(self, org: str, budget: Budget, now: int) -> None:
        if len(self._known) >= self._room:
            # Seldom, so that each read costs the same however many orgs there are.
            self._known = self._fresh(now)
            self._room = max(_LEAST_ROOM, 2 * len(self._known))
        self._known[org] = (now + CACHE_MS, budget)

    def refusal(self, org: str, *, is_later: bool) -> Refusal | None:
        """Return the refusal that the org's budget demands for a new job, if any.

        `is_later` is true if the job waits in a schedule.
        """
        budget = self.of(org)
        if budget.spent == month_of(self.clock.now()):
            return BudgetUsedUpError(org)
        if UNFINISHED in budget.full:
            return TooManyUnfinishedError(org, budget.unfinished, "unfinished jobs")
        if is_later and LATER in budget.full:
            return TooManyUnfinishedError(
                org, budget.later, "unfinished jobs whose runAt was more than 15 minutes ahead"
            )
        return None

    def note_spent(self, org: str, budget: Budget, month: str) -> None:
        """Mark a monthly budget as used up, unless it was changed in the meantime."""
        self._note(org, budget, "SET spent = :month", {":month": {"S": month}})

    def note_full(self, org: str, budget: Budget, reached: frozenset[str]) -> None:
        """Mark the reached limits, unless they were changed in the meantime."""
        if reached:
            self._note(org, budget, "SET reached = :reached", {":reached": {"SS": sorted(reached)}})
        else:
            self._note(org, budget, "REMOVE reached", {})

    def _note(self, org: str, budget: Budget, update: str, values: "dict[str, Any]") -> None:
        self._known.pop(org, None)
        if budget.version:
            values = {**values, ":version": {"S": budget.version}}
        # DynamoDB refuses an empty map of values.
        given: Any = {"ExpressionAttributeValues": values} if values else {}
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key=_key(org),
                UpdateExpression=update,
                ConditionExpression="v = :version" if budget.version else "attribute_not_exists(v)",
                **given,
            )
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise

    def _fresh(self, now: int) -> dict[str, tuple[int, Budget]]:
        return {org: entry for org, entry in self._known.items() if entry[0] > now}

    def _read(self, org: str, *, consistent: bool = False) -> Budget:
        row: Mapping[str, Any] | None = self.client.get_item(
            TableName=self.table_name, Key=_key(org), ConsistentRead=consistent
        ).get("Item")
        if row is None:
            return Budget()
        try:
            return _decode(row)
        except (LookupError, TypeError, ValueError, AttributeError):
            # The operator sees it in the list of budgets. Until it is corrected, submissions go on.
            logger().exception("a budget cannot be read", extra={"org": org})
            return Budget(webhooks=_webhooks(row))


def _key(org: str) -> dict[str, "Any"]:
    return {"o": {"S": BUDGETS}, "k": {"S": org}}


def _decode(row: "Mapping[str, Any]") -> Budget:
    return Budget(
        jobs=int(row["jobs"]["N"]) if "jobs" in row else None,
        usd=float(row["usd"]["N"]) if "usd" in row else None,
        version=row["v"]["S"] if "v" in row else "",
        spent=row["spent"]["S"] if "spent" in row else None,
        unfinished=int(row[UNFINISHED]["N"]) if UNFINISHED in row else DEFAULT_UNFINISHED_JOBS,
        later=int(row[LATER]["N"]) if LATER in row else DEFAULT_LATER_JOBS,
        full=frozenset(row["reached"]["SS"]) if "reached" in row else frozenset(),
        webhooks=_webhooks(row),
    )


def _webhooks(row: "Mapping[str, Any]") -> frozenset[str]:
    return frozenset(row.get(ENDPOINTS, {}).get("SS", ()))
