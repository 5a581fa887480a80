"""The recount of uncounted usage and the repetition of untold ends, after their cause was corrected."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.times import Interval
from noukai_infra.stack.base.aliases import LIVE
from noukai_infra.stack.base.stream import UNCOUNTED_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Batch:
    """An object of the bucket, with Lambda's metadata of its batch."""

    key: str
    event: str | None
    """The event with its records, as the metering function got it; None if the object is not a batch."""
    records: int = 0
    since: str = ""
    """The time of the first record."""


@dataclass(frozen=True)
class Summary:
    """A summary of uncounted batches."""

    batches: int
    records: int
    since: str
    unreadable: Sequence[str]
    """The keys of the objects that are not batches."""


@dataclass(frozen=True)
class Uncounted:
    """A bucket of batches that metering has not counted, or reactions have not told."""

    s3: "S3Client"
    bucket: str

    def batches(self) -> Iterator[Batch]:
        """Read all batches, by shard and time."""
        for page in self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=UNCOUNTED_PREFIX
        ):
            for each in page.get("Contents", ()):
                # Another command may have counted and deleted it.
                try:
                    body = self.s3.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
                except self.s3.exceptions.NoSuchKey:
                    continue
                yield _batch(each["Key"], body)

    def summary(self) -> Summary:
        """Return the number of batches and records."""
        batches = list(self.batches())
        good = [batch for batch in batches if batch.event is not None]
        unreadable = [batch.key for batch in batches if batch.event is None]
        since = min((batch.since for batch in good), default="")
        return Summary(len(good), sum(batch.records for batch in good), since, unreadable)

    def recount(self, count: Callable[[str], None], without: Interval | None = None) -> tuple[int, int]:
        """Count each batch, then delete it; return the numbers of batches and records.

        Records that the totals already include are not counted again: the command may be stopped and repeated
        at any time, even concurrently. Batches that arrive in the meantime are counted too. Records within
        `without`, whose usage a restore has undone, are deleted uncounted.
        """
        counted = records = 0
        for batch in self.batches():
            if batch.event is not None:
                event, number = _event_without(batch.event, without)
                if number:
                    count(event)
                self.s3.delete_object(Bucket=self.bucket, Key=batch.key)
                counted, records = counted + 1, records + number
        return counted, records


def _event_without(event: str, without: Interval | None) -> tuple[str, int]:
    """Return an event without the records of an interval, and the number left."""
    read: Any = json.loads(event)
    if without is None:
        return event, len(read["Records"])
    left = [
        each for each in read["Records"] if not without.has(each["dynamodb"]["ApproximateCreationDateTime"])
    ]
    return json.dumps({**read, "Records": left}), len(left)


def _batch(key: str, body: bytes) -> Batch:
    """Parse the invocation record of a batch, whose payload is the event as text.

    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """
    try:
        record: Any = json.loads(body)
        about, event = record["DDBStreamBatchInfo"], record["payload"]
        if not json.loads(event)["Records"]:
            return Batch(key, None)
        return Batch(key, event, int(about["batchSize"]), about["approximateArrivalOfFirstRecord"])
    except (ValueError, KeyError, TypeError):
        return Batch(key, None)


def hand_to(client: "LambdaClient", function: str, event: str) -> None:
    """Invoke a live reader of the stream with a batch.

    Raises:
        OperatorError: the function failed, and has done at most a part of the batch.
    """
    answer = client.invoke(FunctionName=function, Qualifier=LIVE, Payload=event)
    said = answer["Payload"].read().decode(errors="replace")
    if "FunctionError" in answer or _has_failures(said):
        raise OperatorError(f"The function {function} could not handle a batch, which is kept: {said}")


def _has_failures(said: str) -> bool:
    """Return whether an answer names records that must come again."""
    answer: Any = json.loads(said or "null")
    return isinstance(answer, dict) and bool(answer.get("batchItemFailures"))
