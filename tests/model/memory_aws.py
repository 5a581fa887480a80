"""An in-memory model of just the calls of DynamoDB and SQS that the functions use, on a clock that tests move.

AWS leaves open what an older receipt of a message still does. Here it does nothing, unless `honours_old_receipts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from tests.model.expressions import Item, parsed_condition, parsed_update


def _refuse(code: str, operation: str, **more: Any) -> NoReturn:
    response: Any = {"Error": {"Code": code, "Message": code}, **more}
    raise ClientError(response, operation)


@dataclass
class MemoryTables:
    """The tables of DynamoDB, keyed by `id`. Rows are replaced, never changed."""

    rows: dict[tuple[str, str], Item] = field(default_factory=dict)
    before: dict[tuple[str, str], Item | None] = field(default_factory=dict)
    """Each row as it stood before its last write: what a read that need not be consistent may still see."""

    def put_item(self, *, TableName: str, Item: Item, **request: Any) -> dict[str, Any]:  # noqa: N803 - botocore's
        key = (TableName, Item["id"]["S"])
        self._check("PutItem", key, request, set())
        self.before[key], self.rows[key] = self.rows.get(key), Item
        return {}

    def get_item(self, *, TableName: str, Key: Item, **_: Any) -> dict[str, Any]:  # noqa: N803
        row = self.rows.get((TableName, Key["id"]["S"]))
        return {} if row is None else {"Item": row}

    def update_item(self, *, TableName: str, Key: Item, UpdateExpression: str, **request: Any) -> dict[str, Any]:  # noqa: N803
        key = (TableName, Key["id"]["S"])
        (sets, removes), placeholders = parsed_update(UpdateExpression)
        self._check("UpdateItem", key, request, placeholders)
        old, values = self.rows.get(key, Key), request["ExpressionAttributeValues"]
        new = {**old, **{name: operand(old, values) for name, operand in sets.items()}}
        self.before[key] = self.rows.get(key)
        self.rows[key] = {name: value for name, value in new.items() if name not in removes}
        return {"Attributes": self.rows[key]}

    def _check(self, operation: str, key: tuple[str, str], request: Mapping[str, Any], placeholders: set[str]) -> None:
        values, text = request.get("ExpressionAttributeValues", {}), request.get("ConditionExpression")
        holds, named = parsed_condition(text) if text else (lambda *_: True, set())
        if values.keys() != named | placeholders:
            _refuse("ValidationException", operation)
        old = self.rows.get(key)
        if not holds(old or {}, values):
            shown = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and old is not None
            _refuse("ConditionalCheckFailedException", operation, **({"Item": old} if shown else {}))


@dataclass
class QueuedMessage:
    """A message on a queue."""

    id: str
    body: str
    visible_at: int
    receives: int = 0
    receipt: str = ""


@dataclass
class MemoryQueues:
    """The queues of SQS by address. `redrive` names a queue's dead-letter queue and after how many receives."""

    now: Callable[[], int]
    redrive: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    visibility_seconds: int = 60
    honours_old_receipts: bool = False
    queues: dict[str, list[QueuedMessage]] = field(default_factory=dict)
    sent: int = 0

    def visible(self, url: str) -> list[QueuedMessage]:
        now = self.now()
        return [message for message in self.queues.get(url, []) if message.visible_at <= now]

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        self.sent += 1
        message = QueuedMessage(f"m{self.sent}", MessageBody, self.now() + DelaySeconds * 1000)
        self.queues.setdefault(QueueUrl, []).append(message)
        return {"MessageId": message.id}

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int = 1, **_: Any) -> dict[str, Any]:  # noqa: N803
        taken: list[QueuedMessage] = []
        for message in self.visible(QueueUrl):
            if len(taken) < MaxNumberOfMessages and not self.redriven(QueueUrl, message):
                taken.append(message)
        return {"Messages": [self.deliver(message) for message in taken]} if taken else {}

    def deliver(self, message: QueuedMessage) -> dict[str, Any]:
        message.receives += 1
        message.receipt = f"{message.id}/{message.receives}"
        message.visible_at = self.now() + self.visibility_seconds * 1000
        count = {"ApproximateReceiveCount": str(message.receives)}
        return {
            "MessageId": message.id, "ReceiptHandle": message.receipt, "Body": message.body, "Attributes": count
        }  # fmt: skip

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        answer: dict[str, list[dict[str, Any]]] = {}
        for entry in Entries:
            message = self._find(QueueUrl, entry["ReceiptHandle"])
            if message is not None:
                message.visible_at = self.now() + entry["VisibilityTimeout"] * 1000
            failure = {"Code": "ReceiptHandleIsInvalid", "SenderFault": True} if message is None else {}
            answer.setdefault("Failed" if failure else "Successful", []).append({"Id": entry["Id"], **failure})
        return answer

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        message = self._find(QueueUrl, ReceiptHandle)
        if message is not None:
            self.queues[QueueUrl].remove(message)

    def _find(self, url: str, receipt: str) -> QueuedMessage | None:
        id_ = receipt.partition("/")[0]
        message = next((message for message in self.queues.get(url, []) if message.id == id_), None)
        return message if message and (self.honours_old_receipts or message.receipt == receipt) else None

    def redriven(self, url: str, message: QueuedMessage) -> bool:
        dead_letters, most = self.redrive.get(url, ("", message.receives + 1))
        if message.receives < most:
            return False
        self.queues[url].remove(message)
        self.queues.setdefault(dead_letters, []).append(message)
        return True
