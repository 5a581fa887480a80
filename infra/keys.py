"""The API keys of a deployment, as the operator makes them."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_wire.scopes import Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_PREFIX = "nk_"
_RANDOM_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """The keys table, which knows the SHA-256 of each key and never the key."""

    client: "DynamoDBClient"
    table: str

    def create(
        self, org: str, name: str, *, created: int, scopes: Iterable[Scope] = Scope, expires: int | None = None
    ) -> str:
        """Make a key of an org; it is shown here and never again. Times are in epoch seconds."""
        key = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        self.insert(key, org, name, created=created, scopes=scopes, expires=expires)
        return key

    def insert(
        self,
        key: str,
        org: str,
        name: str,
        *,
        created: int,
        scopes: Iterable[Scope] = Scope,
        expires: int | None = None,
    ) -> None:
        """Write the row of a key, which the table must not know yet. Times are in epoch seconds."""
        end: dict[str, AttributeValueTypeDef] = {} if expires is None else {"expires": {"N": str(expires)}}
        self.client.put_item(
            TableName=self.table,
            Item={
                "hash": {"S": hashlib.sha256(key.encode()).hexdigest()},
                "org": {"S": org},
                "name": {"S": name},
                "scopes": {"SS": sorted(scopes)},
                "created": {"N": str(created)},
                **end,
            },
            ConditionExpression="attribute_not_exists(#hash)",
            ExpressionAttributeNames={"#hash": "hash"},
        )

    def is_empty(self) -> bool:
        """Whether no key was ever made."""
        return not self.client.scan(TableName=self.table, Limit=1, Select="COUNT", ConsistentRead=True)["Count"]
