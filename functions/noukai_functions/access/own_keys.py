"""The keys that an org makes for itself, in the keys table.

Each is a row like those of an operator. One more row for each org, its directory, maps the names of these
keys to their hashes, newest first: it keeps names unique and bounds their number, and so they are listed
without a scan.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.key_limits import KeyLimits, WantedLimits, limits_of, narrowed, wider_parts
from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.refusals import InvalidInputError, KeyNotFoundError, UnavailableError
from noukai_wire.limits import MAX_KEYS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PREFIX = "nk_"
_RANDOM_BYTES = 32
_MOST_VALID = 4
"""The most keys of a name that work side by side after rotations."""

_NAMED = "key/"
"""The prefix of the directory's attributes: each name has one."""


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key that an org has made. Times are in seconds since the epoch; `used` is exact to the day."""

    name: str
    hash: str
    limits: KeyLimits
    created: int
    made_by: str
    """The name of the key that has made it."""
    used: int | None = None
    revoked: int | None = None
    """The time at which an operator has revoked it."""


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The keys of orgs by name, for callers whose key has the scope `keys`.

    A caller sees and changes only those that are no wider than its own key.
    """

    client: "DynamoDBClient"
    table_name: str
    clock: Clock

    def list(self, caller: ApiKey) -> Sequence[OwnKey]:
        """Return the keys that are no wider than the caller's, by name."""
        found = self._read([hashes[0] for hashes in self._directory(caller.org).values()])
        own = limits_of(caller)
        return sorted((key for key in found if not wider_parts(key.limits, own)), key=lambda key: key.name)

    def create(self, caller: ApiKey, name: str, wanted: WantedLimits) -> tuple[OwnKey, str]:
        """Return the new key and its text, which is not stored."""
        limits = narrowed(limits_of(caller), wanted)
        named = self._directory(caller.org)
        if name in named:
            raise InvalidInputError([("name", "is the name of a key of this org: rotate or revoke that one")])
        if len(named) >= MAX_KEYS:
            reason = f"would be one too many: the org has made {len(named)} keys, the most; revoke one"
            raise InvalidInputError([("name", reason)])
        key, text = self._new(caller, name, limits)
        entry = _DirectoryEntry(caller.org, name, (), (key.hash,), is_full_at=MAX_KEYS)
        self._write(entry, {"Put": self._row(caller, key)})
        return key, text

    def rotate(self, caller: ApiKey, name: str, overlap: int) -> tuple[OwnKey, str]:
        """Replace a key by one with the same limits; the old one works for another `overlap` seconds."""
        hashes, old = self._known(caller, name)
        key, text = self._new(caller, name, old.limits)
        ends = self.clock.now() // 1000 + overlap
        entry = _DirectoryEntry(caller.org, name, hashes, (key.hash, *hashes[: _MOST_VALID - 1]))
        shortened = {"Update": self._expiring(old, ends)}
        # A repeated rotation, whose first answer was lost, must not end the key that is in use.
        earlier = [{"Update": self._revoking(each)} for each in hashes[_MOST_VALID - 1 :]]
        self._write(entry, {"Put": self._row(caller, key)}, shortened, *earlier)
        return key, text

    def revoke(self, caller: ApiKey, name: str) -> None:
        """Revoke a key for good, also one that it has replaced; every function knows it within a minute."""
        hashes, _ = self._known(caller, name)
        entry = _DirectoryEntry(caller.org, name, hashes, ())
        self._write(entry, *({"Update": self._revoking(each)} for each in hashes))

    def _known(self, caller: ApiKey, name: str) -> tuple[tuple[str, ...], OwnKey]:
        hashes = self._directory(caller.org).get(name, ())
        found = self._read(hashes[:1])
        if not found or wider_parts(found[0].limits, limits_of(caller)):
            raise KeyNotFoundError(name)
        return hashes, found[0]

    def _directory(self, org: str) -> Mapping[str, tuple[str, ...]]:
        answer = self.client.get_item(TableName=self.table_name, Key=_directory_key(org), ConsistentRead=True)
        row: Mapping[str, Any] = answer.get("Item", {})
        return {
            name.removeprefix(_NAMED): _hashes(value)
            for name, value in row.items()
            if name.startswith(_NAMED)
        }

    def _read(self, hashes: Sequence[str]) -> "Sequence[OwnKey]":
        if not hashes:
            return ()
        keys = [{"hash": {"S": each}} for each in hashes]
        answer = self.client.batch_get_item(
            RequestItems={self.table_name: {"Keys": keys, "ConsistentRead": True}}
        )
        if answer.get("UnprocessedKeys"):
            raise UnavailableError
        return [_decoded(row) for row in answer["Responses"].get(self.table_name, ())]

    def _new(self, caller: ApiKey, name: str, limits: KeyLimits) -> tuple[OwnKey, str]:
        text = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return OwnKey(name, digest, limits, self.clock.now() // 1000, caller.name), text

    def _row(self, caller: ApiKey, key: OwnKey) -> dict[str, Any]:
        limits = key.limits
        numbers = {"created": key.created, "expires": limits.expires, "rate": limits.rate}
        sets = {"scopes": limits.scopes, "flows": limits.flows, "addresses": limits.addresses}
        texts = {"hash": key.hash, "org": caller.org, "name": key.name, "maker": caller.name}
        if caller.rate is not None:
            # Many keys of one key must not make more calls than it may.
            texts["counter"] = caller.counter
        item = {
            **{name: {"S": text} for name, text in texts.items()},
            **{name: {"N": str(number)} for name, number in numbers.items() if number is not None},
            **{name: {"SS": sorted(members)} for name, members in sets.items() if members},
        }
        return {"TableName": self.table_name, "Item": item}

    def _expiring(self, key: OwnKey, ends: int) -> dict[str, Any]:
        ends = ends if key.limits.expires is None else min(ends, key.limits.expires)
        return self._setting("expires", ends, key.hash)

    def _revoking(self, digest: str) -> dict[str, Any]:
        return self._setting("revoked", self.clock.now() // 1000, digest)

    def _setting(self, name: str, seconds: int, digest: str) -> dict[str, Any]:
        return {
            "TableName": self.table_name,
            "Key": {"hash": {"S": digest}},
            "UpdateExpression": f"SET {name} = :seconds",
            "ExpressionAttributeValues": {":seconds": {"N": str(seconds)}},
        }

    def _write(self, entry: "_DirectoryEntry", *rows: dict[str, Any]) -> None:
        """Write rows and the directory together, if it is as it was read."""
        items: list[Any] = [{"Update": entry.update(self.table_name)}, *rows]
        try:
            self.client.transact_write_items(TransactItems=items)
        except AwsError as error:
            if error.code == "TransactionCanceledException":
                raise UnavailableError from error  # somebody else was faster: the next try sees it
            raise


@dataclass(frozen=True, slots=True)
class _DirectoryEntry:
    """The change of a name in an org's directory, from the hashes that were read to new ones."""

    org: str
    name: str
    seen: tuple[str, ...]
    hashes: tuple[str, ...]
    is_full_at: int = 0

    def update(self, table_name: str) -> dict[str, Any]:
        """Return the parameters of the update."""
        change = int(bool(self.hashes)) - int(bool(self.seen))
        values = {":change": {"N": str(change)}}
        if self.seen:
            condition = "#name = :seen"
            values[":seen"] = _list(self.seen)
        else:
            condition = "attribute_not_exists(#name) AND (attribute_not_exists(made) OR made < :most)"
            values[":most"] = {"N": str(self.is_full_at)}
        if self.hashes:
            values[":hashes"] = _list(self.hashes)
        named = "SET #name = :hashes" if self.hashes else "REMOVE #name"
        return {
            "TableName": table_name,
            "Key": _directory_key(self.org),
            "UpdateExpression": f"{named} ADD made :change",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#name": f"{_NAMED}{self.name}"},
            "ExpressionAttributeValues": values,
        }


def _directory_key(org: str) -> dict[str, Any]:
    # No hash has this form.
    return {"hash": {"S": f"#org/{org}"}}


def _hashes(listed: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(each["S"] for each in listed["L"])


def _list(hashes: tuple[str, ...]) -> dict[str, Any]:
    return {"L": [{"S": each} for each in hashes]}


_NUMBERS = ("created", "expires", "rate", "used", "revoked")


def _decoded(row: Mapping[str, Any]) -> OwnKey:
    numbers = {name: int(row[name]["N"]) for name in _NUMBERS if name in row}
    sets = {name: frozenset(row[name]["SS"]) for name in ("scopes", "flows", "addresses") if name in row}
    return OwnKey(
        row["name"]["S"],
        row["hash"]["S"],
        KeyLimits(expires=numbers.get("expires"), rate=numbers.get("rate"), **sets),
        numbers["created"],
        row["maker"]["S"],
        numbers.get("used"),
        numbers.get("revoked"),
    )
