"""Restoring beside a table in use: a check of what AWS gives a new table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.aws.deployed import Deployed
from tests.aws.report import Saw

_MOST_SECONDS = 3 * 60 * 60
_LOOK_SECONDS = 30


@pytest.mark.on_aws
def test_restored_copy(deployed: Deployed, saw: Saw) -> None:
    """A table can be restored beside the one in use, with its keys and indexes, and without its stream."""
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
                pytest.skip(f"{copy} is still {table['TableStatus']}")
            deployed.sleep(_LOOK_SECONDS)
        indexes = [each["IndexName"] for each in table.get("GlobalSecondaryIndexes", [])]
        saw(
            f"restored in {deployed.clock() - began:.0f} s, indexes {indexes}, stream {table.get('LatestStreamArn')}"
        )
        assert table["KeySchema"] == _described(dynamodb, source)["KeySchema"]
        assert len(indexes) == 1
        assert "LatestStreamArn" not in table
    finally:
        _delete(deployed, dynamodb, copy)


def _delete(deployed: Deployed, dynamodb: Any, copy: str) -> None:
    """Take the copy away, which AWS refuses while it is being made."""
    while True:
        try:
            dynamodb.delete_table(TableName=copy)
        except dynamodb.exceptions.ResourceInUseException:
            deployed.sleep(_LOOK_SECONDS)
        else:
            return


def _described(dynamodb: Any, name: str) -> dict[str, Any]:
    return dict(dynamodb.describe_table(TableName=name)["Table"])
