"""The progress of a restore, stored in a parameter of the account so that it can be continued."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

TableName = Literal["jobs", "usage", "keys", "schedules", "webhooks"]


@dataclass(frozen=True)
class Progress:
    """The progress of a restore. Times are in milliseconds since the epoch."""

    moment: int
    tables: Sequence[TableName]
    begun: int
    stopped: int | None = None
    """When everything except metering was stopped."""
    changed: int | None = None
    """When nothing wrote any more, and rows began to be changed."""
    copied: Sequence[TableName] = ()

    def copy_of(self, table: str) -> str:
        """Return the name of a table's restored copy."""
        return f"{table}-restore-{self.begun}"

    @property
    def point_in_time(self) -> datetime:
        """Return the point in time in AWS's format."""
        return datetime.fromtimestamp(self.moment / 1000, UTC)

    @property
    def replaced(self) -> datetime:
        """Return the last moment before the rows are replaced."""
        return datetime.fromtimestamp((self.changed or self.begun) // 1000, UTC)


@dataclass(frozen=True)
class Record:
    """The parameter with the progress, which exists only during a restore."""

    client: "SSMClient"
    stack: str

    def read(self) -> Progress | None:
        """Read the progress of the current restore; None if there is none."""
        try:
            value: Any = self.client.get_parameter(Name=self._name)["Parameter"]["Value"]
        except self.client.exceptions.ParameterNotFound:
            return None
        return Progress(**json.loads(value))

    def write(self, progress: Progress, **changes: object) -> Progress:
        """Write the progress with some changes, and return it."""
        changed = replace(progress, **changes)  # type: ignore[arg-type]
        self.client.put_parameter(
            Name=self._name, Value=json.dumps(asdict(changed)), Type="String", Overwrite=True
        )
        return changed

    def delete(self) -> None:
        """Delete the parameter."""
        self.client.delete_parameter(Name=self._name)

    @property
    def _name(self) -> str:
        return f"/noukai-restore/{self.stack}"
