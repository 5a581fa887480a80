"""Jobs that start later: `delaySeconds` and a near `runAt` on the queue, a far one in a schedule."""

import json
from typing import Any

import pytest

from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System, assert_refused, output
from tests.functions.jobs.sweeping import swept
from tests.functions.stand_ins.calls import hook, unreachable
from tests.functions.stand_ins.delayed_messages import delayed_messages, failing, fire, moment

HOUR, DAY = 3600, 24 * 3600
KEY = {"idempotency-key": "k"}


def submit(system: System, seconds: float = HOUR, *, headers: Any = None, **options: Any) -> Answer:
    org = system.deployment.api_keys.authenticate(f"Bearer {system.key}").org
    system.deployment.budgets.of(org)
    del system.calls[:]
    return system.submit(
        parameters={"a": 1}, options={"runAt": moment(system, seconds), **options}, headers=headers
    )


def called(system: System) -> list[str]:
    return [operation for operation, _ in system.calls]


@pytest.mark.parametrize(
    ("seconds", "delay"), [(0, 0), (0.5, 1), (300, 300), (limits.MAX_DELAY_SECONDS, 900)]
)
def test_near_moment_is_a_delay(system: System, seconds: float, delay: int) -> None:
    """It costs no more than any job, and starts on the second."""
    job_id = submit(system, seconds).body["id"]
    assert called(system) == ["PutItem", "SendMessage"]
    assert system.calls[-1][1]["DelaySeconds"] == delay
    assert (system.row(job_id).due_at, delayed_messages(system)) == (system.clock.time + seconds * 1000, [])


def test_later_moment_is_a_schedule(system: System) -> None:
    """It sends the job's message once, never before the time, and is then deleted."""
    answer = submit(system, HOUR + 0.001)
    assert (answer.status, answer.headers["Retry-After"]) == (202, "10")
    assert called(system) == ["GetItem", "CreateSchedule", "PutItem"]
    (schedule,) = delayed_messages(system)
    assert schedule["Name"] == f"{answer.body['id']}-{system.clock.time}"
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (
        "at(2023-11-14T23:13:21)",
        "UTC",
    )
    assert (schedule["ActionAfterCompletion"], schedule["FlexibleTimeWindow"]) == ("DELETE", {"Mode": "OFF"})
    target = schedule["Target"]
    assert (target["Arn"], target["RoleArn"]) == (
        system.deployment.environment["QUEUE_ARN"],
        system.deployment.environment["SCHEDULE_ROLE"],
    )
    assert "SqsParameters" not in target


def test_job_runs_when_its_schedule_fires(system: System) -> None:
    """Until then it is pending; afterwards it runs as any job."""
    job_id = submit(system, 300 * DAY).body["id"]
    assert fire(system) == 0
    system.clock.time += 300 * DAY * 1000
    assert (system.status(job_id)["state"], fire(system)) == ("pending", 1)
    system.deliver()
    assert (output(system.status(job_id)), delayed_messages(system)) == (2, [])


def test_message_that_comes_early_waits(system: System) -> None:
    """A schedule fires within a minute; the job starts no sooner than requested."""
    job_id = submit(system).body["id"]
    (schedule,) = delayed_messages(system)
    queue = system.deployment.queue
    queue.client.send_message(QueueUrl=queue.url, MessageBody=schedule["Target"]["Input"])
    system.clock.time += (HOUR - 20) * 1000
    system.deliver()
    assert (system.hidden_for(), system.status(job_id)["state"]) == ([20], "pending")


def test_same_key_is_one_job_with_one_schedule(system: System) -> None:
    """The time may be spelled otherwise; another time is another body."""
    first = submit(system, headers=KEY)
    assert first.body["id"] == submit(system, headers=KEY).body["id"]
    for spelled in ("2023-11-15t00:13:20+01:00", "2023-11-14T18:13:20.000-05:00"):
        assert system.submit(parameters={"a": 1}, options={"runAt": spelled}, headers=KEY).body == first.body
    assert len(delayed_messages(system)) == 1
    assert submit(system, HOUR + 1, headers=KEY).code == ErrorCode.IDEMPOTENCY_CONFLICT


def test_retry_may_come_after_the_moment(system: System) -> None:
    """A late resubmission of the job still returns it; a new job is refused."""
    first = submit(system, 5, headers=KEY)
    options = {"runAt": moment(system, 5)}
    system.clock.time += 6000
    again = system.submit(parameters={"a": 1}, options=options, headers=KEY)
    assert (again.status, again.body) == (202, first.body)
    del system.calls[:]
    assert_refused(system, system.submit(parameters={"a": 1}, options=options), ErrorCode.INVALID_INPUT)
    other = system.submit(parameters={"a": 1}, options=options, headers={"idempotency-key": "another"})
    assert_refused(system, other, ErrorCode.INVALID_INPUT)


def test_refused_schedule_leaves_no_job(system: System) -> None:
    """The answer is 503, no row stays pending for a year, and a retry submits the whole job."""
    with failing(system, "CreateSchedule"):
        answer = submit(system, headers=KEY)
    assert (answer.status, answer.code, system.jobs()) == (503, ErrorCode.UNAVAILABLE, [])
    system.clock.time += 1000
    job_id = submit(system, HOUR - 1, headers=KEY).body["id"]
    assert [each["Name"] for each in delayed_messages(system)] == [f"{job_id}-{system.clock.time}"]


def test_schedule_without_a_row_starts_nothing(system: System) -> None:
    """A submission that dies after creating its schedule has no job; the retry's message starts the job."""
    mend = hook(system.deployment.table.client, "PutItem", before=unreachable)
    assert submit(system, headers=KEY).code == ErrorCode.UNAVAILABLE
    mend()
    system.clock.time += 1000
    job_id = submit(system, HOUR - 1, headers=KEY).body["id"]
    system.clock.time += HOUR * 1000
    assert fire(system) == 2
    system.deliver()
    assert (output(system.status(job_id)), system.row(job_id).attempt, system.messages()) == (2, 1, 0)


def test_two_submissions_in_one_millisecond_share_no_schedule(system: System) -> None:
    """One job's body must never run as the other job: the second caller must repeat its request."""
    mend = hook(system.deployment.table.client, "PutItem", before=unreachable)
    submit(system, headers=KEY)
    mend()
    other = system.submit(parameters={"a": 7}, options={"runAt": moment(system, HOUR)}, headers=KEY)
    assert (other.code, system.jobs()) == (ErrorCode.UNAVAILABLE, [])


def test_lost_schedule_does_not_keep_its_job_for_ever(system: System) -> None:
    """The job is overdue eight days after its start time, and not sooner."""
    job_id = submit(system, 100 * DAY).body["id"]
    system.clock.time += 108 * DAY * 1000 - 1
    assert (swept(system), system.status(job_id)["state"]) == (0, "pending")
    system.clock.time += 1
    assert (swept(system), system.status(job_id)["state"]) == (1, "failed")
    assert "never started" in system.status(job_id)["error"]


def test_text_like_a_keyword_of_scheduler_arrives(system: System) -> None:
    """Scheduler would replace such a keyword anywhere in the message."""
    text = "<aws.scheduler.execution-id> & <b>é\U0001f388</b>"
    options = {"runAt": moment(system, HOUR)}
    job_id = system.submit("trial/greet", message=text, options=options).body["id"]
    assert "<" not in delayed_messages(system)[0]["Target"]["Input"]
    system.clock.time += HOUR * 1000
    fire(system)
    system.deliver()
    assert text in output(system.status(job_id))


def test_message_too_large_for_a_schedule(system: System) -> None:
    """It is refused with the limit before anything is stored; a delayed message may be larger."""

    def ask(seconds: int) -> Answer:
        # JSON escapes this character with six ASCII characters; in the body it has two bytes.
        body = {
            "message": "é" * (limits.MAX_SCHEDULED_BYTES // 6),
            "options": {"runAt": moment(system, seconds)},
        }
        raw = json.dumps(body, ensure_ascii=False)
        return system.send(Route.SUBMIT, raw=raw, org="acme", project="trial", flow="greet")

    assert_refused(system, ask(HOUR), ErrorCode.PAYLOAD_TOO_LARGE)
    assert ask(60).status == 202


@pytest.mark.parametrize(
    ("run_at", "message"),
    [
        ("2023-11-14T22:13:19.999Z", "is in the past"),
        ("1970-01-01T00:00:00Z", "is in the past"),
        ("0001-01-01T00:00:00+14:00", "is in the past"),
        ("2024-11-13T22:13:20.001Z", "31536000"),
        ("9999-12-31T23:59:59-14:00", "31536000"),
        ("2023-11-14T23:00:00", "time zone"),
        ("2023-11-14", "ISO 8601"),
        ("2023-11-14T23:00:60Z", "ISO 8601"),
        ("2023-02-30T23:00:00Z", "ISO 8601"),
        ("tomorrow", "ISO 8601"),
        ("", "ISO 8601"),
        (1_700_003_600, "string"),
        (True, "string"),
    ],
)
def test_wrong_moment_is_refused(system: System, run_at: Any, message: str) -> None:
    """A past, too distant or invalid time is an error that says what to give, and nothing is stored."""
    answer = system.submit(parameters={"a": 1}, options={"runAt": run_at})
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    ((path, said),) = [(error["path"], error["message"]) for error in answer.body["detail"]["errors"]]
    assert (path, message in said) == ("options.runAt", True), said


@pytest.mark.parametrize("delay", [0, 60])
def test_moment_and_delay_do_not_go_together(system: System, delay: int) -> None:
    """It would be unclear which one counts."""
    answer = submit(system, delaySeconds=delay)
    assert_refused(system, answer, ErrorCode.INVALID_INPUT)
    assert "delaySeconds" in answer.body["detail"]["errors"][0]["message"]


def test_execute_refuses_a_later_start(system: System) -> None:
    """`execute` waits for the job: a later start is refused, and no job is made."""
    body = {"parameters": {"a": 1}, "options": {"runAt": moment(system, HOUR)}}
    answer = system.send(Route.EXECUTE, body=body, org="acme", project="trial", flow="add")
    assert (answer.code, delayed_messages(system), system.jobs()) == (ErrorCode.INVALID_INPUT, [], [])
