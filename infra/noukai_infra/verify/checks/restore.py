"""Restoring beside a table in use: a check of what AWS gives a new table."""

from datetime import UTC, datetime
from typing import Any

from noukai_infra.verify.check import CheckSkippedError, Saw, check, expect, require
from noukai_infra.verify.deployed import Deployed

_MOST_SECONDS = 3 * 60 * 60
_LOOK_SECONDS = 30


@check(
    "A table can be restored beside the one in use, with its keys and indexes, and without its stream.",
    on_aws=True,
)
def restored_copy(deployed: Deployed, saw: Saw) -> None:
    dynamodb = deployed.session.client("dynamodb")
    source = deployed.outputs["JobsTable"]
    copy = f"{source}-verify-{int(datetime.now(UTC).timestamp())}"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=source, TargetTableName=copy, UseLatestRestorableTime=True
    )
    began = deployed.clock()
    try:
        while (table := _described(dynamodb, copy))["TableStatus"] != "ACTIVE":
            if deployed.clock() - began > _MOST_SECONDS:
                raise CheckSkippedError(f"{copy} is still {table['TableStatus']}")
            deployed.sleep(_LOOK_SECONDS)
        indexes = [each["IndexName"] for each in table.get("GlobalSecondaryIndexes", [])]
        saw(
            f"restored in {deployed.clock() - began:.0f} s, indexes {indexes}, stream "
            f"{table.get('LatestStreamArn')}"
        )
        expect(table["KeySchema"], _described(dynamodb, source)["KeySchema"])
        expect(len(indexes), 1)
        require("LatestStreamArn" not in table, "no stream")
    finally:
        _delete(deployed, dynamodb, copy)


def _delete(deployed: Deployed, dynamodb: Any, copy: str) -> None:
    """Delete the copy, which AWS refuses while it is being made."""
    while True:
        try:
            dynamodb.delete_table(TableName=copy)
        except dynamodb.exceptions.ResourceInUseException:
            deployed.sleep(_LOOK_SECONDS)
        else:
            return


def _described(dynamodb: Any, name: str) -> dict[str, Any]:
    return dict(dynamodb.describe_table(TableName=name)["Table"])
