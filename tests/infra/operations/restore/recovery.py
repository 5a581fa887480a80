"""DynamoDB's point-in-time recovery, which moto has without the point in time: a model of AWS's own rules.

- A restoration makes a new table, of a name that no table has, with the rows of the moment and the indexes of
  today; stream, time to live, recovery and tags have to be set up again:
  https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
- The moment lies between the earliest and the latest that are restorable, of which the latest is some five
  minutes ago:
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
- The new table is being created for a while, and holds nothing to be read until then:
  https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_restores.html
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT = timedelta(days=35)
_LATE = timedelta(minutes=5)
_LOOKS = 2
"""How often a new table is looked at before it is there."""


@dataclass
class Recovery:
    """The tables of an account with what they held at moments that were noted. `clock` is in milliseconds."""

    tables: "DynamoDBClient"
    inside: "DynamoDBClient"
    """What AWS itself does, by a client that nobody else has."""
    clock: Callable[[], int]
    is_on: bool = True
    _held: dict[tuple[str, datetime], list[Any]] = field(default_factory=dict)
    _coming: dict[str, tuple[int, list[Any]]] = field(default_factory=dict)

    def note(self, moment: datetime, *tables: str) -> None:
        """Keep what the tables hold as what they held at a moment."""
        for table in tables:
            self._held[table, moment] = self.tables.scan(TableName=table)["Items"]

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to moto."""
        return getattr(self.tables, name)

    def describe_continuous_backups(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803 - AWS's own
        assert TableName
        described: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
        if self.is_on:
            now = datetime.fromtimestamp(self.clock() / 1000, UTC)
            bounds = {"EarliestRestorableDateTime": now - _KEPT, "LatestRestorableDateTime": now - _LATE}
            described = {"PointInTimeRecoveryStatus": "ENABLED", **bounds}
        return {"ContinuousBackupsDescription": {"PointInTimeRecoveryDescription": described}}

    def restore_table_to_point_in_time(
        self,
        *,
        SourceTableName: str,  # noqa: N803
        TargetTableName: str,  # noqa: N803
        RestoreDateTime: datetime,  # noqa: N803
    ) -> None:
        operation = self.tables.meta.service_model.operation_model("RestoreTableToPointInTime")
        self.tables.meta.events.emit(
            "before-call.dynamodb.RestoreTableToPointInTime", model=operation, params={"headers": {}}
        )
        described = self.describe_continuous_backups(TableName=SourceTableName)[
            "ContinuousBackupsDescription"
        ]
        recovery = described["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            raise _error("PointInTimeRecoveryUnavailableException")
        if (
            not recovery["EarliestRestorableDateTime"]
            <= RestoreDateTime
            <= recovery["LatestRestorableDateTime"]
        ):
            raise _error("InvalidRestoreTimeException")
        if TargetTableName in self.tables.list_tables()["TableNames"]:
            raise _error("TableAlreadyExistsException")
        source: Any = self.tables.describe_table(TableName=SourceTableName)["Table"]
        kept = {name: source[name] for name in ("KeySchema", "AttributeDefinitions")}
        if indexes := source.get("GlobalSecondaryIndexes"):
            names = ("IndexName", "KeySchema", "Projection")
            kept["GlobalSecondaryIndexes"] = [{name: index[name] for name in names} for index in indexes]
        self.inside.create_table(TableName=TargetTableName, BillingMode="PAY_PER_REQUEST", **kept)
        self._coming[TargetTableName] = (_LOOKS, self._held[SourceTableName, RestoreDateTime])

    def describe_table(self, *, TableName: str) -> Any:  # noqa: N803
        answer: Any = self.tables.describe_table(TableName=TableName)
        looks, rows = self._coming.pop(TableName, (None, []))
        if looks:
            self._coming[TableName] = (looks - 1, rows)
            answer["Table"]["TableStatus"] = "CREATING"
        elif looks == 0:
            for row in rows:
                self.inside.put_item(TableName=TableName, Item=row)
        return answer

    def delete_table(self, *, TableName: str) -> None:  # noqa: N803
        if TableName in self._coming:
            raise _error("ResourceInUseException")
        self.tables.delete_table(TableName=TableName)


class RecoveringSession(boto3.Session):
    """A session whose DynamoDB recovers."""

    def __init__(self, recovery: Recovery, region: str) -> None:
        super().__init__(region_name=region, aws_access_key_id="test", aws_secret_access_key="test")
        self._clients: dict[str, Any] = {"dynamodb": recovery}

    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        if service_name not in self._clients:
            make: Any = super().client
            self._clients[service_name] = make(service_name, *args, **options)
        return self._clients[service_name]


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "RestoreTableToPointInTime")
