"""What orgs may use in a month, as the operator sets it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from infra.bad_row import problem_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_BUDGETS = "#budget"
"""The key of the usage table that all budgets have, and no org."""


@dataclass(frozen=True)
class BudgetRow:
    """What an org may use in a calendar month of UTC: so many jobs, or USD, or both."""

    org: str
    jobs: int | None = None
    usd: Decimal | None = None
    spent: str | None = None
    """The month in which it was last used up."""
    problem: str | None = None
    """Why the row cannot be read, if it cannot; nothing else of it is known then but the org."""


@dataclass(frozen=True)
class Budgets:
    """The budgets in the usage table. An org that has none may use what it likes."""

    client: "DynamoDBClient"
    table: str

    def set(self, org: str, *, jobs: int | None, usd: Decimal | None) -> None:
        """Set the budget of an org, in place of the one that it had; what it has used this month counts.

        That is looked at whenever a job of the org has ended, so that a budget of less than what is used already holds
        from the next such end on.
        """
        limits = {"jobs": jobs, "usd": usd}
        stated: dict[str, AttributeValueTypeDef] = {
            name: {"N": str(value)} for name, value in limits.items() if value is not None
        }
        # Whoever finds the budget of before used up must not say so of this one.
        version: AttributeValueTypeDef = {"S": secrets.token_hex(4)}
        self.client.put_item(TableName=self.table, Item={**_key(org), **stated, "v": version})

    def clear(self, org: str) -> bool:
        """Take the budget of an org away; False if it had none."""
        gone = self.client.delete_item(TableName=self.table, Key=_key(org), ReturnValues="ALL_OLD")
        return "Attributes" in gone

    def rows(self) -> list[BudgetRow]:
        """Read all budgets, by org."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="o = :budgets",
            ExpressionAttributeValues={":budgets": {"S": _BUDGETS}},
            ConsistentRead=True,
        )
        return [_decode(item) for page in pages for item in page["Items"]]


def _key(org: str) -> "dict[str, AttributeValueTypeDef]":
    return {"o": {"S": _BUDGETS}, "k": {"S": org}}


def _decode(item: Mapping[str, Any]) -> BudgetRow:
    org: str = item["k"]["S"]
    try:
        return BudgetRow(
            org=org,
            jobs=int(item["jobs"]["N"]) if "jobs" in item else None,
            usd=Decimal(item["usd"]["N"]) if "usd" in item else None,
            spent=item["spent"]["S"] if "spent" in item else None,
        )
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        return BudgetRow(org, problem=problem_of(error))
