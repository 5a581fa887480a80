"""A system that should behave like DynamoDB and SQS, with the functions' table and queue on it."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from moto import mock_aws
from moto.sqs import models as moto_sqs

from noukai_functions.aws import AwsError, client
from noukai_functions.jobs.lifecycle import job_id
from noukai_functions.jobs.queues.queue import JobQueue, Message
from noukai_functions.jobs.saved_inputs import SavedInputs
from noukai_functions.jobs.sweep_rounds import Rounds
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_functions.worker.batch import Batch, Delivery
from noukai_infra.local.emulator.endpoint import REGION
from tests.functions.stand_ins.calls import answered_by_moto
from tests.functions.time import ManualClock
from tests.infra.emulator import running_emulator
from tests.model.memory_aws import MemoryQueues, MemoryTables

NOW = 1_700_000_000_000
MESSAGE = Message(job_id("acme", "demo/echo", "once"), NOW, "acme", "demo/echo", {"message": "ü\ud800"})
VISIBILITY_SECONDS = 60
MOST_RECEIVES = 3
_COUNT, _GROUP = "ApproximateReceiveCount", "MessageGroupId"


@dataclass
class Subject:
    """A jobs table, and a queue whose messages become dead letters after the third receive."""

    tables: Any
    queues: Any
    table_name: str = "jobs"
    url: str = "queue"
    dead_letter_url: str = "dead-letters"
    clock: ManualClock | None = None
    """The clock of the queues; None means real time."""
    honours_old_receipts: bool = False
    code_of_spent_receipt: str | None = None
    """The code of a deletion with a spent receipt; AWS has none, and the deletion does nothing."""
    asks: Mapping[str, Any] = field(default_factory=lambda: {"MessageSystemAttributeNames": [_COUNT, _GROUP]})
    """What a receive must ask for to get receive count and group, which event sources always get."""

    @property
    def table(self) -> JobsTable:
        return JobsTable(self.tables, self.table_name)

    @property
    def rounds(self) -> Rounds:
        return Rounds(self.tables, self.table_name)

    @property
    def saved_inputs(self) -> SavedInputs:
        return SavedInputs(self.tables, self.table_name)

    @property
    def queue(self) -> JobQueue:
        return JobQueue(self.queues, self.url)

    def receive(self, most: int = 10, *, dead_letters: bool = False) -> list[tuple[Delivery, int]]:
        """Return the due deliveries, each with its receive count."""
        url = self.dead_letter_url if dead_letters else self.url
        messages = self.queues.receive_message(QueueUrl=url, MaxNumberOfMessages=most, **self.asks).get(
            "Messages", []
        )
        return [
            (
                Delivery(each["MessageId"], each["ReceiptHandle"], each["Body"]),
                int(each["Attributes"][_COUNT]),
            )
            for each in messages
        ]

    def receive_groups(self) -> list[str]:
        """Return the groups of the due deliveries."""
        received = self.queues.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, **self.asks)
        return [each["Attributes"][_GROUP] for each in received["Messages"]]

    def defer(self, delivery: Delivery, seconds: int) -> None:
        """Hide a delivery as a worker does."""
        self._batch([]).defer(delivery, seconds)

    def give_back(self, deliveries: list[Delivery]) -> None:
        """Return deliveries to the queue as a worker does."""
        self._batch(deliveries).give_back()

    def _batch(self, waiting: list[Delivery]) -> Batch:
        return Batch(lambda: self.queue, VISIBILITY_SECONDS * 1000, waiting)

    def hide(self, receipts: Mapping[str, str], seconds: int) -> Mapping[str, str]:
        """Change the visibility of receipts by name; return the code of each that failed."""
        entries = [
            {"Id": name, "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
            for name, receipt in receipts.items()
        ]
        answer = self.queues.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
        failed = {each["Id"]: each["Code"] for each in answer.get("Failed", [])}
        assert {each["Id"] for each in answer.get("Successful", [])} == receipts.keys() - failed.keys()
        return failed

    def delete(self, receipt: str) -> None:
        self.queues.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)

    def let_pass(self, seconds: int) -> None:
        if self.clock is None:
            pytest.skip("the local system's queues go by real time, and a test does not wait for it")
        self.clock.sleep(seconds)


def on_model(*, honours_old_receipts: bool) -> Subject:
    """Return the model, which accepts older receipts or not."""
    clock = ManualClock()
    redrive = {"queue": ("dead-letters", MOST_RECEIVES)}
    queues = MemoryQueues(clock.now, redrive, VISIBILITY_SECONDS, honours_old_receipts)
    return Subject(MemoryTables(), queues, clock=clock, honours_old_receipts=honours_old_receipts, asks={})


@contextmanager
def moto() -> Iterator[Callable[[], Subject]]:
    """Return a factory for fresh resources of moto, on a clock that tests move."""
    clock = ManualClock()
    # A message becomes visible just after this instant, so every look comes a little later.
    hairs = count(1)

    def milliseconds() -> float:
        return clock.time + next(hairs) / 1000

    with (
        mock_aws(),
        answered_by_moto(),
        patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}),
        patch.object(moto_sqs, "unix_time_millis", milliseconds),
        patch.object(moto_sqs, "unix_time", lambda: milliseconds() / 1000),
    ):
        clients = client("dynamodb"), client("sqs")
        yield lambda: replace(_fresh(*clients), clock=clock, honours_old_receipts=True)


@contextmanager
def local_system(folder: Path) -> Iterator[Callable[[], Subject]]:
    """Return a factory for fresh resources of the local system's emulator."""
    with running_emulator(folder) as emulator:
        with patch.dict(os.environ, {**emulator.endpoint.environment, "AWS_DEFAULT_REGION": REGION}):
            clients = client("dynamodb"), client("sqs")
        yield lambda: replace(_fresh(*clients), code_of_spent_receipt="ReceiptHandleIsInvalid")
        for each in clients:
            each.close()


def _fresh(tables: Any, queues: Any) -> Subject:
    run = uuid4().hex
    tables.create_table(
        TableName=run,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dead_letters = queues.create_queue(QueueName=f"{run}-dead")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    redrive = f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {MOST_RECEIVES}}}'
    attributes = {"VisibilityTimeout": str(VISIBILITY_SECONDS), "RedrivePolicy": redrive}
    url = queues.create_queue(QueueName=run, Attributes=attributes)["QueueUrl"]
    return Subject(tables, queues, run, url, dead_letters)


def answer(call: Callable[[], object]) -> object:
    """Return a call's value, the row with which it is refused, or its error's code."""
    try:
        return call()
    except Refused as refused:
        return "refused", refused.seen
    except AwsError as error:
        return error.code
