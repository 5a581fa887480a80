"""The record of the deployment that the schedules agree with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.schedules.row import key_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEY = key_of("#", "deployed")
"""A key that no schedule can have."""


@dataclass(frozen=True, slots=True)
class DeployedFlows:
    """A version of the flows, the org of their schedules, and the version of the zones' rules."""

    version: str
    org: str | None
    rules: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """The record in the schedules table."""

    client: "DynamoDBClient"
    table_name: str

    def read(self) -> DeployedFlows | None:
        """Read the record; None before the first one."""
        found: Any = self.client.get_item(TableName=self.table_name, Key=_KEY, ConsistentRead=True)
        if "Item" not in found:
            return None
        row = found["Item"]
        return DeployedFlows(row["v"]["S"], row["org"]["S"] if "org" in row else None, row["rules"]["S"])

    def write(self, flows: DeployedFlows) -> None:
        """Write the record."""
        org: Any = {} if flows.org is None else {"org": {"S": flows.org}}
        self.client.put_item(
            TableName=self.table_name,
            Item={**_KEY, "v": {"S": flows.version}, "rules": {"S": flows.rules}, **org},
        )
