"""The reader of the jobs table's stream; it puts away records that it could not count."""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count as numbers
from uuid import uuid4

import boto3

from noukai_infra.operations.recount import Uncounted
from noukai_infra.operations.times import Interval
from tests.functions.crashes import CrashError, crashing
from tests.functions.harness import System
from tests.functions.stand_ins.discarded import MAXIMUM_AGE_MS, discard
from tests.functions.stand_ins.stream import Record, count, ended, sums

SHARD = "shardId-1"


def came(record: Record, at: int) -> Record:
    record["dynamodb"]["ApproximateCreationDateTime"] = at / 1000
    return record


@dataclass
class Mapping:
    """The event source mapping of a shard: in order; a batch stays until it is counted or too old."""

    system: System
    org: str = "acme"
    shard: str = SHARD
    pending: list[Record] = field(default_factory=list)
    arrived: Counter[str] = field(default_factory=Counter)
    _numbers: "numbers[int]" = field(default_factory=lambda: numbers(1))

    def __post_init__(self) -> None:
        self.uncounted = Uncounted(boto3.client("s3", region_name="us-east-1"), f"uncounted-{uuid4()}")
        self.uncounted.s3.create_bucket(Bucket=self.uncounted.bucket)

    def arrive(self, flows: str) -> None:
        """End a job of each flow, named by its letter."""
        for letter in flows:
            record = ended(next(self._numbers), flow=f"demo/{letter}", org=self.org)
            self.pending.append(came(record, self.system.clock.time))
            self.arrived[f"demo/{letter}"] += 1

    def attempt(self, size: int, *, dies_at: int = 10**9, applied: bool = False) -> None:
        """Invoke the function with the next batch; it may die at a write."""
        batch = self.pending[:size]
        with suppress(CrashError), crashing(self.system, dies_at, applied=applied):
            count(self.system, batch, self.shard)
            del self.pending[: len(batch)]

    def discard(self, size: int) -> None:
        """Put away the next records that are too old."""
        oldest = self.system.clock.time - MAXIMUM_AGE_MS
        old = [
            each for each in self.pending if each["dynamodb"]["ApproximateCreationDateTime"] * 1000 < oldest
        ][:size]
        if old:
            discard(self.uncounted.s3, self.uncounted.bucket, old, self.shard, self.system.clock.time)
            del self.pending[: len(old)]

    def recount(self, without: Interval | None = None) -> tuple[int, int]:
        """Recount as the operator's command does, with the function in this process."""
        return self.uncounted.recount(self.count, without)

    def count(self, event: str) -> None:
        """Count the batch in an object."""
        again = json.loads(event)
        count(self.system, again["Records"], again["shardId"])

    def counted(self) -> Counter[str]:
        """Return the number of counted jobs by flow."""
        return Counter({flow: usage.completed for (_, flow), usage in sums(self.system, self.org).items()})
