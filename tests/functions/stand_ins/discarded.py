"""Lambda's handling of stream records that it discards, by AWS's rules.

The key and the object are those of
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html, where the payload is "the original
invocation record as an escaped JSON string"; the emulator puts nothing into a bucket.
"""

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.functions.stand_ins.stream import Record

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAXIMUM_AGE_MS = 23 * 60 * 60 * 1000
"""The template's MaximumRecordAgeInSeconds; the number of attempts has no limit."""

_MAPPING = "a1b2c3d4-5678-90ab-cdef-11111EXAMPLE"


def discard(s3: "S3Client", bucket: str, records: list[Record], shard: str, now: int) -> str:
    """Put the records of a batch into the bucket, as Lambda does after the last attempt; return the key."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    key = f"aws/lambda/{_MAPPING}/{shard}/{moment:%Y/%m/%d}/{moment:%Y-%m-%dT%H.%M.%S}-{uuid4()}"
    event = {"Records": records, "shardId": shard, "state": {}, "isFinalInvokeForWindow": False}
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    came = [record["dynamodb"]["ApproximateCreationDateTime"] for record in records]
    times = [f"{datetime.fromtimestamp(each, UTC):%Y-%m-%dT%H:%M:%SZ}" for each in came]
    function = "arn:aws:lambda:us-east-1:123456789012:function:metering:live"
    body = {
        "requestContext": {
            "requestId": str(uuid4()),
            "functionArn": function,
            "condition": "RecordAgeExceeded",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S.000Z}",
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[-1],
            "approximateArrivalOfFirstRecord": times[0],
            "approximateArrivalOfLastRecord": times[-1],
            "batchSize": len(records),
            "streamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/jobs/stream/2026-11-25T00:00:00.000",
        },
        "payload": json.dumps(event, default=_in_base64),
    }
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(body))
    return key


def _in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
