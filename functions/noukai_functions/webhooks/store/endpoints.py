"""The endpoints in the webhooks table.

Each write after the first requires that the endpoint is still the one that was read: one that was deleted and
made again is another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError, queried
from noukai_functions.names import (
    DUE_AT,
    DUE_ENDPOINTS,
    DUE_GROUP,
    DUE_INDEX,
    ENDPOINT_FIELDS,
    ENDPOINT_PREFIX,
    OLD_SECRETS,
    USAGE_KEY,
    USAGE_ORG,
)
from noukai_functions.webhooks.store.conditional_update import refused, updated
from noukai_functions.webhooks.store.endpoint import (
    Endpoint,
    decode,
    encode,
    encoded_old,
    key_of,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HEALTH = ("failures", "failing_since", "suspended_until", "suspensions")
_DISABLED = ("disabled_at", "disabled_reason")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of all orgs."""

    client: "DynamoDBClient"
    table_name: str

    def read(self, org: str, name: str) -> Endpoint | None:
        """Return an endpoint as it stands, if there is one."""
        answer = self.client.get_item(TableName=self.table_name, Key=key_of(org, name), ConsistentRead=True)
        return decode(answer["Item"]) if "Item" in answer else None

    def read_many(self, named: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Endpoint]:
        """Return up to ten endpoints as they stand, by org and name.

        Raises:
            AwsError: DynamoDB has left some unread.
        """
        keys = [key_of(org, name) for org, name in dict.fromkeys(named)]
        asked: Any = {"Keys": keys, "ConsistentRead": True}
        answer: Any = self.client.batch_get_item(RequestItems={self.table_name: asked})
        if answer["UnprocessedKeys"]:
            raise AwsError("BatchGetItem", "ProvisionedThroughputExceededException", is_transient=True)
        found = map(decode, answer["Responses"].get(self.table_name, []))
        return {(endpoint.org, endpoint.name): endpoint for endpoint in found}

    def of_org(self, org: str) -> list[Endpoint]:
        """Return the endpoints of an org as they stand, by name."""
        items = queried(
            self.client,
            TableName=self.table_name,
            KeyConditionExpression=f"{USAGE_ORG} = :org AND begins_with({USAGE_KEY}, :prefix)",
            ExpressionAttributeValues={":org": {"S": org}, ":prefix": {"S": ENDPOINT_PREFIX}},
            ConsistentRead=True,
        )
        return [decode(item) for item in items]

    def has_any(self) -> bool:
        """Return whether an org has an endpoint, or had one in the last days, whose deliveries are kept."""
        return bool(self.client.scan(TableName=self.table_name, Limit=1)["Items"])

    def create(self, endpoint: Endpoint) -> bool:
        """Put a new endpoint; return False if there is one of its name."""
        try:
            self.client.put_item(
                TableName=self.table_name,
                Item=encode(endpoint),
                ConditionExpression=f"attribute_not_exists({USAGE_KEY})",
            )
        except AwsError as error:
            return refused(error)
        return True

    def change(self, endpoint: Endpoint, url: str, events: Iterable[str], flow: str | None, now: int) -> bool:
        """Set what an endpoint is told of and where; enable it, and look at what waits for it."""
        sets = {"url": {"S": url}, "events": {"SS": sorted(events)}, "due_at": {"N": str(now)}}
        gone = [*_HEALTH, *_DISABLED]
        if flow is None:
            gone.append("flow")
        else:
            sets["flow"] = {"S": flow}
        return self._update(endpoint, sets, gone) is not None

    def rotate(self, endpoint: Endpoint, old_until: Mapping[int, int]) -> bool:
        """Begin the next version of the secret; return False if another rotation came first."""
        old = encoded_old(old_until)
        sets = {"version": {"N": str(endpoint.version + 1)}}
        guard = {"version": {"N": str(endpoint.version)}}
        return self._update(endpoint, sets, [], guard=guard, old=old or None) is not None

    def delete(self, org: str, name: str) -> bool:
        """Delete an endpoint; return False if there is none."""
        gone = self.client.delete_item(
            TableName=self.table_name, Key=key_of(org, name), ReturnValues="ALL_OLD"
        )
        return "Attributes" in gone

    def note_failures(self, endpoint: Endpoint, count: int, now: int) -> Endpoint | None:
        """Count failed tries; return the endpoint with all that were counted."""
        values = {":now": {"N": str(now)}, ":count": {"N": str(count)}}
        since, failures = ENDPOINT_FIELDS["failing_since"], ENDPOINT_FIELDS["failures"]
        return self._send(
            endpoint, f"SET {since} = if_not_exists({since}, :now) ADD {failures} :count", values
        )

    def suspend(self, endpoint: Endpoint, until: int, suspensions: int) -> Endpoint | None:
        """Let further events wait until one that is tried from then on succeeds."""
        sets = {"suspended_until": {"N": str(until)}, "suspensions": {"N": str(suspensions)}}
        return self._update(endpoint, sets, [])

    def note_slow_success(self, endpoint: Endpoint, now: int) -> Endpoint | None:
        """Forget the failures of an endpoint, but let further events wait: it is slow."""
        return self._update(
            endpoint,
            {"suspended_until": {"N": str(now)}},
            ["failures", "failing_since", "suspensions"],
        )

    def disable(self, endpoint: Endpoint, reason: str, now: int) -> Endpoint | None:
        """Send no event to an endpoint until it is put again."""
        sets = {"disabled_at": {"N": str(now)}, "disabled_reason": {"S": reason}}
        return self._update(endpoint, sets, [])

    def note_success(self, endpoint: Endpoint) -> Endpoint | None:
        """Forget the failures of an endpoint, and send further events at once."""
        return self._update(endpoint, {}, list(_HEALTH))

    def wake(self, endpoint: Endpoint, at: int, now: int) -> Endpoint | None:
        """Record that a delivery waits until `at`, so that somebody looks then.

        The process that looks at this time notices it, and looks again.
        """
        claimed = ENDPOINT_FIELDS["claimed_until"]
        sets = {"due_at": {"N": str(at)}, "woken_at": {"N": str(now)}}
        is_later = f"{DUE_AT} > :due_at AND (attribute_not_exists({claimed}) OR {DUE_AT} <> {claimed})"
        woken = self._update(endpoint, sets, [], condition=f"attribute_not_exists({DUE_AT}) OR ({is_later})")
        return woken or self._update(endpoint, {"woken_at": {"N": str(now)}}, [])

    def claim(self, org: str, name: str, due_at: int, until: int) -> Endpoint | None:
        """Claim the look at an endpoint that is due; return None if another has claimed it, or it is gone."""
        values = {":due": {"N": str(due_at)}, ":until": {"N": str(until)}}
        sets = f"SET {DUE_AT} = :until, {ENDPOINT_FIELDS['claimed_until']} = :until"
        return self._write(key_of(org, name), sets, values, f"{DUE_AT} = :due")

    def end_claim(self, endpoint: Endpoint, due_at: int | None) -> bool:
        """End a claimed look: look again at `due_at`, or never if nothing waits.

        Returns False if a delivery has begun to wait in the meantime.
        """
        values = {":claim": {"N": str(endpoint.claimed_until)}}
        woken, claimed = ENDPOINT_FIELDS["woken_at"], ENDPOINT_FIELDS["claimed_until"]
        condition = f"{DUE_AT} = :claim AND "
        if endpoint.woken_at is None:
            condition += f"attribute_not_exists({woken})"
        else:
            condition += f"{woken} = :woken"
            values[":woken"] = {"N": str(endpoint.woken_at)}
        if due_at is None:
            update = f"REMOVE {DUE_AT}, {DUE_GROUP}, {claimed}"
        else:
            update = f"SET {DUE_AT} = :at REMOVE {claimed}"
            values[":at"] = {"N": str(due_at)}
        return self._send(endpoint, update, values, condition) is not None

    def due(self, now: int, most: int) -> list[tuple[str, str, int]]:
        """Return the org, the name and the time of endpoints that are due, the oldest first."""
        answer = self.client.query(
            TableName=self.table_name,
            IndexName=DUE_INDEX,
            KeyConditionExpression=f"{DUE_GROUP} = :due AND {DUE_AT} <= :now",
            ExpressionAttributeValues={":due": {"S": DUE_ENDPOINTS}, ":now": {"N": str(now)}},
            Limit=most,
        )
        return [
            (item[USAGE_ORG]["S"], item[USAGE_KEY]["S"].removeprefix(ENDPOINT_PREFIX), int(item[DUE_AT]["N"]))
            for item in answer["Items"]
        ]

    def _update(
        self,
        endpoint: Endpoint,
        sets: Mapping[str, Any],
        removes: list[str],
        *,
        condition: str = "",
        guard: Mapping[str, Any] | None = None,
        old: Mapping[str, Any] | None = None,
    ) -> Endpoint | None:
        """Set and remove fields; return None if the condition fails or the endpoint is gone."""
        assigned = [f"{ENDPOINT_FIELDS[field]} = :{field}" for field in sets]
        values: dict[str, Any] = {f":{field}": value for field, value in sets.items()}
        if "due_at" in sets:
            assigned.append(f"{DUE_GROUP} = :group")
            values[":group"] = {"S": DUE_ENDPOINTS}
        removed = [ENDPOINT_FIELDS[field] for field in removes]
        if guard is not None:
            if old is None:
                removed.append(OLD_SECRETS)
            else:
                assigned.append(f"{OLD_SECRETS} = :old")
                values[":old"] = old[OLD_SECRETS]
            condition = " AND ".join(f"{ENDPOINT_FIELDS[field]} = :seen_{field}" for field in guard)
            values |= {f":seen_{field}": value for field, value in guard.items()}
        parts = [f"SET {', '.join(assigned)}"] if assigned else []
        parts += [f"REMOVE {', '.join(removed)}"] if removed else []
        return self._send(endpoint, " ".join(parts), values, condition)

    def _send(
        self, endpoint: Endpoint, update: str, values: Mapping[str, Any], condition: str = ""
    ) -> Endpoint | None:
        more = f" AND ({condition})" if condition else ""
        same = {**values, ":made": {"S": endpoint.made}}
        return self._write(endpoint.key, update, same, f"{ENDPOINT_FIELDS['made']} = :made{more}")

    def _write(
        self, key: Mapping[str, Any], update: str, values: Mapping[str, Any], condition: str
    ) -> Endpoint | None:
        row = updated(self.client, self.table_name, key, update=update, condition=condition, values=values)
        return None if row is None else decode(row)
