"""The API keys of a deployment, for operators."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from noukai_infra.command_line import command
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.orgs.bad_row import problem_of
from noukai_wire.scopes import ASKED_SCOPES, Scope

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_PREFIX = "nk_"
_RANDOM_BYTES = 32
_ID_LENGTH = 12
_TIMES = {"created", "expires", "used", "revoked"}
_NUMBERS = (*_TIMES, "rate")
_SETS = ("flows", "addresses")
_DIRECTORY = "#"
"""The first character of the rows that list the keys that orgs have made; no hash has it."""

USUAL_SCOPES = tuple(scope for scope in Scope if scope not in ASKED_SCOPES)
"""What a key allows if nothing is said."""


class KeyNotFoundError(OperatorError):
    """An error for an id that matches no key, or several."""


@dataclass(frozen=True)
class KeyRow:
    """The row of a key. Times are in epoch seconds; `used` is exact to the day."""

    hash: str
    org: str
    name: str
    scopes: tuple[str, ...]
    created: int
    expires: int | None = None
    used: int | None = None
    revoked: int | None = None
    rate: int | None = None
    """The rate limit in calls per second; None if unlimited."""
    flows: tuple[str, ...] = ()
    """The projects and flows that it is limited to; empty if it is not."""
    addresses: tuple[str, ...] = ()
    """The ranges of IP addresses that it may be used from; empty for all."""
    maker: str | None = None
    """The name of the key by which its org has made it; None if an operator has."""
    problem: str | None = None
    """The reason why the row cannot be read; if set, only the hash is known."""

    @property
    def id(self) -> str:
        """Return the key's id for operators: the beginning of its hash."""
        return self.hash[:_ID_LENGTH]

    def state(self, now: int) -> str:
        """Return the key's state: valid, expired or revoked."""
        if self.problem is not None:
            return f"unreadable: {self.problem}"
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "valid"


@dataclass(frozen=True)
class Keys:
    """The keys table, which stores the SHA-256 of each key, never the key."""

    client: "DynamoDBClient"
    table: str

    def create(
        self,
        org: str,
        name: str,
        *,
        created: int,
        scopes: Iterable[str] = USUAL_SCOPES,
        expires: int | None = None,
        rate: int | None = None,
        flows: Iterable[str] = (),
        addresses: Iterable[str] = (),
    ) -> str:
        """Create a key of an org, and return it; it cannot be read again.

        Times are in epoch seconds; `rate` is in calls per second. `flows` and `addresses` limit it.
        """
        key = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        self.insert(
            key,
            org,
            name,
            created=created,
            scopes=scopes,
            expires=expires,
            rate=rate,
            flows=flows,
            addresses=addresses,
        )
        return key

    def rotate(self, key_id: str, *, now: int, overlap: int) -> tuple[str, KeyRow]:
        """Create a key with the limits of another one, which then works for `overlap` seconds more.

        Return the new key, and the old one's row.

        Raises:
            KeyNotFoundError: the id, or its beginning, matches no key or several.
            OperatorError: the key is not valid any more, or its org has made it itself.
        """
        old = self._found(key_id)
        if old.maker is not None:
            raise OperatorError(f"The org {old.org} has made {old.name} itself, and rotates it by the API.")
        if (state := old.state(now)) != "valid":
            raise OperatorError(f"{old.id} ({old.name}) is {state}: create a new key.")
        key = self.create(
            old.org,
            old.name,
            created=now,
            scopes=old.scopes,
            expires=old.expires,
            rate=old.rate,
            flows=old.flows,
            addresses=old.addresses,
        )
        ends = now + overlap if old.expires is None else min(old.expires, now + overlap)
        return key, self._updated(old.hash, "SET expires = :now", ends)

    def insert(
        self,
        key: str,
        org: str,
        name: str,
        *,
        created: int,
        scopes: Iterable[str] = USUAL_SCOPES,
        expires: int | None = None,
        rate: int | None = None,
        flows: Iterable[str] = (),
        addresses: Iterable[str] = (),
    ) -> None:
        """Insert the row of a new key. Times are in epoch seconds."""
        sets = {"flows": sorted(set(flows)), "addresses": sorted(set(addresses))}
        limits = {"expires": expires, "rate": rate}
        stated: dict[str, AttributeValueTypeDef] = {
            **{name: {"N": str(value)} for name, value in limits.items() if value is not None},
            **{name: {"SS": members} for name, members in sets.items() if members},
        }
        self.client.put_item(
            TableName=self.table,
            Item={
                "hash": {"S": hashlib.sha256(key.encode()).hexdigest()},
                "org": {"S": org},
                "name": {"S": name},
                "scopes": {"SS": sorted(scopes)},
                "created": {"N": str(created)},
                **stated,
            },
            ConditionExpression="attribute_not_exists(#hash)",
            ExpressionAttributeNames={"#hash": "hash"},
        )

    def rows(self) -> list[KeyRow]:
        """Read the rows of all keys, newest first."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        rows = [
            _decode(item)
            for page in pages
            for item in page["Items"]
            if not str(item["hash"]["S"]).startswith(_DIRECTORY)
        ]
        return sorted(rows, key=lambda row: row.created, reverse=True)

    def revoke(self, key_id: str, *, now: int) -> KeyRow:
        """Revoke a key for good, within a minute; an earlier revocation keeps its time.

        Raises:
            KeyNotFoundError: the id, or its beginning, matches no key or several.
        """
        found = self._found(key_id)
        return self._updated(found.hash, "SET revoked = if_not_exists(revoked, :now)", now)

    def _found(self, key_id: str) -> KeyRow:
        found = [row for row in self.rows() if row.hash.startswith(key_id)] if key_id else []
        if len(found) != 1:
            raise KeyNotFoundError(
                f"{len(found)} keys have an id that begins with {key_id!r}: `{command('keys', 'list')}` "
                "shows all ids."
            )
        return found[0]

    def _updated(self, digest: str, change: str, now: int) -> KeyRow:
        answer = self.client.update_item(
            TableName=self.table,
            Key={"hash": {"S": digest}},
            UpdateExpression=change,
            # Do not recreate a deleted key's row.
            ConditionExpression="attribute_exists(org)",
            ExpressionAttributeValues={":now": {"N": str(now)}},
            ReturnValues="ALL_NEW",
        )
        return _decode(answer["Attributes"])

    def delete(self, key: str) -> None:
        """Delete the row of an unused key, if it exists."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        self.client.delete_item(TableName=self.table, Key={"hash": {"S": digest}})

    def is_empty(self) -> bool:
        """Return whether no key was ever created."""
        return not self.client.scan(TableName=self.table, Limit=1, Select="COUNT", ConsistentRead=True)[
            "Count"
        ]


def _decode(item: Mapping[str, Any]) -> KeyRow:
    hash_: str = item["hash"]["S"]
    try:
        numbers: dict[str, Any] = {name: int(item[name]["N"]) for name in _NUMBERS if name in item}
        for name in _TIMES & numbers.keys():
            datetime.fromtimestamp(numbers[name], UTC)
        sets: dict[str, Any] = {name: tuple(sorted(item[name]["SS"])) for name in _SETS if name in item}
        scopes = tuple(sorted(item["scopes"]["SS"]))
        maker = item["maker"]["S"] if "maker" in item else None
        return KeyRow(hash_, item["org"]["S"], item["name"]["S"], scopes, maker=maker, **numbers, **sets)
    except (LookupError, TypeError, ValueError, ArithmeticError, OSError) as error:
        return KeyRow(hash_, "", "", (), 0, problem=problem_of(error))
