"""A deployment's tables, as far as the functions notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from moto.dynamodb.responses import DynamoHandler

from noukai_functions.names import DUE_AT, DUE_GROUP, DUE_INDEX, INDEX, INDEX_ORDER, INDEX_PARTITION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def create_tables(dynamodb: "DynamoDBClient") -> None:
    """Create the tables with the template's keys and indexes."""
    keys: dict[str, Any] = {"KeySchema": [{"AttributeName": "hash", "KeyType": "HASH"}]}
    jobs: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        **_index(INDEX, INDEX_PARTITION, INDEX_ORDER),
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    usage: dict[str, Any] = {
        "KeySchema": [{"AttributeName": "o", "KeyType": "HASH"}, {"AttributeName": "k", "KeyType": "RANGE"}]
    }
    webhooks = {**usage, **_index(DUE_INDEX, DUE_GROUP, DUE_AT)}
    attributes = {
        "jobs": ("id", INDEX_PARTITION, INDEX_ORDER),
        "keys": ("hash",),
        "usage": ("o", "k"),
        "webhooks": ("o", "k", DUE_GROUP, DUE_AT),
    }
    for name, table in (("jobs", jobs), ("keys", keys), ("usage", usage), ("webhooks", webhooks)):
        types: Any = [
            {"AttributeName": each, "AttributeType": "N" if each == DUE_AT else "S"}
            for each in attributes[name]
        ]
        dynamodb.create_table(
            TableName=name, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST", **table
        )


def _index(name: str, partition: str, order: str) -> dict[str, Any]:
    """Return the index of a table, which holds keys alone."""
    keys = [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": order, "KeyType": "RANGE"},
    ]
    projection = {"ProjectionType": "KEYS_ONLY"}
    return {"GlobalSecondaryIndexes": [{"IndexName": name, "KeySchema": keys, "Projection": projection}]}


@contextmanager
def one_call_at_a_time() -> Iterator[None]:
    """Serialize moto's DynamoDB calls: otherwise it loses concurrent conditional updates."""
    lock, call_action = Lock(), DynamoHandler.call_action

    def locked(self: DynamoHandler) -> Any:
        with lock:
            return call_action(self)

    DynamoHandler.call_action = locked  # type: ignore[method-assign]
    try:
        yield
    finally:
        DynamoHandler.call_action = call_action  # type: ignore[method-assign]
