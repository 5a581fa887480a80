"""The model refuses requests that it does not know, so that the functions cannot rely on them."""

from typing import Any

import pytest

from tests.model.memory_aws import MemoryQueues, MemoryTables

ROW = {"TableName": "jobs", "Key": {"id": {"S": "a"}}}
UPDATE = {**ROW, "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("put_item", {"TableName": "jobs", "Item": {"id": {"S": "a"}}, "ReturnValues": "ALL_OLD"}),
        ("get_item", {**ROW, "ProjectionExpression": "n"}),
        ("scan", {"TableName": "jobs", "FilterExpression": "", "ExpressionAttributeValues": {}, "Limit": 1}),
        ("update_item", {**UPDATE, "ExpressionAttributeNames": {}}),
        ("update_item", {**UPDATE, "ReturnValues": "UPDATED_NEW"}),
        ("update_item", {**UPDATE, "ConditionExpression": "NOT n = :n"}),
        ("update_item", {**UPDATE, "ConditionExpression": "n <> :n"}),
        ("update_item", {**UPDATE, "ConditionExpression": "begins_with(n, :n)"}),
        ("update_item", {**UPDATE, "UpdateExpression": "ADD n :n"}),
        ("update_item", {**UPDATE, "UpdateExpression": "SET n = list_append(n, :n)"}),
        ("update_item", {**UPDATE, "UpdateExpression": "SET n = :n REMOVE n"}),
    ],
)
def test_tables(operation: str, request_: Any) -> None:
    """An unknown argument or form of expression is an error."""
    tables = MemoryTables()
    with pytest.raises((TypeError, KeyError, NameError, SyntaxError)):
        getattr(tables, operation)(**request_)


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("send_message", {"MessageBody": "", "MessageAttributes": {}}),
        ("send_message_batch", {"Entries": [{"Id": "0", "MessageBody": "", "MessageAttributes": {}}]}),
        ("send_message_batch", {"Entries": [{"Id": str(number), "MessageBody": ""} for number in range(11)]}),
        ("receive_message", {"VisibilityTimeout": 1}),
        ("delete_message", {"ReceiptHandle": "m1/1", "MessageId": "m1"}),
        ("change_message_visibility_batch", {"Entries": [{"Id": "0", "ReceiptHandle": "m1/1"}]}),
    ],
)
def test_queues(operation: str, request_: Any) -> None:
    """An unknown argument, or a missing one, is an error."""
    queues = MemoryQueues(lambda: 0)
    with pytest.raises(TypeError):
        getattr(queues, operation)(QueueUrl="queue", **request_)
