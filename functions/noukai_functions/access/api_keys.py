"""API keys: their orgs and scopes."""

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noukai_functions.aws import AwsError, scanned
from noukai_functions.clock import Clock
from noukai_functions.refusals import ForbiddenError, UnauthenticatedError
from noukai_functions.telemetry.logger import logger
from noukai_wire.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mypy_boto3_dynamodb import DynamoDBClient

CACHE_MS = 60_000
"""How long a key is cached: a revocation takes effect within this time."""

_DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key: its org and scopes."""

    org: str
    scopes: frozenset[str]
    digest: str = ""
    """Its SHA-256."""
    rate: int | None = None
    """The rate limit of the key in calls per second; None if it is unlimited."""
    name: str = ""
    """Its name, which the audit log has."""
    flows: frozenset[str] = frozenset()
    """The projects (`demo`) and flows (`demo/word-count`) that it is limited to; empty if it is not."""
    addresses: frozenset[str] = frozenset()
    """The ranges of IP addresses (CIDR) that it may be used from; empty for all addresses."""
    expires: int | None = None
    """The time from which it is invalid, in seconds since the epoch."""
    counter: str = ""
    """The digest of the key whose rate limit counts its calls: its own, or that of the key that made it."""
    job: str | None = None
    """The only job that it is for; None if it is not for one job, as every key but a token."""

    @property
    def is_limited(self) -> bool:
        """Return whether the key is for less than its whole org."""
        return bool(self.flows) or self.job is not None

    @property
    def may_read(self) -> bool:
        """Return whether the key has the read scope, so that answers may show a job's content."""
        return Scope.READ in self.scopes

    def require(self, scope: Scope) -> None:
        """Refuse a request whose key lacks the scope."""
        if scope not in self.scopes:
            raise ForbiddenError(f"This key lacks the scope '{scope}': use a key that has it.")

    def covers(self, flow: str) -> bool:
        """Return whether the key may touch a flow (`project/flow`) and its jobs."""
        return not self.flows or flow in self.flows or flow.partition("/")[0] in self.flows

    def require_flow(self, flow: str) -> None:
        """Refuse a flow (`project/flow`), or a whole project, that the key does not cover."""
        if not self.covers(flow):
            raise ForbiddenError(f"This key is for {' and '.join(sorted(self.flows))} only: use another key.")

    def require_address(self, address: str) -> None:
        """Refuse a call from an address outside the key's ranges."""
        if self.addresses:
            from noukai_functions.access.addresses import is_within  # noqa: PLC0415 - few keys have ranges

            if not is_within(address, self.addresses):
                raise ForbiddenError(f"This key may not be used from {address}: use it from its own network.")

    def require_org(self, org: str) -> None:
        """Refuse a path that names another org, before any lookup."""
        if org != self.org:
            raise ForbiddenError(f"This key belongs to the org {self.org!r}: use its paths.")


@dataclass(slots=True)
class ApiKeys:
    """The keys table, which holds only SHA-256 hashes, and this process's cache of it."""

    client: "DynamoDBClient"
    table_name: str
    clock: Clock
    _known: dict[str, tuple[int, ApiKey]] = field(default_factory=dict)
    _valid: dict[str, tuple[int, bool]] = field(default_factory=dict)

    def authenticate(self, authorization: str | None) -> ApiKey:
        """Return the key of an `Authorization` header; every invalid key gets the same 401."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.startswith("nk_") or not key.isascii():
            raise UnauthenticatedError
        digest = hashlib.sha256(key.strip().encode()).hexdigest()
        now = self.clock.now()
        believed_until, api_key = self._known.get(digest, (0, None))
        if api_key is None or believed_until <= now:
            believed_until, api_key = self._look_up(digest, now)
            self._known = {digest: (believed_until, api_key), **self._fresh(now)}
        return api_key

    def has_valid(self, org: str, digest: str) -> bool:
        """Return whether the key is valid, or another one of its org.

        All keys are read only if the first one is not valid any more: it may have been replaced.
        """
        now = self.clock.now()
        believed_until, is_valid = self._valid.get(digest, (0, False))
        if believed_until <= now:
            key = {"hash": {"S": digest}}
            row = self.client.get_item(TableName=self.table_name, Key=key).get("Item")
            is_valid = (row is not None and _is_valid(row, now)) or self._has_any(org, now)
            others = {each: entry for each, entry in self._valid.items() if entry[0] > now}
            self._valid = {digest: (now + CACHE_MS, is_valid), **others}
        return is_valid

    def _has_any(self, org: str, now: int) -> bool:
        rows = scanned(
            self.client,
            TableName=self.table_name,
            FilterExpression="org = :org",
            ExpressionAttributeValues={":org": {"S": org}},
        )
        return any(_is_valid(row, now) for row in rows)

    def _fresh(self, now: int) -> dict[str, tuple[int, ApiKey]]:
        return {digest: entry for digest, entry in self._known.items() if entry[0] > now}

    def _look_up(self, digest: str, now: int) -> tuple[int, ApiKey]:
        """Return the key, and the time until which to cache it."""
        answer = self.client.get_item(
            TableName=self.table_name, Key={"hash": {"S": digest}}, ConsistentRead=True
        )
        row = answer.get("Item")
        if row is None or "revoked" in row:
            raise UnauthenticatedError
        believed_until = now + CACHE_MS
        if "expires" in row:
            believed_until = min(believed_until, int(row["expires"]["N"]) * 1000)
        if believed_until <= now:
            raise UnauthenticatedError
        day = now // 1000 // _DAY_SECONDS * _DAY_SECONDS
        if int(row.get("used", {"N": "0"})["N"]) < day:
            self._note_use(digest, day)
        return believed_until, _key_of(row, digest)

    def _note_use(self, digest: str, day: int) -> None:
        """Record the day of the key's last use: one write a day, whose failure is ignored."""
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key={"hash": {"S": digest}},
                UpdateExpression="SET used = :day",
                # Do not recreate a deleted key's row. The condition names only the table's key, because a
                # role that may read an attribute in a condition may also write it in the update.
                ConditionExpression="attribute_exists(#hash)",
                ExpressionAttributeNames={"#hash": "hash"},
                ExpressionAttributeValues={":day": {"N": str(day)}},
            )
        except AwsError:
            logger().warning("the last use of a key could not be recorded", exc_info=True)


def _is_valid(row: "Mapping[str, Any]", now: int) -> bool:
    expires = row.get("expires")
    return "revoked" not in row and (expires is None or int(expires["N"]) * 1000 > now)


def _key_of(row: "Mapping[str, Any]", digest: str) -> ApiKey:
    numbers = {name: int(row[name]["N"]) for name in ("rate", "expires") if name in row}
    return ApiKey(
        row["org"]["S"],
        frozenset(row["scopes"]["SS"]),
        digest,
        numbers.get("rate"),
        row.get("name", {"S": ""})["S"],
        frozenset(row.get("flows", {"SS": []})["SS"]),
        frozenset(row.get("addresses", {"SS": []})["SS"]),
        numbers.get("expires"),
        row.get("counter", {"S": digest})["S"],
    )
