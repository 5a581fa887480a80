"""Iteration over paged answers."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def queried(client: "DynamoDBClient", **request: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a query; fetch each page on demand."""
    start: Any = {}
    while start is not None:
        page: Any = client.query(**request, **start)
        yield from page["Items"]
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else None
