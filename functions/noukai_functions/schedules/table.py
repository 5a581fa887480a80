"""The schedules table: each write of a row is made on the row as it was read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError, queried
from noukai_functions.names import DUE_AT, DUE_GROUP, DUE_INDEX, SCHEDULE_NAME, SCHEDULE_ORG
from noukai_functions.schedules import row
from noukai_functions.schedules.schedule import Schedule

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_PAGE = 100
"""The most rows of the index that are read at once: a tick may have no time for more."""


class ConflictError(Exception):
    """An error for a row that has changed since it was read."""


@dataclass(frozen=True, slots=True)
class SchedulesTable:
    """The schedules of all orgs, by org and name."""

    client: "DynamoDBClient"
    table_name: str

    def read(self, org: str, name: str) -> Schedule | None:
        """Read a schedule with its content; None if there is none."""
        found = self._get(row.key_of(org, name))
        if found is None:
            return None
        if row.CONTENT_AT not in found:
            return row.decode(found)
        content = self._get(row.content_key(org, name, int(found[row.CONTENT_AT]["N"])))
        # A content without an item was replaced after the row was read.
        return self.read(org, name) if content is None else row.decode(found, content[row.CONTENT]["S"])

    def of_org(self, org: str) -> list[Schedule]:
        """Read the schedules of an org, by name; long contents are left out."""
        found = queried(
            self.client,
            TableName=self.table_name,
            KeyConditionExpression=f"{SCHEDULE_ORG} = :org",
            ExpressionAttributeValues={":org": {"S": org}},
            ConsistentRead=True,
        )
        return [row.decode(each) for each in found]

    def due(self, until: int) -> Iterator[tuple[str, str]]:
        """Return the org and the name of each schedule to look at until a time, the longest due first.

        Eventually consistent: read each before deciding on it.
        """
        found = queried(
            self.client,
            TableName=self.table_name,
            IndexName=DUE_INDEX,
            KeyConditionExpression=f"{DUE_GROUP} = :due AND {DUE_AT} <= :until",
            ExpressionAttributeValues={":due": {"S": row.DUE}, ":until": {"N": str(until)}},
            Limit=_PAGE,
        )
        return ((each[SCHEDULE_ORG]["S"], each[SCHEDULE_NAME]["S"]) for each in found)

    def create(self, schedule: Schedule) -> Schedule:
        """Write a new schedule; raise `ConflictError` if there is one of this name."""
        return self._write(schedule, f"attribute_not_exists({SCHEDULE_ORG})", {})

    def replace(self, seen: Schedule, new: Schedule) -> Schedule:
        """Write a schedule in place of what was seen; raise `ConflictError` if that has changed."""
        new = replace(new, revision=seen.revision + 1)
        written = self._write(new, f"{row.REVISION} = :seen", {":seen": {"N": str(seen.revision)}})
        if seen.changed_at != new.changed_at:
            self._delete_content(seen)
        return written

    def delete(self, seen: Schedule) -> None:
        """Delete a schedule; raise `ConflictError` if it has changed."""
        self._conditionally(
            self.client.delete_item,
            Key=row.key_of(seen.org, seen.name),
            ConditionExpression=f"{row.REVISION} = :seen",
            ExpressionAttributeValues={":seen": {"N": str(seen.revision)}},
        )
        self._delete_content(seen)

    def _write(self, schedule: Schedule, condition: str, values: Mapping[str, Any]) -> Schedule:
        content = schedule.definition.content
        if not row.is_short(content):
            # First, so that no row lacks its content. It never changes, so that it can be written again.
            key = row.content_key(schedule.org, schedule.name, schedule.changed_at)
            self.client.put_item(TableName=self.table_name, Item={**key, row.CONTENT: {"S": content}})
        given: Any = {"ExpressionAttributeValues": dict(values)} if values else {}
        self._conditionally(
            self.client.put_item, Item=row.encode(schedule), ConditionExpression=condition, **given
        )
        return schedule

    def _conditionally(self, write: Any, **given: Any) -> None:
        try:
            write(TableName=self.table_name, **given)
        except AwsError as error:
            if error.code != "ConditionalCheckFailedException":
                raise
            raise ConflictError from error

    def _delete_content(self, schedule: Schedule) -> None:
        if not row.is_short(schedule.definition.content):
            key = row.content_key(schedule.org, schedule.name, schedule.changed_at)
            self.client.delete_item(TableName=self.table_name, Key=key)

    def _get(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        found = self.client.get_item(TableName=self.table_name, Key=dict(key), ConsistentRead=True)
        return found.get("Item")
