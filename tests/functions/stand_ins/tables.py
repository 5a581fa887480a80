"""A deployment's tables, as far as the functions notice."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from moto.dynamodb.responses import DynamoHandler

from noukai_functions.names import (
    DUE_AT,
    DUE_GROUP,
    DUE_INDEX,
    INDEX,
    INDEX_ORDER,
    INDEX_PARTITION,
    SCHEDULE_NAME,
    SCHEDULE_ORG,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_NUMBERS = (DUE_AT,)
_STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def create_tables(dynamodb: "DynamoDBClient") -> None:
    """Create the tables with the template's keys and indexes."""
    create_jobs_table(dynamodb, "jobs")
    _create(dynamodb, "keys", ["hash"])
    _create(dynamodb, "usage", ["o", "k"])
    _create(dynamodb, "schedules", [SCHEDULE_ORG, SCHEDULE_NAME], {DUE_INDEX: [DUE_GROUP, DUE_AT]})
    _create(dynamodb, "webhooks", ["o", "k"], {DUE_INDEX: [DUE_GROUP, DUE_AT]})


def create_jobs_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create a jobs table alone."""
    _create(dynamodb, name, ["id"], {INDEX: [INDEX_PARTITION, INDEX_ORDER]}, StreamSpecification=_STREAM)


def _create(
    dynamodb: "DynamoDBClient",
    name: str,
    key: list[str],
    indexes: Mapping[str, list[str]] = MappingProxyType({}),
    **more: Any,
) -> None:
    made = [
        {"IndexName": index, "KeySchema": _schema(keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        for index, keys in indexes.items()
    ]
    attributes = [*key, *chain.from_iterable(indexes.values())]
    given: dict[str, Any] = {"GlobalSecondaryIndexes": made} if made else {}
    types: Any = [
        {"AttributeName": each, "AttributeType": "N" if each in _NUMBERS else "S"} for each in attributes
    ]
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=types,
        KeySchema=_schema(key),
        BillingMode="PAY_PER_REQUEST",
        **given,
        **more,
    )


def _schema(names: list[str]) -> Any:
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, kinds, strict=False)]


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
