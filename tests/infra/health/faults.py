"""Faults of a stack, each of which an alarm is for."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.handlers import metering
from noukai_functions.handlers.sweep import note_uncounted
from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.sweep_rounds import ROUND_MS
from tests.functions.stand_ins.aws_server import Canned, canned_server, direct_client
from tests.functions.stand_ins.calls import hook
from tests.functions.stand_ins.stream import ended
from tests.infra.health.alarms import MINUTE_MS
from tests.infra.health.watch import Watch


def stalls(watch: Watch) -> None:
    """Let the worker get nothing any more."""
    for _ in range(7):
        watch.minute(jobs=1, works=False)


def refuse(_: Any) -> None:
    raise AwsError("UpdateItem", "InternalServerError", "no")


def refuse_claim(call: Any) -> None:
    if call["TableName"] == "jobs":
        refuse(call)


def claims_fail(watch: Watch) -> None:
    """Let workers get their messages, but claim no job; they hide each message for a lease."""
    end = hook(watch.system.deployment.table.client, "UpdateItem", before=refuse_claim)
    for _ in range(6):
        watch.minute(jobs=1)
    end()


def messages_grow_old(watch: Watch) -> None:
    for _ in range(6):
        watch.published.has_queued(watch.queue, watch.now, oldest_seconds=7 * 3600)
        watch.minute()


def messages_hide(watch: Watch) -> None:
    for _ in range(6):
        watch.published.has_queued(watch.queue, watch.now, in_flight=80_001)
        watch.minute()


def worker_dies(watch: Watch) -> None:
    for _ in range(10):
        watch.published.invoked(watch.functions["worker"], watch.now, failed=True)
        watch.minute()
    watch.system.clock.time += 5 * MINUTE_MS


def account_is_full(watch: Watch) -> None:
    for _ in range(10):
        watch.published.invoked(watch.functions["submit"], watch.now, throttled=True)
        watch.minute()
    watch.system.clock.time += 5 * MINUTE_MS


def stream_is_late(watch: Watch) -> None:
    for _ in range(6):
        watch.published.read_stream(watch.functions["metering"], watch.now, late_ms=3_700_000)
        watch.minute()


def gateway_fails(watch: Watch) -> None:
    """Let two requests in a hundred fail, for ten minutes."""
    for _ in range(10):
        for number in range(50):
            watch.published.answered(watch.api, watch.now, 503 if number == 0 else 200)
        watch.minute()


def dead_letter_is_not_read(watch: Watch) -> None:
    """Let the reader fail to read the table; the message stays."""
    deployment = watch.system.deployment
    job_id = watch.system.submit(parameters={"a": 1}).body["id"]
    watch.system.deliver()
    deployment.dead_letters.send(watch.system.message_of(job_id))
    end = hook(deployment.table.client, "GetItem", before=refuse)
    answer = watch.system.deliver(queue=deployment.dead_letters)
    end()
    assert len(answer["batchItemFailures"]) == 1
    watch.take_lines()
    watch.system.clock.time += 5 * MINUTE_MS


def dead_letter_is_given_up(watch: Watch) -> None:
    """Leave a message that was received for two days in vain in the last queue."""
    watch.unprocessed.client.send_message(QueueUrl=watch.unprocessed.url, MessageBody="{}")
    for _ in range(6):
        watch.minute()


def usage_is_not_counted(watch: Watch) -> None:
    record = ended(1)
    del record["dynamodb"]["NewImage"]["s"]
    metering.meter({"Records": [record], "shardId": "1"}, watch.system.deployment)
    watch.take_lines()
    watch.system.clock.time += 5 * MINUTE_MS


def usage_is_discarded(watch: Watch) -> None:
    """Let batches fail for 23 hours; the sweep function finds them in the bucket."""
    names = {**watch.system.deployment.environment, "UNCOUNTED_BUCKET": "uncounted"}
    deployment = replace(watch.system.deployment, environment=names)
    found = {"uncounted": 2}
    vars(deployment)["_s3"] = SimpleNamespace(
        list_objects_v2=lambda **asked: {"KeyCount": found[asked["Bucket"]]}
    )
    for _ in range(2):
        note_uncounted(deployment)
        watch.take_lines()
        watch.system.clock.time += 15 * MINUTE_MS
        assert watch.raised() == {"unsettled"}, "until it is looked for again"
    found["uncounted"] = 0
    note_uncounted(deployment)
    assert watch.capsys.readouterr().out == ""


def table_throttles(watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttle each call of a function, over a real connection."""
    monkeypatch.setenv("METRICS_NAMESPACE", "noukai")
    monkeypatch.setattr("noukai_functions.telemetry.emf.Clock.now", lambda _: watch.now)
    monkeypatch.setattr("noukai_functions.aws.direct_client.backoff_seconds", lambda _: 0)
    with (
        canned_server(tmp_path) as (server, environment),
        direct_client("dynamodb", environment) as client,
    ):
        server.answers = [Canned(400, b'{"__type": "ThrottlingException"}')]
        for _ in range(4):
            with pytest.raises(AwsError):
                client.get_item(TableName="jobs", Key={"id": {"S": "a"}})
    watch.take_lines()
    watch.system.clock.time += 5 * MINUTE_MS


def sweep_is_missing(watch: Watch) -> None:
    watch.system.clock.time += 3 * ROUND_MS


def flow_fails(watch: Watch) -> None:
    """Let each third job of one flow fail, for ten minutes."""
    for minute in range(11):
        for number in range(3):
            state = {"state": State.FAILED} if number == 0 else {}
            record = ended(3 * minute + number + 1, flow="trial/add", **state)
            record["dynamodb"]["ApproximateCreationDateTime"] = watch.now / 1000
            metering.meter({"Records": [record], "shardId": "1"}, watch.system.deployment)
        watch.minute()
