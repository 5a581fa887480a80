"""The share of new jobs that a canary runs: those that go to a new version of the workers.

A job is marked when it is submitted, by a hash of its id, and its mark never changes: all its messages are in
the queue that one version reads, through retries, redeliveries and repeated submissions.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

from noukai_functions.jobs.lifecycle import IN_CANARY
from noukai_functions.names import CANARY_ROW, CANARY_SHARE, JOB_ID

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from noukai_functions.clock import Clock

CACHE_MS = 10_000
"""How long a process uses the share that it has read."""

_KEY: Any = {JOB_ID: {"S": CANARY_ROW}}
_WHOLE = 100


@dataclass(slots=True)
class CanaryShare:
    """The share in the jobs table, which every submission asks for and each process reads at intervals."""

    client: "DynamoDBClient"
    table_name: str
    clock: "Clock"
    only: frozenset[str] = frozenset()
    """The flows that only the new version can run as they are described now."""
    _share: int | None = None
    _read_at: int | None = None

    def mark_of(self, job_id: str, flow: str, *, is_later: bool) -> str | None:
        """Return the mark of a new job; None if the stable version runs it.

        A job that a schedule sends much later starts when the canary is over, unless only the new version
        knows its flow.
        """
        share = self._current()
        if share is None:
            return None
        is_in = flow in self.only or (not is_later and is_in_canary(job_id, share))
        return IN_CANARY if is_in else None

    def _current(self) -> int | None:
        """Return the share in per cent; None if there is no canary."""
        now = self.clock.now()
        if self._read_at is None or now >= self._read_at + CACHE_MS:
            item: Any = self.client.get_item(TableName=self.table_name, Key=_KEY).get("Item")
            self._share = None if item is None else int(item[CANARY_SHARE]["N"])
            self._read_at = now
        return self._share


def is_in_canary(job_id: str, share: int) -> bool:
    """Return whether the job with this id belongs to a share of so many per cent."""
    return crc32(job_id.encode()) % _WHOLE < share
