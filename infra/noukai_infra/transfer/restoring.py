"""The import of the lines of an export into a stack."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any
from zlib import compress

from noukai_functions.jobs.lifecycle import TERMINAL, Job
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.row import SAVED_INPUT, encode, expression, placeholders
from noukai_functions.names import EXPIRES_AT, RESTORED
from noukai_infra.transfer.bounds import MAX_LINE_BYTES, check_times
from noukai_infra.transfer.contents import Contents
from noukai_infra.transfer.line import Content, read_line

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AT_ONCE = 8
_MOST_LINES, _MOST_BYTES = 100, 4 * 1024 * 1024
"""How much is handled at once, unless a single line is larger."""

_FREE = expression(
    "attribute_not_exists(id) OR (state IN (:completed, :failed, :cancelled) AND expires_at <= :now)"
)
"""A row may be put where there is none, or an expired one."""


class Fate(StrEnum):
    """The fate of a line."""

    IMPORTED = "imported"
    EXISTING = "existing"
    UNFINISHED = "unfinished"
    """Skipped: the message of a pending or running job is in the queue of its own stack."""
    EXPIRED = "expired"


@dataclass(frozen=True)
class BadLine:
    """A line that is no job, by its number."""

    number: int
    reason: str


def bad_lines(lines: Iterable[bytes], now: int) -> Iterator[BadLine]:
    """Check each line, without changing anything."""
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_BYTES:
            yield BadLine(number, f"it is longer than {MAX_LINE_BYTES} bytes")
            return  # what follows is of the same line
        try:
            if line.strip():
                check_times(read_line(line).job, now)
        except (ValueError, RecursionError) as error:
            yield BadLine(number, str(error))


@dataclass(frozen=True)
class Import:
    """The jobs table and the bucket into which jobs are put. Each job is there whole, or not at all."""

    dynamodb: "DynamoDBClient"
    table: str
    contents: Contents
    spread: int
    """Over how many index partitions a flow's jobs are spread."""
    now: int
    """In milliseconds since the epoch."""

    def run(self, lines: Iterable[bytes]) -> Iterator[tuple[int, Counter[Fate]]]:
        """Import checked lines; yield after some of them their bytes and what was done with them."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for some in _parted(lines):
                jobs = [read_line(line) for line in some if line.strip()]
                skipped = Counter(fate for each in jobs if (fate := self._skipped(each.job)))
                # Of lines with the same id, one is put: the objects of the others would replace its own.
                whole = [each for each in jobs if self._skipped(each.job) is None]
                first = {each.job.id: each for each in reversed(whole)}
                existing = self._existing([*first])
                put = Counter(pool.map(partial(self._put, existing=existing), first.values()))
                again = Counter({Fate.EXISTING: len(whole) - len(first)})
                yield sum(map(len, some)), put + skipped + again

    def _skipped(self, job: Job) -> Fate | None:
        """Return why a job is not put, wherever it comes."""
        if not job.is_terminal:
            return Fate.UNFINISHED
        return Fate.EXPIRED if job.is_expired(self.now) else None

    def _existing(self, ids: Sequence[str]) -> frozenset[str]:
        """Return the ids of the jobs that are there, for which nothing is stored."""
        found: set[str] = set()
        keys: Any = [{"id": {"S": id_}} for id_ in ids]
        wanted: Any = {self.table: {"Keys": keys, "ConsistentRead": True}} if keys else {}
        while wanted:
            answer = self.dynamodb.batch_get_item(RequestItems=wanted)
            found |= {row["id"]["S"] for row in answer["Responses"][self.table] if not self._has_expired(row)}
            wanted = answer["UnprocessedKeys"]
        return frozenset(found)

    def _has_expired(self, row: Any) -> bool:
        return EXPIRES_AT in row and int(row[EXPIRES_AT]["N"]) * 1000 <= self.now

    def _put(self, content: Content, existing: frozenset[str]) -> Fate:
        job, message = content.job, content.message
        if job.id in existing:
            return Fate.EXISTING
        if content.output is not None:
            job = replace(job, **self.contents.put_output(job, content.output))  # type: ignore[arg-type]
        if message is not None and content.uploaded is not None:
            message = replace(message, input=self.contents.put_input(job, content.uploaded))
        return self._write(job, message)

    def _write(self, job: Job, message: Message | None) -> Fate:
        """Put a row, and its saved input with it, unless it is there."""
        # Marked as restored, so that no usage is counted where it replaces an expired row.
        row = {**encode(job, self.spread), RESTORED: {"N": str(self.now)}}
        values = placeholders({**{state.value: state for state in TERMINAL}, "now": self.now // 1000})
        put: Any = {
            "TableName": self.table,
            "Item": row,
            "ConditionExpression": _FREE,
            "ExpressionAttributeValues": values,
        }
        errors = self.dynamodb.exceptions
        try:
            if message is None:
                self.dynamodb.put_item(**put)
            else:
                saved: Any = {"Put": {"TableName": self.table, "Item": _saved(job, message)}}
                self.dynamodb.transact_write_items(TransactItems=[{"Put": put}, saved])
        except errors.ConditionalCheckFailedException:
            return Fate.EXISTING
        except errors.TransactionCanceledException as error:
            if error.response["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed":
                return Fate.EXISTING
            raise
        return Fate.IMPORTED


def _saved(job: Job, message: Message) -> dict[str, Any]:
    return {
        "id": {"S": f"{job.id}#input"},
        SAVED_INPUT: {"B": compress(message.body.encode())},
        EXPIRES_AT: {"N": str(job.expires_at)},
    }


def _parted(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Split lines into parts that fit into memory."""
    part: list[bytes] = []
    size = 0
    for line in lines:
        if part and (len(part) == _MOST_LINES or size + len(line) > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line)
    if part:
        yield part
