"""The jobs table's stream as the event source reads it, and records that tests make."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import boto3

from noukai_functions.handlers import metering
from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.row import encode
from noukai_functions.names import RESTORED
from noukai_functions.usage.records import Usage
from noukai_infra.stack.base.stream import COUNTED
from tests.functions.harness import System
from tests.job_rows import pending

Record = dict[str, Any]
DAY = "2023-11-14"
NOW = 1_700_000_000_000
_JOB = pending(NOW, state=State.RUNNING, attempt=1)


class Stream:
    """The records since the last look, filtered by the template's rule."""

    def __init__(self) -> None:
        self._client = boto3.client("dynamodbstreams", region_name="us-east-1")
        (stream,) = self._client.list_streams(TableName="jobs")["Streams"]
        described = self._client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
        (shard,) = described["Shards"]
        answer = self._client.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        self._next = answer["ShardIterator"]

    def records(self) -> list[Record]:
        """Read on."""
        found: list[Any] = []
        while (answer := self._client.get_records(ShardIterator=self._next))["Records"]:
            self._next = answer["NextShardIterator"]
            found += [as_delivered(record) for record in answer["Records"]]
        return [record for record in found if any(matches(pattern, record) for pattern in COUNTED)]


def ended(number: int, **changes: Any) -> Record:
    """Return a record of a job of 1 s that completed; `changes` are attributes of the ended job."""
    job = replace(_JOB, id=f"job_{number}", ran_ms=1000, completed_at=NOW, state=State.COMPLETED)
    new = replace(job, **changes)
    images = {"OldImage": encode(replace(_JOB, id=new.id)), "NewImage": encode(new)}
    return _record(number, images)


def restored(number: int, *, by: int | None, before: int | None = None) -> Record:
    """Return a record of an ended job that the operator restored; `before` is the restoration before."""
    record = ended(number)
    marks = {"OldImage": before, "NewImage": by}
    for image, mark in marks.items():
        if mark is not None:
            record["dynamodb"][image][RESTORED] = {"N": str(mark)}
    return record


def submitted(number: int, **changes: Any) -> Record:
    """Return a record of a new job."""
    new = replace(pending(NOW, id=f"job_{number}"), **changes)
    images = {"NewImage": encode(new)}
    return _record(number, images)


def _record(number: int, images: Mapping[str, Any]) -> Record:
    change = {"SequenceNumber": f"{number:030d}", "ApproximateCreationDateTime": NOW / 1000, **images}
    return {"eventID": f"event-{number}", "dynamodb": change}


def count(system: System, records: list[Record], shard: str = "shardId-1") -> None:
    """Do what the event source does with a batch of a shard."""
    metering.meter({"Records": records, "shardId": shard}, system.deployment)


def sums(system: System, org: str = "acme") -> Mapping[tuple[str, str], Usage]:
    """Return an org's usage by day and flow."""
    return {
        (day, flow): usage
        for day, flow, usage in system.deployment.usage_totals.between(org, "2023-01-01", "2023-12-31")
    }


def as_delivered(record: Any) -> Record:
    """Convert a time as boto3 reads it into the number that Lambda gets."""
    written = record["dynamodb"]["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": {**record["dynamodb"], "ApproximateCreationDateTime": written}}


def matches(pattern: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Return whether a record has what an event filter of Lambda asks for."""
    return all(
        matches(wanted, value.get(name, {}))
        if isinstance(wanted, dict)
        else value.get(name) in wanted or ({"exists": True} in wanted and name in value)
        for name, wanted in pattern.items()
    )
