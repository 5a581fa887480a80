"""Reads of DynamoDB that take more than one request."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.aws.errors import AwsError
from noukai_functions.aws.retries import MOST_TRIES, backoff_seconds

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def queried(client: "DynamoDBClient", **request: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a query; fetch each page on demand."""
    return _paged(client.query, request)


def scanned(client: "DynamoDBClient", **request: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the items of a scan; fetch each page on demand."""
    return _paged(client.scan, request)


def _paged(read: Callable[..., Any], request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    start: Any = {}
    while start is not None:
        page: Any = read(**request, **start)
        yield from page["Items"]
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]} if "LastEvaluatedKey" in page else None


def read_items(client: "DynamoDBClient", table_name: str, ids: list[str], *, consistent: bool) -> list[Any]:
    """Read items by their ids, those that exist; read again, after a pause, what DynamoDB has left unread.

    Raises:
        AwsError: some are still unread after as many tries as a call has.
    """
    asked: Any = {"Keys": [{"id": {"S": id_}} for id_ in ids], "ConsistentRead": consistent}
    found: list[Any] = []
    for tries in range(1, MOST_TRIES + 1):
        answer: Any = client.batch_get_item(RequestItems={table_name: asked})
        found += answer["Responses"].get(table_name, [])
        asked = answer["UnprocessedKeys"].get(table_name)
        if not asked:
            return found
        if tries < MOST_TRIES:
            time.sleep(backoff_seconds(tries))
    raise AwsError("BatchGetItem", "ProvisionedThroughputExceededException", "keys are unprocessed")
