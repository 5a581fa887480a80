"""A play: one actor works on an endpoint, and before one of its calls of AWS another actor acts whole."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from noukai.webhooks import WebhookVerificationError, verify
from noukai_functions.handlers import deliver
from noukai_functions.timestamps import timestamp
from noukai_functions.webhooks.sending.message import Event, Message, body_of
from noukai_functions.webhooks.store.delivery import DELIVERED, FAILED, WAITING, Delivery
from noukai_wire.routes import Route
from tests.functions.stand_ins.calls import hook
from tests.functions.webhooks.hooks import MINUTES, Hooks
from tests.functions.webhooks.receiver import Post, Receiver

SINCE = {"since": "2023-11-14T00:00:00Z"}
GONE = "gone"
"""The job at whose event the receiver answers 410."""

_TABLES = ("webhooks", "usage")


class CrashError(BaseException):
    """The process is gone: nothing of it handles this."""


@contextmanager
def interrupted(hooks: Hooks, at: int, event: Callable[[], object]) -> Iterator[list[int]]:
    """Let something happen before a call of AWS; its own calls are not counted."""
    counted, is_busy = [0], [False]

    def before(_parameters: object) -> None:
        if is_busy[0]:
            return
        counted[0] += 1
        if counted[0] == at:
            is_busy[0] = True
            try:
                event()
            finally:
                is_busy[0] = False

    end = hook(hooks.deployment.endpoints.client, before=before)
    try:
        yield counted
    finally:
        end()


def _rows() -> Any:
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    return {name: tables[name] for name in _TABLES}


@dataclass
class Play:
    """An endpoint with an event that has failed, one that waits if so asked, and two new ones."""

    hooks: Hooks
    receiver: Receiver
    status: int = 200
    told: dict[str, Message] = field(default_factory=dict)
    """Every message that was ever made, by its `webhook-id`."""
    taken: set[str] = field(default_factory=set)
    """The ids of the events that the receiver has answered with 200."""

    def __post_init__(self) -> None:
        self.receiver.answer = self._answer
        self.secret = self.hooks.put(self.receiver.url).body["secret"]
        self.hand_over(self.message("failed"), as_status=410)
        self.hooks.put(self.receiver.url)
        while self.hooks.endpoint().due_at is not None:
            self.hooks.tick(10 * MINUTES)

    def let_one_wait(self, tries: int) -> None:
        """Let an event wait that was tried so often, and be due."""
        message = self.message("waits")
        self.hand_over(message, as_status=500)
        self.hooks.put(self.receiver.url)
        (record,) = [each for each in self.hooks.deliveries() if each.id == message.id]
        self.hooks.deployment.endpoints.client.update_item(
            TableName="webhooks",
            Key=record.key,
            UpdateExpression="SET n = :tries",
            ExpressionAttributeValues={":tries": {"N": str(tries)}},
        )
        self.hooks.system.clock.time += MINUTES

    def save(self) -> Callable[[], None]:
        """Return what brings back the state of now."""
        rows = {name: copy.deepcopy(table.items) for name, table in _rows().items()}
        time, told, secret = self.hooks.system.clock.time, dict(self.told), self.secret

        def restore() -> None:
            for name, table in _rows().items():
                table.items = copy.deepcopy(rows[name])
            self.hooks.system.clock.time = time
            self.hooks.system.expire_budgets()
            self.told, self.secret = dict(told), secret
            self.hooks.deployment.__dict__.pop("first_tries", None)
            self.taken.clear()
            self.receiver.posts.clear()
            self.hooks.looks.clear()

        return restore

    def _answer(self, post: Post) -> tuple[int, dict[str, str], bytes]:
        status = 410 if post.event["data"]["id"] == GONE and self.status != 200 else self.status
        if status == 200:
            self.taken.add(post.id)
        return status, {"Retry-After": "60"} if status == 429 else {}, b""

    def message(self, job_id: str) -> Message:
        """Return the message of a job's end to the endpoint as it stands."""
        now = self.hooks.system.clock.time
        body = body_of("job.completed", timestamp(now), {"id": job_id})
        event = Event(now, "job.completed", body, job_id, "trial/add")
        message = Message.to(self.hooks.endpoint(), event, job_id, now)
        self.told[message.id] = message
        return message

    def hand_over(self, *messages: Message, as_status: int | None = None) -> None:
        """Do what the queue's reader does with a batch, until all of it is done."""
        before, self.status = self.status, as_status or self.status
        records = [{"messageId": each.id, "body": each.text} for each in messages]
        answer = deliver.deliver({"Records": records}, self.hooks.deployment)
        self.status = before
        assert not answer["batchItemFailures"]

    def records(self) -> list[Delivery]:
        """Return the deliveries to the endpoint, if there is one."""
        is_there = self.hooks.deployment.endpoints.read("acme", "billing") is not None
        return self.hooks.deliveries() if is_there else []

    def renew(self) -> None:
        """Delete the endpoint, and make it again."""
        self.hooks.ask(Route.DELETE_WEBHOOK)
        self.put()

    def put(self) -> None:
        """Put the endpoint; know its secret if it is a new one."""
        secret = self.hooks.put(self.receiver.url).body.get("secret")
        self.secret = secret or self.secret

    def verify(self) -> None:
        """Check what the play has led to, after all actors have ended or died."""
        self.status = 200
        if self.hooks.deployment.endpoints.read("acme", "billing") is None:
            self.put()
        self._verify_found_again()
        for _ in range(4):
            if any(record.state == WAITING for record in self.records()):
                self.hooks.tick(10 * MINUTES)
        for record in self.records():
            assert record.state == DELIVERED or (record.state, record.has_body) == (FAILED, True), record
            assert record.tries <= 10
        if any(record.state == FAILED for record in self.records()):
            self.put()
            self.hooks.ask(Route.REDELIVER, body=SINCE)
        self.hand_over(self.message("last"))
        self.hooks.tick(MINUTES)
        self._verify_all_arrived()
        self._verify_posts()

    def _verify_found_again(self) -> None:
        waiting = [record for record in self.records() if record.state == WAITING]
        assert not waiting or self.hooks.endpoint().due_at is not None, waiting

    def _verify_all_arrived(self) -> None:
        """Check that all events of the endpoint that is there were taken, and none of an earlier one."""
        made = self.hooks.endpoint().made
        events = {each.id for each in self.told.values() if each.made == made}
        assert {record.id for record in self.records()} == events
        assert {record.state for record in self.records()} == {DELIVERED}
        assert events <= self.taken

    def _verify_posts(self) -> None:
        """Check that each event has one id, and that a new secret signs no old event."""
        made = self.hooks.endpoint().made
        for post in self.receiver.posts:
            message = self.told[post.id]
            assert post.event["data"]["id"] == message.job_id
            now = int(post.headers["webhook-timestamp"])
            is_signed = True
            try:
                verify(post.body, post.headers, self.secret, now=now)
            except WebhookVerificationError:
                is_signed = False
            if message.made != made:
                assert not is_signed, "the new secret signs an event of the old endpoint"
            elif message.job_id == "last":
                assert is_signed
