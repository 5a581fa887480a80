"""The operator's way with use that could not be counted."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

import boto3
import pytest
import typer
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.recount import Uncounted, hand_to
from noukai_infra.operations.times import parse_interval
from tests.functions.stand_ins.discarded import discard
from tests.functions.stand_ins.stream import NOW, ended

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@pytest.fixture
def uncounted() -> Iterator[Uncounted]:
    """Yield a bucket with two batches of a shard, the second one of two records."""
    with mock_aws():
        s3 = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        s3.create_bucket(Bucket="uncounted")
        discard(s3, "uncounted", [ended(1)], "shardId-1", NOW)
        discard(s3, "uncounted", [ended(2), ended(3)], "shardId-1", NOW + 1000)
        yield Uncounted(s3, "uncounted")


def test_each_batch_is_counted_in_order_and_then_deleted(uncounted: Uncounted) -> None:
    """As the function had it, with its shard."""
    events: list[str] = []
    assert uncounted.recount(events.append) == (2, 3)
    found = [json.loads(event) for event in events]
    assert [(event["shardId"], len(event["Records"])) for event in found] == [
        ("shardId-1", 1),
        ("shardId-1", 2),
    ]
    assert uncounted.summary().batches == 0


def test_batch_that_the_function_cannot_count_is_kept(uncounted: Uncounted) -> None:
    """The operator hears why, and what was counted before is gone."""

    def fail_at_the_second(event: str) -> None:
        if len(json.loads(event)["Records"]) == 2:
            raise OperatorError("no")

    with pytest.raises(OperatorError):
        uncounted.recount(fail_at_the_second)
    summary = uncounted.summary()
    assert (summary.batches, summary.records) == (1, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-28T12:00Z", "use two times"),
        ("2026-11-28T12:00Z/tomorrow", "use a time such as"),
        ("2026-11-28T12:00Z/2026-11-28T13:00", "add the time zone"),
        ("2026-11-28T12:00Z/2026-11-28T12:00Z", "must be later"),
    ],
)
def test_time_to_leave_out_is_two_times(text: str, said: str) -> None:
    """As a restoration prints them."""
    with pytest.raises(typer.BadParameter, match=said):
        parse_interval(text)


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b'{"DDBStreamBatchInfo": {"batchSize": 1}}'])
def test_object_without_a_batch_is_named_and_kept(uncounted: Uncounted, body: bytes) -> None:
    """Such as one that holds where a batch lies, and not the batch."""
    uncounted.s3.put_object(Bucket="uncounted", Key="aws/lambda/x/odd", Body=body)
    assert list(uncounted.summary().unreadable) == ["aws/lambda/x/odd"]
    assert uncounted.recount(lambda _: None) == (2, 3)
    assert list(uncounted.summary().unreadable) == ["aws/lambda/x/odd"]


def invoking(
    answer: dict[str, object], body: bytes = b'{"errorMessage": "no table"}'
) -> "tuple[LambdaClient, Stubber]":
    client = boto3.client(
        "lambda", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    stubber = Stubber(client)
    asked = {"FunctionName": "metering", "Qualifier": "live", "Payload": "{}"}
    stubber.add_response("invoke", {**answer, "Payload": StreamingBody(BytesIO(body), len(body))}, asked)
    return client, stubber


def test_live_function_counts() -> None:
    """And no other version of it."""
    client, stubber = invoking({"StatusCode": 200})
    with stubber:
        hand_to(client, "metering", "{}")
    stubber.assert_no_pending_responses()


def test_error_of_the_function_is_the_operators() -> None:
    """With what it said."""
    client, stubber = invoking({"StatusCode": 200, "FunctionError": "Unhandled"})
    with stubber, pytest.raises(OperatorError, match="no table"):
        hand_to(client, "metering", "{}")


@pytest.mark.parametrize(
    ("body", "is_done"),
    [
        (b"null", True),
        (b'{"batchItemFailures": []}', True),
        (b'{"batchItemFailures": [{"itemIdentifier": "7"}]}', False),
    ],
)
def test_batch_with_a_record_that_must_come_again_is_kept(
    uncounted: Uncounted, body: bytes, *, is_done: bool
) -> None:
    """The function has not failed, but has neither told of the job's end nor put it into its queue."""
    uncounted.s3.delete_object(Bucket="uncounted", Key=next(uncounted.batches()).key)
    (batch,) = uncounted.batches()
    client, stubber = invoking({"StatusCode": 200}, body)
    with stubber:
        if is_done:
            uncounted.recount(lambda _: hand_to(client, "metering", "{}"))
        else:
            with pytest.raises(OperatorError, match="itemIdentifier"):
                uncounted.recount(lambda _: hand_to(client, "metering", "{}"))
    assert list(uncounted.batches()) == ([] if is_done else [batch])
