"""The deliveries in the webhooks table, and the bodies of events that were not delivered at once."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.names import DUE_AT, DUE_GROUP, DUE_INDEX, EXPIRES_AT, USAGE_KEY, USAGE_ORG
from noukai_functions.webhooks.store.conditional_update import refused, updated
from noukai_functions.webhooks.store.delivery import (
    FAILED,
    HAS_BODY,
    NAMES,
    WAITING,
    Delivery,
    decode,
    encode,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AFTER_ALL = "~"
"""A place after that of every delivery."""

_STATE, _TRIES, _ERROR = NAMES["state"], NAMES["tries"], NAMES["error"]

Waiting = tuple[str, int]
"""The place of a delivery that waits, and until when it does."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The deliveries of all endpoints."""

    client: "DynamoDBClient"
    table_name: str

    def record(self, delivery: Delivery) -> None:
        """Record an event that was delivered."""
        self.client.put_item(TableName=self.table_name, Item=encode(delivery))

    def keep(self, delivery: Delivery, body: bytes | None) -> bool:
        """Record an event that was not delivered, after its body; return False if it was recorded before."""
        if body is not None:
            self.client.put_item(
                TableName=self.table_name,
                Item={
                    **delivery.body_key,
                    HAS_BODY: {"B": zlib.compress(body)},
                    EXPIRES_AT: {"N": str(delivery.expires_at)},
                },
            )
        kept = replace(delivery, has_body=body is not None)
        return self._put(kept, f"attribute_not_exists({USAGE_KEY})", {})

    def body(self, delivery: Delivery) -> bytes | None:
        """Return the body of an event, if it is kept."""
        answer = self.client.get_item(TableName=self.table_name, Key=delivery.body_key, ConsistentRead=True)
        return zlib.decompress(answer["Item"][HAS_BODY]["B"]) if "Item" in answer else None

    def due(self, endpoint: str, until: int, most: int) -> list[Waiting]:
        """Return the deliveries of an endpoint that wait until `until` or less, the first due first."""
        answer = self.client.query(
            TableName=self.table_name,
            IndexName=DUE_INDEX,
            KeyConditionExpression=f"{DUE_GROUP} = :endpoint AND {DUE_AT} <= :until",
            ExpressionAttributeValues={":endpoint": {"S": endpoint}, ":until": {"N": str(until)}},
            Limit=most,
        )
        return [(item[USAGE_KEY]["S"], int(item[DUE_AT]["N"])) for item in answer["Items"]]

    def count_waiting(self, endpoint: str, most: int) -> int:
        """Count the deliveries that wait for an endpoint, up to `most`."""
        count = 0
        start: Any = {}
        while count < most:
            page: Any = self.client.query(
                TableName=self.table_name,
                IndexName=DUE_INDEX,
                KeyConditionExpression=f"{DUE_GROUP} = :endpoint",
                ExpressionAttributeValues={":endpoint": {"S": endpoint}},
                Select="COUNT",
                Limit=most - count,
                **start,
            )
            count += page["Count"]
            if "LastEvaluatedKey" not in page:
                break
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        return count

    def claim(self, endpoint: str, waiting: Waiting, until: int) -> Delivery | None:
        """Claim a try of a delivery until then, and count it before it is made.

        Returns None if another has claimed or settled it.
        """
        place, due_at = waiting
        return self._update(
            endpoint,
            place,
            f"SET {DUE_AT} = :until ADD {_TRIES} :one",
            f"{_STATE} = :waiting AND {DUE_AT} = :seen",
            {":until": {"N": str(until)}, ":one": {"N": "1"}, ":seen": {"N": str(due_at)}},
        )

    def settle(self, claimed: Delivery, settled: Delivery) -> bool:
        """Record the outcome of a claimed try; return False if the claim is over."""
        values = {
            ":waiting": {"S": WAITING},
            ":tries": {"N": str(claimed.tries)},
            ":claim": {"N": str(claimed.due_at)},
        }
        return self._put(settled, f"{_STATE} = :waiting AND {_TRIES} = :tries AND {DUE_AT} = :claim", values)

    def give_up(self, endpoint: str, waiting: Iterable[Waiting], reason: str) -> None:
        """Record deliveries that are not tried any more as failed."""
        for place, due_at in waiting:
            self._update(
                endpoint,
                place,
                f"SET {_STATE} = :failed, {_ERROR} = :reason REMOVE {DUE_AT}, {DUE_GROUP}",
                f"{_STATE} = :waiting AND {DUE_AT} = :seen",
                {":failed": {"S": FAILED}, ":reason": {"S": reason}, ":seen": {"N": str(due_at)}},
            )

    def rearm(self, delivery: Delivery, now: int) -> bool:
        """Let a failed delivery wait again, with all its tries; return False if it is not failed any more."""
        values = {":waiting": {"S": WAITING}, ":failed": {"S": FAILED}, ":now": {"N": str(now)}}
        values |= {":none": {"N": "0"}, ":endpoint": {"S": delivery.endpoint}}
        sets = f"SET {_STATE} = :waiting, {DUE_AT} = :now, {DUE_GROUP} = :endpoint, {_TRIES} = :none"
        try:
            self.client.update_item(
                TableName=self.table_name,
                Key=delivery.key,
                UpdateExpression=f"{sets} REMOVE {_ERROR}",
                ConditionExpression=f"{_STATE} = :failed",
                ExpressionAttributeValues=values,
            )
        except AwsError as error:
            return refused(error)
        return True

    def newest(self, endpoint: str, before: str, most: int) -> tuple[list[Delivery], bool]:
        """Return the deliveries before a place, newest first, and whether there may be more."""
        return self._page(endpoint, "<", before, most, forward=False)

    def oldest(self, endpoint: str, after: str, most: int) -> tuple[list[Delivery], bool]:
        """Return the deliveries after a place, oldest first, and whether there may be more."""
        return self._page(endpoint, ">", after, most, forward=True)

    def _page(
        self, endpoint: str, comparison: str, place: str, most: int, *, forward: bool
    ) -> tuple[list[Delivery], bool]:
        answer = self.client.query(
            TableName=self.table_name,
            KeyConditionExpression=f"{USAGE_ORG} = :endpoint AND {USAGE_KEY} {comparison} :place",
            ExpressionAttributeValues={":endpoint": {"S": endpoint}, ":place": {"S": place}},
            ScanIndexForward=forward,
            ConsistentRead=True,
            Limit=most,
        )
        return [decode(item) for item in answer["Items"]], "LastEvaluatedKey" in answer

    def _put(self, delivery: Delivery, condition: str, values: dict[str, Any]) -> bool:
        # DynamoDB refuses an empty map of values.
        given: Any = {"ExpressionAttributeValues": values} if values else {}
        try:
            self.client.put_item(
                TableName=self.table_name, Item=encode(delivery), ConditionExpression=condition, **given
            )
        except AwsError as error:
            return refused(error)
        return True

    def _update(
        self, endpoint: str, place: str, update: str, condition: str, values: dict[str, Any]
    ) -> Delivery | None:
        """Update a delivery that waits; return None if the condition fails."""
        key = {USAGE_ORG: {"S": endpoint}, USAGE_KEY: {"S": place}}
        same = {**values, ":waiting": {"S": WAITING}}
        row = updated(self.client, self.table_name, key, update=update, condition=condition, values=same)
        return None if row is None else decode(row)
