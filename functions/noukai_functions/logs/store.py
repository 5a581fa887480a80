"""The stored log of an attempt: an item beside the job's row, and objects for what is too large for it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import read_items
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.logs.segment import Segment
from noukai_functions.names import EXPIRES_AT

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from noukai_functions.jobs.objects import JobObjects

INLINE_BYTES = 8 * 1024
"""The largest segment in an item: writing a larger one costs more than an object."""

_HOUR_SECONDS = 60 * 60
_CREATED_AT, _FULL, _FIRST, _COUNT, _CONTENT, _OBJECTS = "c", "f", "n", "m", "b", "k"
"""The attributes: the job's creation, the first lines of full segments, the first line of the last segment,
the number of lines, the content of the last segment, and the prefix of the objects' keys."""


@dataclass(frozen=True, slots=True)
class AttemptHead:
    """The item of an attempt's log: where its lines are.

    `firsts` are the numbers of the first lines of its segments. The last segment is `content`, or an object
    if that is None.
    """

    firsts: tuple[int, ...]
    count: int
    """The number of all lines."""
    content: bytes | None
    objects: str


@dataclass(frozen=True, slots=True)
class LogStore:
    """The logs of attempts: items of the jobs table under the job's id and a suffix, and objects."""

    client: "DynamoDBClient"
    table_name: str
    objects: "Callable[[], JobObjects]"

    def seal(self, job: Job, segment: Segment, number: int) -> None:
        """Store a full segment, which never changes again; idempotent."""
        self.objects().put(f"{_prefix(job)}{number}", segment.content())

    def write(self, job: Job, firsts: Sequence[int], last: Segment, now: int, *, is_last: bool) -> None:
        """Store the last segment, and where all are; idempotent.

        The item is written after its objects, so that a reader of the item finds them.
        """
        content = last.content()
        item: dict[str, Any] = {
            **_key(job.id, job.attempt),
            _CREATED_AT: {"N": str(job.created_at)},
            _COUNT: {"N": str(last.first + last.count)},
            EXPIRES_AT: {"N": str(kept_until(job, now, is_last=is_last))},
        }
        if len(content) <= INLINE_BYTES:
            item[_CONTENT] = {"B": content}
        else:
            self.objects().put(f"{_prefix(job)}{len(firsts)}", content)
        if firsts:
            item[_FULL] = {"S": json.dumps(firsts, separators=(",", ":"))}
            item[_FIRST] = {"N": str(last.first)}
        if firsts or _CONTENT not in item:
            item[_OBJECTS] = {"S": _prefix(job)}
        self.client.put_item(TableName=self.table_name, Item=item)

    def read(self, job: Job, attempts: Iterable[int], *, consistent: bool) -> dict[int, AttemptHead]:
        """Read the items of some of a job's attempts; those without a line have none."""
        keys = {f"{job.id}#log#{attempt}": attempt for attempt in attempts}
        if not keys:
            return {}
        found = read_items(self.client, self.table_name, list(keys), consistent=consistent)
        # The id may have been that of an earlier job, with more attempts.
        own = [item for item in found if item[_CREATED_AT]["N"] == str(job.created_at)]
        return {keys[item["id"]["S"]]: _head(item) for item in own}

    def segment(self, head: AttemptHead, number: int) -> bytes:
        """Return the content of a segment.

        Raises:
            PayloadLostError: its object is gone.
        """
        if head.content is not None and number == len(head.firsts) - 1:
            return head.content
        return self.objects().read(f"{head.objects}{number}", None)


def kept_until(job: Job, now: int, *, is_last: bool) -> int:
    """Return when a log may be deleted, in seconds since the epoch: not before its job.

    Before the last attempt has ended, the job may go on until its deadline to start.
    """
    ends_by = now if is_last else max(now, job.start_by)
    return ends_by // 1000 + _HOUR_SECONDS + job.keep_seconds


def _prefix(job: Job) -> str:
    from noukai_functions.jobs.objects import log_prefix  # noqa: PLC0415 - few logs need objects

    # The class of retention must be the same for all objects of an attempt.
    now = job.claimed_at or job.created_at
    return log_prefix(
        org=job.org,
        job_id=job.id,
        created_at=job.created_at,
        attempt=job.attempt,
        keep_ms=kept_until(job, now, is_last=False) * 1000 - now,
    )


def _key(job_id: str, attempt: int) -> dict[str, Any]:
    return {"id": {"S": f"{job_id}#log#{attempt}"}}


def _head(item: Mapping[str, Any]) -> AttemptHead:
    full = json.loads(item[_FULL]["S"]) if _FULL in item else []
    first = int(item[_FIRST]["N"]) if _FIRST in item else 0
    return AttemptHead(
        firsts=(*full, first),
        count=int(item[_COUNT]["N"]),
        content=item[_CONTENT]["B"] if _CONTENT in item else None,
        objects=item[_OBJECTS]["S"] if _OBJECTS in item else "",
    )
