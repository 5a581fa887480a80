"""The budgets of orgs, as the operator sets them."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from noukai_functions.names import BUDGETS, ENDPOINTS
from noukai_infra.operations.orgs.bad_row import problem_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_NO_LIMITS = frozenset({"o", "k", "reached", ENDPOINTS})
"""The attributes of an org's row that are no limits."""


@dataclass(frozen=True)
class Limits:
    """The monthly (UTC) budget of an org, and its limits of unfinished jobs.

    None is the default, which has no monthly limit.
    """

    jobs: int | None = None
    usd: Decimal | None = None
    unfinished: int | None = None
    later: int | None = None
    """The limit of unfinished jobs whose `runAt` was more than 15 minutes ahead."""


@dataclass(frozen=True)
class BudgetRow:
    """The limits of an org, and which of them are reached."""

    org: str
    limits: Limits = Limits()
    spent: str | None = None
    """The month in which it was last used up."""
    full: tuple[str, ...] = ()
    """Which of `unfinished` and `later` is reached."""
    problem: str | None = None
    """The reason why the row cannot be read; if set, only the org is known."""


@dataclass(frozen=True)
class Budgets:
    """The budgets in the usage table.

    An org without a budget has only the default limits of unfinished jobs.
    """

    client: "DynamoDBClient"
    table: str

    def set(self, org: str, limits: Limits) -> Limits:
        """Set the given limits of an org, keep the others, and return all.

        This month's usage counts. It is compared whenever a job of the org ends, so that a lower budget takes
        effect at the next end.
        """
        stated: dict[str, AttributeValueTypeDef] = {
            name: {"N": str(value)} for name, value in asdict(limits).items() if value is not None
        }
        # A new version, so that a function that has read the former budget cannot mark this one as used up.
        stated["v"] = {"S": secrets.token_hex(4)}
        assignments = ", ".join(f"#{name} = :{name}" for name in stated)
        answer = self.client.update_item(
            TableName=self.table,
            Key=_key(org),
            UpdateExpression=f"SET {assignments} REMOVE spent, reached",
            ExpressionAttributeNames={f"#{name}": name for name in stated},
            ExpressionAttributeValues={f":{name}": value for name, value in stated.items()},
            ReturnValues="ALL_NEW",
        )
        return _decode(answer["Attributes"]).limits

    def clear(self, org: str) -> bool:
        """Remove an org's limits; return False if it had none."""
        removed = [*asdict(Limits()), "v", "spent", "reached"]
        try:
            # The row also names the org's webhook endpoints, which stay.
            gone = self.client.update_item(
                TableName=self.table,
                Key=_key(org),
                UpdateExpression=f"REMOVE {', '.join(f'#{name}' for name in removed)}",
                ConditionExpression="attribute_exists(o)",
                ExpressionAttributeNames={f"#{name}": name for name in removed},
                ReturnValues="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        # Only `reached`, which the functions write, does not count as a limit.
        return not gone.get("Attributes", {}).keys() <= _NO_LIMITS

    def rows(self) -> list[BudgetRow]:
        """Read all budgets, by org."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="o = :budgets",
            ExpressionAttributeValues={":budgets": {"S": BUDGETS}},
            ConsistentRead=True,
        )
        items = [item for page in pages for item in page["Items"]]
        return [_decode(item) for item in items if not item.keys() <= {"o", "k", ENDPOINTS}]


def _key(org: str) -> "dict[str, AttributeValueTypeDef]":
    return {"o": {"S": BUDGETS}, "k": {"S": org}}


def _decode(item: Mapping[str, Any]) -> BudgetRow:
    org: str = item["k"]["S"]
    try:
        return BudgetRow(
            org,
            Limits(
                usd=Decimal(item["usd"]["N"]) if "usd" in item else None,
                **{name: int(item[name]["N"]) for name in ("jobs", "unfinished", "later") if name in item},
            ),
            spent=item["spent"]["S"] if "spent" in item else None,
            full=tuple(sorted(item["reached"]["SS"])) if "reached" in item else (),
        )
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        return BudgetRow(org, problem=problem_of(error))
