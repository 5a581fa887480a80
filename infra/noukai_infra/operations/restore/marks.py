"""The names of webhook endpoints in the budgets' rows, which submissions read, after a restore."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.names import BUDGETS, ENDPOINT_PREFIX, ENDPOINTS, USAGE_KEY, USAGE_ORG

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Marks:
    """The marks of endpoints: an org's jobs are told of only if its row in the usage table names one.

    Either table may be restored without the other. An endpoint without its mark is told of nothing, and a
    mark without its endpoint takes up one of the org's places.
    """

    client: "DynamoDBClient"
    usage: str
    webhooks: str

    def agree(self) -> int:
        """Write the names of each org's endpoints where they differ; return the number of orgs."""
        there, marked = self._endpoints(), self._marked()
        orgs = [org for org in there | marked if there.get(org, set()) != marked.get(org, set())]
        for org in orgs:
            self._write(org, there.get(org))
        return len(orgs)

    def _endpoints(self) -> dict[str, set[str]]:
        """Return the names of all endpoints by org."""
        names: dict[str, set[str]] = {}
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.webhooks,
            FilterExpression=f"begins_with({USAGE_KEY}, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": ENDPOINT_PREFIX}},
            ConsistentRead=True,
        )
        for row in _rows(pages):
            names.setdefault(row[USAGE_ORG]["S"], set()).add(
                row[USAGE_KEY]["S"].removeprefix(ENDPOINT_PREFIX)
            )
        return names

    def _marked(self) -> dict[str, set[str]]:
        """Return the marked names by org."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.usage,
            KeyConditionExpression=f"{USAGE_ORG} = :budgets",
            ExpressionAttributeValues={":budgets": {"S": BUDGETS}},
            ConsistentRead=True,
        )
        return {row[USAGE_KEY]["S"]: set(row[ENDPOINTS]["SS"]) for row in _rows(pages) if ENDPOINTS in row}

    def _write(self, org: str, names: set[str] | None) -> None:
        update: Any = {"UpdateExpression": f"REMOVE {ENDPOINTS}"}
        if names:
            values = {":names": {"SS": sorted(names)}}
            update = {"UpdateExpression": f"SET {ENDPOINTS} = :names", "ExpressionAttributeValues": values}
        key = {USAGE_ORG: {"S": BUDGETS}, USAGE_KEY: {"S": org}}
        self.client.update_item(TableName=self.usage, Key=key, **update)


def _rows(pages: Any) -> Iterator[Mapping[str, Any]]:
    for page in pages:
        yield from page["Items"]
