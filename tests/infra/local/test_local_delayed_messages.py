"""Delayed messages on the local system's AWS."""

import time
from typing import Any

from noukai_functions.aws.botocore_client import BotocoreClient
from noukai_functions.delayed_messages import DelayedMessages
from noukai_functions.jobs.lifecycle import Job, State, job_id
from noukai_functions.jobs.queues.queue import JobQueue, Message
from noukai_infra.local.emulator.emulator import Emulator

HOUR_MS = 3600 * 1000


def test_schedule_sends_its_message_and_is_gone(emulator: Emulator) -> None:
    """A due one fires within seconds, by the emulator's clock; another stays until it is deleted."""
    sqs = emulator.endpoint.client("sqs")
    scheduler: Any = BotocoreClient(emulator.endpoint.client("scheduler"))
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    scheduler.create_schedule_group(Name="later")
    delayed = DelayedMessages(scheduler, "later", arn, "arn:aws:iam::000000000000:role/any")
    now = time.time_ns() // 1_000_000
    due, waiting = (
        Message(job_id("", "", str(number)), now, "acme", "demo/echo", {"message": "<é>"})
        for number in range(2)
    )
    queue = JobQueue(sqs, url)
    delayed.create(waiting, now + HOUR_MS, queue)
    delayed.create(due, now, queue)
    (received,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert Message.parse(received["Body"]) == due
    assert [each["Name"] for each in scheduler.list_schedules()["Schedules"]] == [f"{waiting.id}-{now}"]
    job = Job(waiting.id, "acme", "demo/echo", State.CANCELLED, now, 0, 1, b"", HOUR_MS, now)
    assert delayed.read(job) == waiting
    delayed.delete(job)
    assert (delayed.read(job), scheduler.list_schedules()["Schedules"]) == (None, [])
