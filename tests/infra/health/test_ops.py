"""The command `ops` on an emulator's stack: it shows the system's health, and what to do about it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from noukai_functions.names import SWEEP_ROW
from noukai_infra.__main__ import commands
from noukai_infra.operations.account import Account, OperatorError, resources
from noukai_infra.operations.ops import health
from noukai_infra.operations.ops.logs import StackLogs
from noukai_infra.operations.ops.span import seconds

STACK = "noukai"
SECRET = "an input of a caller"
Run = Callable[..., Result]


@pytest.fixture
def run(account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of `ops` at 80 columns."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments, **more: CliRunner().invoke(commands, ["ops", *arguments], **more)


@pytest.fixture
def message_id(account_with_kinds: Account) -> Iterator[str]:
    """Yield the id of a message that nobody could process; none is left in the end."""
    sqs = account_with_kinds.session.client("sqs")
    outputs = account_with_kinds.deployed(STACK)
    body = {"id": "job_x", "org": "acme", "flow": "scales/plain", "arguments": {"message": SECRET}}
    sent = sqs.send_message(QueueUrl=outputs["UnprocessedQueueUrl"], MessageBody=json.dumps(body))
    yield sent["MessageId"]
    for name in ("UnprocessedQueueUrl", "DeadLetterQueueUrl"):
        sqs.purge_queue(QueueUrl=outputs[name])


def log(account: Account, function: str, *entries: dict[str, Any] | str, minutes: int = 0) -> None:
    """Let a function have logged something, some minutes ahead."""
    logs = StackLogs.of(account.session, STACK)
    group = next(group for group, name in logs.groups.items() if name == function)
    client = account.session.client("logs")
    stream = f"a-process-{time.time_ns()}"
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    texts = [each if isinstance(each, str) else json.dumps(each) for each in entries]
    now = round(time.time() * 1000) + minutes * 60_000
    events: Any = [{"timestamp": now + number, "message": text} for number, text in enumerate(texts)]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_system_is_well(run: Run) -> None:
    """Each part has its line, and the exit code says it, too."""
    shown = run()
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    assert lines[0] == "noukai in 000000000000/us-east-1"
    assert all(line.startswith(" ok ") and len(line) <= 80 for line in lines[1:])
    names = [line[7:24].strip() for line in lines[1:]]
    assert {"alarms", "readers", "queue default", "unprocessed", "uncounted", "sweep"} <= {*names}
    assert "queue m512" in names


def test_message_that_nobody_could_process(run: Run, message_id: str) -> None:
    """It raises an alarm; it is shown without its input, sent to its reader again, or dropped on request."""
    shown = run()
    assert (shown.exit_code, "ALARM unprocessed" in shown.output) == (1, True)
    listed = run("dead-letters", "show").output
    assert message_id in listed
    assert "job job_x of the flow scales/plain, org acme" in listed
    assert SECRET not in listed
    assert run("dead-letters", "drop", message_id, input="n\n").exit_code == 0
    assert message_id in run("dead-letters", "show").output
    assert run("dead-letters", "redrive").output == "1 dead-letter messages sent to their reader again\n"
    assert run().exit_code == 0


def test_message_is_dropped(run: Run, message_id: str) -> None:
    assert "1 deleted" in run("dead-letters", "drop", message_id, input="y\n").output
    assert run("dead-letters", "show").output == "There are none.\n"
    refused = run("dead-letters", "drop", message_id, "--yes")
    assert isinstance(refused.exception, OperatorError)
    assert f"{message_id}: no such message" in str(refused.exception)


def test_alarm_is_shown_with_what_to_do(run: Run, account_with_kinds: Account) -> None:
    cloudwatch = account_with_kinds.session.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName="noukai-stream-age", StateValue="ALARM", StateReason="a test")
    try:
        shown = run()
    finally:
        cloudwatch.set_alarm_state(AlarmName="noukai-stream-age", StateValue="OK", StateReason="a test")
    assert shown.exit_code == 1
    assert "ALARM stream-age" in shown.output
    assert "infra/RUNBOOK.md#stream-age" in "".join(shown.output.split("\n"))


def test_reader_that_is_disabled(
    run: Run, account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue without a reader is reported before its messages are old."""
    client = account_with_kinds.session.client("lambda")
    function, *_ = resources(account_with_kinds.session, STACK, "AWS::Lambda::Function")
    queue = account_with_kinds.deployed(STACK)["UnprocessedQueueUrl"].rpartition("/")[2]
    source = f"arn:aws:sqs:us-east-1:000000000000:{queue}"
    made = client.create_event_source_mapping(FunctionName=function, EventSourceArn=source, Enabled=False)
    of_stack = {"AWS::Lambda::EventSourceMapping": [made["UUID"]]}
    monkeypatch.setattr(health, "resources", lambda *asked: of_stack.get(asked[-1], []))
    shown = run()
    client.delete_event_source_mapping(UUID=made["UUID"])
    said = "".join(shown.output.split())
    assert (shown.exit_code, f"ALARMreadersthemapping{made['UUID']}" in said) == (1, True)


def test_readers_of_webhooks_rest_until_there_is_an_endpoint(run: Run, account_with_kinds: Account) -> None:
    """Then one that is disabled is reported like any other."""
    assert "0 mappings are enabled, 2 wait for the first webhook" in run().output
    dynamodb = account_with_kinds.session.client("dynamodb")
    table = account_with_kinds.deployed(STACK)["WebhooksTable"]
    key: Any = {"o": {"S": "acme"}, "k": {"S": "an endpoint"}}
    dynamodb.put_item(TableName=table, Item=key)
    try:
        shown = run()
    finally:
        dynamodb.delete_item(TableName=table, Key=key)
    assert (shown.exit_code, shown.output.count("ALARM readers")) == (1, 2)


@pytest.mark.parametrize(("hours", "is_well"), [(30, True), (50, False)])
def test_sweep_that_is_missing(run: Run, account_with_kinds: Account, hours: int, is_well: bool) -> None:
    dynamodb = account_with_kinds.session.client("dynamodb")
    table = account_with_kinds.deployed(STACK)["JobsTable"]
    began = str(round((time.time() - hours * 3600) * 1000))
    row: Any = {"id": {"S": SWEEP_ROW}, "started_at": {"N": began}, "ended_at": {"N": began}}
    dynamodb.put_item(TableName=table, Item=row)
    try:
        shown = run()
    finally:
        dynamodb.delete_item(TableName=table, Key={"id": {"S": SWEEP_ROW}})
    assert (shown.exit_code == 0) is is_well
    assert f"the last one began {hours}.0 h ago" in shown.output


def test_uncounted_usage(run: Run, account_with_kinds: Account) -> None:
    s3, bucket = (
        account_with_kinds.session.client("s3"),
        account_with_kinds.deployed(STACK)["UncountedBucket"],
    )
    s3.put_object(Bucket=bucket, Key="aws/lambda/a-batch", Body=b"{}")
    try:
        shown = run()
    finally:
        s3.delete_object(Bucket=bucket, Key="aws/lambda/a-batch")
    assert (shown.exit_code, "ALARM uncounted        1 batches of usage" in shown.output) == (1, True)


def test_queues(run: Run, message_id: str) -> None:
    """Each with its numbers."""
    rows = [line.split() for line in run("queues").output.splitlines()]
    assert rows[0] == ["queue", "waiting", "in", "flight", "delayed", "oldest"]
    assert ["unprocessed", "1", "0", "0"] in rows
    assert message_id


def test_job_and_what_was_logged_about_it(run: Run, account_with_kinds: Account) -> None:
    """Its row without input and result, the lines that name it, and where they are."""
    dynamodb = account_with_kinds.session.client("dynamodb")
    table = account_with_kinds.deployed(STACK)["JobsTable"]
    row: Any = {"id": "job_row", "o": "acme", "f": "scales/plain", "s": "failed", "r": SECRET, "x": "why"}
    numbers = {"n": "2", "m": "3", "c": "1700000000000"}
    item = {name: {"S": value} for name, value in row.items()} | {
        name: {"N": value} for name, value in numbers.items()
    }
    dynamodb.put_item(TableName=table, Item=item)
    log(account_with_kinds, "worker", {"level": "ERROR", "message": "the flow raised", "job_id": "job_row"})
    shown = run("job", "job_row")
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "job_row"}})
    assert shown.exit_code == 0, shown.output
    assert "attempt        2 of 3" in shown.output
    assert "created        2023-11-14T22:13:20.000+00:00" in shown.output
    assert "the flow raised job_id=job_row" in shown.output
    assert "log group " in shown.output
    assert SECRET not in shown.output
    assert "There is no job job_row" in str(run("job", "job_row").exception)


def test_lines_of_a_request(run: Run, account_with_kinds: Account) -> None:
    """In whichever function; without one, the exit code says so."""
    entry = {
        "level": "ERROR",
        "message": "a request failed",
        "request_id": "JKJaXmPLvHcESHA=",
        "trace_id": "4bf92f35",
    }
    log(account_with_kinds, "status", entry)
    assert "status       a request failed" in run("find", "--request-id", "JKJaXmPLvHcESHA=").output
    assert "status       a request failed" in run("find", "--trace", entry["trace_id"]).output
    assert run("find", "--trace", "a", "--message-id", "b").exit_code == 2
    assert run("find", "--message-id", "unknown").exit_code == 1
    assert run("find").exit_code == 2


def test_logs_are_merged_and_filtered(run: Run, account_with_kinds: Account) -> None:
    """By level, function and text; lines for CloudWatch are not for people."""
    log(
        account_with_kinds,
        "worker",
        {"level": "INFO", "message": "quiet"},
        {"level": "ERROR", "message": "loud"},
    )
    log(account_with_kinds, "submit", {"level": "WARN", "message": "other"}, '{"_aws": {}, "level": "ERROR"}')
    tailed = run("tail").output
    assert [word for word in ("quiet", "loud", "other", "_aws") if word in tailed] == [
        "quiet",
        "loud",
        "other",
    ]
    loud = run("tail", "--level", "warning").output
    assert ("quiet" in loud, "loud" in loud, "other" in loud) == (False, True, True)
    worker = run("tail", "--function", "worker", "--text", "loud").output
    assert ("quiet" in worker, "loud" in worker, "other" in worker) == (False, True, False)
    assert run("tail", "--function", "nobody").exit_code == 2
    assert run("tail", "--level", "noise").exit_code == 2


def test_followed_logs_are_not_read_from_their_beginning_again(account_with_kinds: Account) -> None:
    """Each line comes once, and a reading begins a minute before the latest line."""
    logs, since = StackLogs.of(account_with_kinds.session, STACK), round(time.time() * 1000)
    begun: list[int] = []
    name = "provide-client-params.cloudwatch-logs.FilterLogEvents"
    logs.client.meta.events.register(name, lambda params, **_: begun.append(params["startTime"]))
    readings = logs.new_lines(since, text="followed", function="worker")
    said = []
    for number, minutes in enumerate((0, 5, 5)):
        log(account_with_kinds, "worker", f"followed {number}", minutes=minutes)
        said.append([line.text for line in next(readings)])
    assert said == [["followed 0"], ["followed 1"], ["followed 2"]]
    assert begun[0] == since
    assert 235_000 < begun[-1] - since < 280_000


@pytest.mark.parametrize(("text", "wanted"), [("90s", 90), ("5m", 300), ("2h", 7200), ("3d", 259_200)])
def test_spans(text: str, wanted: int) -> None:
    assert seconds(text) == wanted


@pytest.mark.parametrize("text", ["5", "m", "-5m", "1.5h", "", "5 m"])
def test_wrong_span_is_refused(run: Run, text: str) -> None:
    shown = run("tail", f"--since={text}")
    assert (shown.exit_code, "90s, 5m, 2h or 3d" in shown.output) == (2, True)
