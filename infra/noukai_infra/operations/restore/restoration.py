"""The restore in idempotent steps: a run continues with the first step not done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from noukai_functions.names import JOB_ID, KEY_HASH, SCHEDULE_NAME, SCHEDULE_ORG, USAGE_KEY, USAGE_ORG
from noukai_infra.command_line import command
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.releases.rollback import LONGEST_SECONDS
from noukai_infra.operations.restore.copying import Copying
from noukai_infra.operations.restore.estimate import Size
from noukai_infra.operations.restore.marks import Marks
from noukai_infra.operations.restore.record import Progress, Record, TableName
from noukai_infra.operations.restore.rows import (
    Change,
    as_it_was,
    is_endpoint,
    marked_job,
    still_revoked,
    told_again,
)
from noukai_infra.operations.restore.standstill import Standstill

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OUTPUTS: dict[TableName, str] = {
    "jobs": "JobsTable",
    "usage": "UsageTable",
    "keys": "KeysTable",
    "schedules": "SchedulesTable",
    "webhooks": "WebhooksTable",
}
_KEYS: dict[TableName, Sequence[str]] = {
    "jobs": [JOB_ID],
    "usage": [USAGE_ORG, USAGE_KEY],
    "keys": [KEY_HASH],
    "schedules": [SCHEDULE_ORG, SCHEDULE_NAME],
    "webhooks": [USAGE_ORG, USAGE_KEY],
}

_MARKED: Sequence[TableName] = ("usage", "webhooks")
"""The tables that agree in the names of endpoints."""

_COUNTED_SECONDS = 60
"""The time to count the usage of ended jobs, and the longest run of the function that counts."""
_LOOK_SECONDS = 20


@dataclass(frozen=True)
class Restoration:
    """The restoration of a deployed stack's tables. `clock` is in milliseconds."""

    account: Account
    stack: str
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    say: Callable[[str], object]

    @property
    def record(self) -> Record:
        """Return the progress record."""
        return Record(self.account.session.client("ssm"), self.stack)

    def plan(self, moment: datetime, tables: Sequence[TableName]) -> Progress:
        """Return the plan, without carrying it out.

        Raises:
            OperatorError: a table cannot be restored to that time, or is busy.
        """
        for table in tables:
            self._check(table, moment)
        return Progress(round(moment.timestamp() * 1000), tables, self.clock())

    def size(self, table: TableName) -> Size:
        """Return a table's size."""
        described = self._dynamodb.describe_table(TableName=self._name(table))["Table"]
        return Size(described.get("ItemCount", 0), described.get("TableSizeBytes", 0))

    def run(self, progress: Progress) -> Progress:
        """Restore, or continue to; the system is stopped until the rows are replaced."""
        progress = self.record.write(progress)
        if set(progress.copied) != set(progress.tables):
            progress = self._stop(progress)
            self._make_copies(progress)
            self._wait(progress)
            progress = self.record.write(progress, changed=progress.changed or self.clock())
            for table in progress.tables:
                if table not in progress.copied:
                    self._copy(table, progress)
                    progress = self.record.write(progress, copied=[*progress.copied, table])
        self._end(progress)
        return progress

    def call_off(self, progress: Progress) -> None:
        """Cancel the restore: resume the system and delete the copies.

        Raises:
            OperatorError: rows may have been changed already.
        """
        if progress.changed is not None:
            raise OperatorError(
                f"Rows have been changed already: let it end with `{command('restore')}`, and restore the "
                "moment before it."
            )
        self._end(progress)

    def _check(self, table: TableName, moment: datetime) -> None:
        name = self._name(table)
        status = self._dynamodb.describe_table(TableName=name)["Table"]["TableStatus"]
        if status != "ACTIVE":
            raise OperatorError(f"The table {name} is {status}: try again once it is ACTIVE.")
        backups: Any = self._dynamodb.describe_continuous_backups(TableName=name)[
            "ContinuousBackupsDescription"
        ]
        recovery = backups.get("PointInTimeRecoveryDescription", {})
        if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
            raise OperatorError(f"The table {name} cannot be restored: its point-in-time recovery is off.")
        first, last = recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]
        if not first <= moment <= last:
            raise OperatorError(
                f"The table {name} cannot be restored to {shown(moment)}: choose a time from {shown(first)} "
                f"to {shown(last)}. The most recent minutes become available later."
            )

    def _stop(self, progress: Progress) -> Progress:
        """Stop the API and the workers; running work may take a quarter of an hour to end."""
        standstill = Standstill(self.account, self.stack, self.sleep)
        standstill.begin()
        if progress.stopped is None:
            progress = self.record.write(progress, stopped=self.clock())
        self.say("API and workers stand still.")
        return progress

    def _make_copies(self, progress: Progress) -> None:
        for table in progress.tables:
            name, copy = self._name(table), progress.copy_of(self._name(table))
            if self._status(copy) is None:
                self._dynamodb.restore_table_to_point_in_time(
                    SourceTableName=name, TargetTableName=copy, RestoreDateTime=progress.point_in_time
                )
        for table in progress.tables:
            copy = progress.copy_of(self._name(table))
            self.say(f"AWS restores {copy} …")
            while self._status(copy) != "ACTIVE":
                self.sleep(_LOOK_SECONDS)

    def _wait(self, progress: Progress) -> None:
        """Wait until running work has ended and was counted; after that, nothing writes."""
        since = (self.clock() - (progress.stopped or 0)) / 1000
        if (left := LONGEST_SECONDS + _COUNTED_SECONDS - since) > 0:
            self.say(f"Jobs that run may take {left / 60:.0f} minutes to end …")
            self.sleep(left)
        Standstill(self.account, self.stack, self.sleep).complete()
        self.sleep(_COUNTED_SECONDS)

    def _copy(self, table: TableName, progress: Progress) -> None:
        changes: dict[TableName, Change] = {
            "jobs": marked_job(progress.begun),
            "usage": as_it_was,
            "keys": still_revoked,
            "schedules": as_it_was,
            "webhooks": told_again(progress.begun),
        }
        name = self._name(table)
        copying = Copying(
            self._dynamodb,
            progress.copy_of(name),
            name,
            _KEYS[table],
            changes[table],
            progress.begun,
            is_endpoint if table == "webhooks" else lambda _: True,
            self.sleep,
        )
        written, deleted = copying.run()
        self.say(f"{table}: {written} rows were brought back, {deleted} deleted.")
        if table in _MARKED:
            self._mark_endpoints()

    def _mark_endpoints(self) -> None:
        # A stack that was deployed before there were webhooks has no such table.
        if OUTPUTS["webhooks"] in self._outputs:
            Marks(self._dynamodb, self._name("usage"), self._name("webhooks")).agree()

    def _end(self, progress: Progress) -> None:
        Standstill(self.account, self.stack, self.sleep).end()
        self.say("API and workers go on.")
        for table in progress.tables:
            self._delete(progress.copy_of(self._name(table)))
        self.record.delete()

    def _delete(self, copy: str) -> None:
        while (status := self._status(copy)) == "CREATING":
            self.sleep(_LOOK_SECONDS)
        if status is not None and status != "DELETING":
            self._dynamodb.delete_table(TableName=copy)

    def _status(self, table: str) -> str | None:
        try:
            return self._dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return None

    def _name(self, table: TableName) -> str:
        return self._outputs[OUTPUTS[table]]

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        return self.account.deployed(self.stack)

    @cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        return self.account.session.client("dynamodb")


def shown(moment: datetime) -> str:
    """Format a time as `--to` takes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
