"""The copying of a restored table's rows, while nobody else writes."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from noukai_infra.operations.restore.rows import Change, Row, is_expired

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AT_ONCE = 8
_MAX_READ, _MAX_WRITTEN = 100, 25
"""The most rows that DynamoDB allows per request."""

_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True)
class Copying:
    """A repeatable copy from the table `copy` into `table` that writes only differences.

    `keys` are the names of the key attributes. `now_ms` is the start of the restore; rows that expired before
    it are left out.
    """

    client: "DynamoDBClient"
    copy: str
    table: str
    keys: Sequence[str]
    change: Change
    now_ms: int
    forgets: Callable[[Row], bool] = lambda _: True
    """Whether a row that is newer than the copy is deleted."""
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> tuple[int, int]:
        """Copy all rows; return how many were written and how many deleted."""
        puts = self._in_segments(self._bring_back)
        return puts[0], puts[1] + self._in_segments(self._delete_newer)[1]

    def _in_segments(self, part: Callable[[int], tuple[int, int]]) -> tuple[int, int]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            counts = list(pool.map(part, range(_AT_ONCE)))
        return sum(put for put, _ in counts), sum(deleted for _, deleted in counts)

    def _bring_back(self, segment: int) -> tuple[int, int]:
        written = deleted = 0
        for rows in self._scan(self.copy, segment):
            now = self._rows_of(self.table, rows)
            puts, deletions = [], []
            for then in rows:
                standing = now.get(self._key(then))
                if not is_expired(then, self.now_ms):
                    puts += [changed] if (changed := self.change(then, standing)) else []
                elif standing is not None and standing != then:
                    deletions.append(standing)
            self._write(puts, deletions)
            written, deleted = written + len(puts), deleted + len(deletions)
        return written, deleted

    def _delete_newer(self, segment: int) -> tuple[int, int]:
        deleted = 0
        for rows in self._scan(self.table, segment):
            then = self._rows_of(self.copy, rows)
            newer = [row for row in rows if self._key(row) not in then and self.forgets(row)]
            self._write([], newer)
            deleted += len(newer)
        return 0, deleted

    def _scan(self, table: str, segment: int) -> Iterator[Sequence[Row]]:
        pages = self.client.get_paginator("scan").paginate(
            TableName=table, ConsistentRead=True, Segment=segment, TotalSegments=_AT_ONCE
        )
        for page in pages:
            rows = page["Items"]
            for start in range(0, len(rows), _MAX_READ):
                yield rows[start : start + _MAX_READ]

    def _rows_of(self, table: str, rows: Sequence[Row]) -> Mapping[object, Row]:
        """Read a table's rows with these keys."""
        wanted: Any = {table: {"Keys": [self._key_attributes(row) for row in rows], "ConsistentRead": True}}
        ask = partial(self._until_done, self.client.batch_get_item, "UnprocessedKeys")
        found = chain.from_iterable(answer["Responses"].get(table, []) for answer in ask(wanted))
        return {self._key(row): row for row in found}

    def _write(self, puts: Sequence[Row], deletions: Sequence[Row]) -> None:
        requests: list[Any] = [{"PutRequest": {"Item": row}} for row in puts]
        requests += [{"DeleteRequest": {"Key": self._key_attributes(row)}} for row in deletions]
        for start in range(0, len(requests), _MAX_WRITTEN):
            wanted = {self.table: requests[start : start + _MAX_WRITTEN]}
            for _ in self._until_done(self.client.batch_write_item, "UnprocessedItems", wanted):
                pass

    def _until_done(self, call: Callable[..., Any], rest: str, wanted: Any) -> Iterator[Mapping[str, Any]]:
        """Call until DynamoDB leaves nothing unprocessed."""
        pause = _PAUSE_SECONDS
        while wanted:
            answer = call(RequestItems=wanted)
            yield answer
            if wanted := answer.get(rest):
                self.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _key_attributes(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in self.keys}

    def _key(self, row: Row) -> object:
        return tuple(row[name]["S"] for name in self.keys)
