"""An in-memory model of the functions' calls of DynamoDB and SQS, on a clock that tests move.

An unknown argument or operator is an error, so the functions cannot rely on what the model ignores. AWS
leaves open what an older receipt still does. Here it does nothing, unless `honours_old_receipts`.
"""
# ruff: noqa: N803 - arguments have botocore's names

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from noukai_functions.aws import AwsError
from tests.model.expressions import Item, condition, placeholders, update

_FIRST: Item = {"id": {"S": ""}}


def _refuse(code: str, operation: str, **more: Any) -> NoReturn:
    raise AwsError(operation, code, code, more)


@dataclass
class MemoryTables:
    """The tables of DynamoDB, keyed by `id`; other keys are only read. Rows are replaced, never changed."""

    rows: dict[tuple[str, str], Item] = field(default_factory=dict)
    before: dict[tuple[str, str], Item | None] = field(default_factory=dict)
    """Each row before its last write: an eventually consistent read may still see it."""

    def put_item(self, *, TableName: str, Item: Item, **conditional: Any) -> dict[str, Any]:
        key = (TableName, Item["id"]["S"])
        self._check("PutItem", key, "", **conditional)
        self.before[key], self.rows[key] = self.rows.get(key), Item
        return {}

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
        row = self.rows.get((TableName, "/".join(value["S"] for value in Key.values())))
        del ConsistentRead  # an eventually consistent read gets the older row from `before`
        return {} if row is None else {"Item": row}

    def update_item(
        self,
        *,
        TableName: str,
        Key: Item,
        UpdateExpression: str,
        ReturnValues: str = "NONE",
        **conditional: Any,
    ) -> dict[str, Any]:
        key = (TableName, Key["id"]["S"])
        self._check("UpdateItem", key, UpdateExpression, **conditional)
        old = self.rows.get(key)
        new = update(UpdateExpression)(old or Key, conditional.get("ExpressionAttributeValues", {}))
        self.before[key] = old
        self.rows[key] = {name: value for name, value in new.items() if value is not None}
        return {"NONE": {}, "ALL_NEW": {"Attributes": self.rows[key]}}[ReturnValues]

    def scan(
        self,
        *,
        TableName: str,
        FilterExpression: str,
        ExpressionAttributeValues: Item,
        ExclusiveStartKey: Item = _FIRST,
    ) -> dict[str, Any]:
        """Read one row: a page ends after that much was read, whether it matches or not."""
        after = ExclusiveStartKey["id"]["S"]
        ids = sorted(id_ for table, id_ in self.rows if table == TableName and id_ > after)
        rows, holds = [self.rows[TableName, id_] for id_ in ids[:1]], condition(FilterExpression)
        more = {"LastEvaluatedKey": {"id": {"S": ids[0]}}} if ids[1:] else {}
        return {"Items": [row for row in rows if holds(row, ExpressionAttributeValues)], **more}

    def _check(
        self,
        operation: str,
        key: tuple[str, str],
        written: str,
        *,
        ConditionExpression: str = "",
        ExpressionAttributeValues: Item | None = None,
        ReturnValuesOnConditionCheckFailure: str = "NONE",
    ) -> None:
        old, values = self.rows.get(key), ExpressionAttributeValues or {}
        if values.keys() != placeholders(written, ConditionExpression):
            _refuse("ValidationException", operation)
        if ConditionExpression and not condition(ConditionExpression)(old or {}, values):
            shown = {"Item": old} if old and ReturnValuesOnConditionCheckFailure == "ALL_OLD" else {}
            _refuse("ConditionalCheckFailedException", operation, **shown)


@dataclass
class QueuedMessage:
    """A message on a queue."""

    id: str
    body: str
    visible_at: int
    group: str
    receives: int = 0
    receipt: str = ""


@dataclass
class MemoryQueues:
    """The queues of SQS by address. `redrive` names a queue's dead-letter queue and the most receives."""

    now: Callable[[], int]
    redrive: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    visibility_seconds: int = 60
    honours_old_receipts: bool = False
    queues: dict[str, list[QueuedMessage]] = field(default_factory=dict)
    sent: int = 0

    def visible(self, url: str) -> list[QueuedMessage]:
        now = self.now()
        return [message for message in self.queues.get(url, []) if message.visible_at <= now]

    def send_message(
        self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0, MessageGroupId: str = ""
    ) -> dict[str, Any]:
        """Put a message on the queue; on a standard queue, a group makes delivery fair and orders nothing."""
        self.sent += 1
        message = QueuedMessage(
            f"m{self.sent}", MessageBody, self.now() + DelaySeconds * 1000, MessageGroupId
        )
        self.queues.setdefault(QueueUrl, []).append(message)
        return {"MessageId": message.id}

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        ids = [entry["Id"] for entry in Entries]
        if not 1 <= len(ids) <= 10 or len(set(ids)) < len(ids):
            raise TypeError(Entries)
        for entry in Entries:
            self.send_message(
                QueueUrl=QueueUrl, **{name: value for name, value in entry.items() if name != "Id"}
            )
        return {"Successful": [{"Id": id_} for id_ in ids]}

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int = 1) -> dict[str, Any]:
        """Receive with the receive counts, as an event source does."""
        due = [message for message in self.visible(QueueUrl) if not self.redriven(QueueUrl, message)]
        messages = [self.deliver(message) for message in due[:MaxNumberOfMessages]]
        return {"Messages": messages} if messages else {}

    def deliver(self, message: QueuedMessage) -> dict[str, Any]:
        message.receives += 1
        message.receipt = f"{message.id}/{message.receives}"
        message.visible_at = self.now() + self.visibility_seconds * 1000
        told = {"MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body}
        group = {"MessageGroupId": message.group} if message.group else {}
        return {**told, "Attributes": {"ApproximateReceiveCount": str(message.receives), **group}}

    def change_message_visibility_batch(
        self, *, QueueUrl: str, Entries: list[dict[str, Any]]
    ) -> dict[str, Any]:
        answer: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
        for entry in Entries:
            if entry.keys() != {"Id", "ReceiptHandle", "VisibilityTimeout"}:
                raise TypeError(entry)
            if message := self._find(QueueUrl, entry["ReceiptHandle"]):
                message.visible_at = self.now() + entry["VisibilityTimeout"] * 1000
                answer["Successful"].append({"Id": entry["Id"]})
            else:
                answer["Failed"].append({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid"})
        return answer

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:
        if "/" not in ReceiptHandle:
            _refuse("ReceiptHandleIsInvalid", "DeleteMessage")
        if message := self._find(QueueUrl, ReceiptHandle):
            self.queues[QueueUrl].remove(message)

    def _find(self, url: str, receipt: str) -> QueuedMessage | None:
        id_ = receipt.partition("/")[0]
        message = next((each for each in self.queues.get(url, ()) if each.id == id_), None)
        return message if message and (self.honours_old_receipts or message.receipt == receipt) else None

    def redriven(self, url: str, message: QueuedMessage) -> bool:
        dead_letters, most = self.redrive.get(url, ("", message.receives + 1))
        if message.receives < most:
            return False
        self.queues[url].remove(message)
        self.queues.setdefault(dead_letters, []).append(message)
        return True
