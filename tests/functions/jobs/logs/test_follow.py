"""The following of a log while its job runs: it marks the row, and the worker stores lines more often."""

from typing import Any
from unittest.mock import patch

import pytest

from noukai_functions.aws import AwsError
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.logs.attempt_log import AttemptLog
from noukai_functions.logs.reader import is_over
from noukai_functions.names import EXPIRES_AT
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.jobs.logs.asking import lines, messages, page, run
from tests.functions.stand_ins.calls import hook, unreachable


@pytest.fixture
def job(system: System) -> Job:
    """Return a job that runs."""
    return claimed(system, system.submit("trial/count", parameters={"steps": 1}).body["id"])


def claimed(system: System, job_id: str) -> Job:
    now = system.clock.time
    return system.deployment.table.claim(
        job_id, created_at=system.row(job_id).created_at, owner="me", lease_until=now + 60_000, now=now
    )


@pytest.fixture
def log(system: System, job: Job) -> AttemptLog:
    """Return the log of its attempt, in its worker."""
    made = system.deployment.new_log(job)
    del system.calls[:]
    return made


def kept_until(system: System, job_id: str) -> int:
    """Return until when the log of the first attempt is kept, in seconds since the epoch."""
    kept: Any = system.deployment.table.client.get_item(
        TableName="jobs", Key={"id": {"S": f"{job_id}#log#1"}}
    )
    return int(kept["Item"][EXPIRES_AT]["N"])


def operations(system: System) -> list[str]:
    return [operation for operation, _ in system.calls]


def test_nobody_follows(system: System, log: AttemptLog) -> None:
    """New lines are stored once in a third of the lease, and nothing without new lines."""
    log.hear(0, b"one\n")
    now = system.clock.time
    assert [log.is_due(now + ms) for ms in (0, 2000, 19_999, 20_000)] == [False, False, False, True]
    log.flush(now + 20_000)
    assert operations(system) == ["PutItem"]
    assert not log.is_due(now + 60_000)
    log.hear(0, b"two\n")
    assert [log.is_due(now + ms) for ms in (39_999, 40_000)] == [False, True]


def test_somebody_follows(system: System, job: Job, log: AttemptLog) -> None:
    """A held request marks the row once a minute; new lines are then stored every two seconds."""
    system.clock.while_asleep = lambda: None
    answer = page(system, job.id, "seconds=20")
    assert (answer["lines"], answer["done"], sum(system.clock.slept)) == ([], False, 20)
    until = system.row(job.id).followed_until
    assert until is not None
    assert operations(system).count("UpdateItem") == 1
    for _ in range(3):
        page(system, job.id, "seconds=20")
    assert operations(system).count("UpdateItem") == 2
    log.follow(until)
    log.hear(0, b"one\n")
    now = system.clock.time
    log.flush(now)
    log.hear(0, b"two\n")
    assert [log.is_due(now + ms) for ms in (0, 1999, 2000)] == [False, False, now + 2000 < until]


def test_follower_that_cannot_be_noted_reads_on(system: System, job: Job, log: AttemptLog) -> None:
    """A throttled row delays the lines; it is asked to take the mark once in a request."""
    asked: list[object] = []

    def throttle(parameters: object) -> None:
        asked.append(parameters)
        raise AwsError("UpdateItem", "ProvisionedThroughputExceededException", "slow")

    def store() -> None:
        if len(system.clock.slept) == 3:
            log.hear(0, b"one\n")
            log.flush(system.clock.time)

    system.clock.while_asleep = store
    end = hook(system.deployment.followers.client, "UpdateItem", before=throttle)
    assert messages(system, job.id, "seconds=20") == ["one"]
    end()
    assert len(asked) == 1
    assert system.row(job.id).followed_until is None


def test_request_that_is_not_held_marks_nothing(system: System, job: Job) -> None:
    del system.calls[:]
    page(system, job.id)
    assert "UpdateItem" not in operations(system)


def test_held_request_is_answered_with_the_first_lines(system: System, job: Job, log: AttemptLog) -> None:
    """Within a second of their storing; the next request may come at once, and goes on behind them."""

    def store() -> None:
        if len(system.clock.slept) == 3:
            log.hear(0, b"one\ntwo\n")
            log.flush(system.clock.time)

    system.clock.while_asleep = store
    answer = system.send(Route.LOGS_BY_ID, id=job.id, query="seconds=20")
    assert [line["message"] for line in answer.body["lines"]] == ["one", "two"]
    assert (len(system.clock.slept), answer.headers["Retry-After-Ms"]) == (3, "0")
    log.hear(0, b"three\n")
    log.close(system.clock.time, None, is_last=True)
    system.deployment.table.complete(job, result="1", now=system.clock.time)
    last = page(system, job.id, f"seconds=20&after={answer.body['after']}")
    assert ([line["message"] for line in last["lines"]], last["done"]) == (["three"], True)


def test_follower_who_comes_late_misses_nothing(system: System, job: Job, log: AttemptLog) -> None:
    """What both streams said before is there at once; the next request goes on behind it."""
    for stream, said in ((0, b"one\n"), (1, b"two\n"), (0, b"three\n")):
        log.hear(stream, said)
        log.flush(system.clock.time)
    first = page(system, job.id, "seconds=20")
    assert ([line["message"] for line in first["lines"]], system.clock.slept) == (["one", "two", "three"], [])

    def store() -> None:
        log.hear(1, b"four\n")
        log.flush(system.clock.time)

    system.clock.while_asleep = store
    (line,) = lines(system, job.id, f"seconds=20&after={first['after']}")
    assert (line["stream"], line["message"]) == ("stderr", "four")


@pytest.mark.usefixtures("large")
def test_follower_reads_on_from_segment_to_segment(system: System, job: Job, log: AttemptLog) -> None:
    """At full speed: each line once and in order, and of each request no more than two segments."""
    said: list[str] = []
    place = "1-0"
    for number in range(0, 25_000, 1_000):
        log.hear(0, b"".join(b"%d %s\n" % (each, b"x" * 90) for each in range(number, number + 1_000)))
        log.flush(system.clock.time)
        del system.calls[:]
        found = page(system, job.id, f"limit=1000&after={place}")
        assert operations(system).count("GetObject") <= 2
        place = found["after"]
        said += [line["message"].partition(" ")[0] for line in found["lines"]]
    assert said == [*map(str, range(25_000))]
    stored = system.deployment.new_log(job).store.read(job, [1], consistent=True)[1]
    assert len(stored.firsts) > 2


def test_held_request_is_answered_at_the_end(system: System, job: Job) -> None:
    """Also of a job that said nothing."""
    system.clock.while_asleep = lambda: system.deployment.table.complete(
        job, result="1", now=system.clock.time
    )
    answer = page(system, job.id, "seconds=20")
    assert (answer["lines"], answer["done"], len(system.clock.slept)) == ([], True, 1)


def test_job_that_waits_is_not_held_for(system: System) -> None:
    """Its log is empty as long as it waits: the answer says when to look again."""
    job_id = system.submit(parameters={"a": 1}, options={"delaySeconds": 600}).body["id"]
    answer = system.send(Route.LOGS_BY_ID, id=job_id, query="seconds=20")
    assert (answer.body["lines"], answer.body["done"], system.clock.slept) == ([], False, [])
    assert int(answer.headers["Retry-After"]) >= 10


def test_following_outlives_an_attempt(system: System, job: Job, log: AttemptLog) -> None:
    """The request that is held when an attempt ends is answered with the lines of the next."""
    log.hear(0, b"first\n")
    log.close(system.clock.time, None, is_last=False)
    place = page(system, job.id)["after"]
    system.deployment.table.release(job, error="no", not_before=system.clock.time, now=system.clock.time)
    again = claimed(system, job.id)
    second = system.deployment.new_log(again)

    def store() -> None:
        second.hear(0, b"second\n")
        second.flush(system.clock.time)

    system.clock.while_asleep = store
    (line,) = lines(system, job.id, f"seconds=20&after={place}")
    assert (line["attempt"], line["message"]) == (2, "second")


def test_log_of_a_cancelled_job_goes_on_until_its_code_has_stopped(
    system: System, job: Job, log: AttemptLog
) -> None:
    """The state is there at once; the end of the log comes after its last line."""
    system.send(Route.CANCEL_BY_ID, id=job.id)
    assert not page(system, job.id)["done"]
    log.hear(0, b"cleaning up\n")
    log.close(system.clock.time, None, is_last=True)
    system.deployment.table.record_stopped(job, system.clock.time)
    answer = page(system, job.id)
    assert ([line["message"] for line in answer["lines"]], answer["done"]) == (["cleaning up"], True)


def test_cancelled_job_whose_worker_is_lost_ends(system: System, job: Job) -> None:
    system.send(Route.CANCEL_BY_ID, id=job.id)
    row, now = system.row(job.id), system.clock.time
    assert row.state is State.CANCELLED
    assert [is_over(row, now + ms) for ms in (119_999, 120_000)] == [False, True]


def test_job_that_is_cancelled_while_it_waits_for_a_retry_ends_at_once(system: System) -> None:
    """No code of it is running that could print more."""
    job_id = run(system, "raise-after", message="no")
    assert not page(system, job_id)["done"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    assert page(system, job_id, "seconds=20")["done"]
    assert system.clock.slept == []


def test_log_of_an_attempt_that_was_taken_over_is_kept_as_long_as_its_job(system: System) -> None:
    """The job goes on in another worker, as late as its deadline to start."""
    hear = AttemptLog.hear

    def take_over(log: AttemptLog, stream: int, data: bytes) -> bytes:
        if system.row(log.job.id).attempt == 1:
            system.clock.time += 61_000
            assert claimed(system, log.job.id).attempt == 2
        return hear(log, stream, data)

    not_before_the_end = patch.object(AttemptLog, "is_due", return_value=False)
    with patch.object(AttemptLog, "hear", take_over), not_before_the_end:
        job_id = run(system, "hang", message="waiting", options={"maxAttempts": 2})
    row = system.row(job_id)
    assert (row.attempt, row.state) == (2, State.RUNNING)
    assert kept_until(system, job_id) >= row.start_by // 1000 + row.keep_seconds


def test_takeover_that_is_noticed_at_the_end_keeps_the_log_as_long(system: System) -> None:
    """The log was stored as the job's last, and the outcome is refused."""
    stored: list[int] = []

    def take_over(parameters: dict[str, Any]) -> None:
        job_id = parameters["Key"]["id"]["S"]
        if ":result" in parameters["ExpressionAttributeValues"] and system.row(job_id).attempt == 1:
            stored.append(kept_until(system, job_id))
            system.clock.time += 61_000
            assert claimed(system, job_id).attempt == 2

    end = hook(system.deployment.table.client, "UpdateItem", before=take_over)
    job_id = run(system, "print-lines", parameters={"count": 1}, options={"maxAttempts": 2})
    end()
    row = system.row(job_id)
    assert (row.attempt, row.state) == (2, State.RUNNING)
    assert stored[0] < row.start_by // 1000
    assert kept_until(system, job_id) >= row.start_by // 1000 + row.keep_seconds
    assert messages(system, job_id) == ["0 xxxxxxx"]


def test_log_is_stored_before_the_outcome(system: System) -> None:
    """A reader who sees the state sees the log."""
    job_id = system.submit("speaking/raise-after", message="no", options={"maxAttempts": 1}).body["id"]
    system.deliver()
    written = [
        (operation, parameters["Key" if operation == "UpdateItem" else "Item"]["id"]["S"])
        for operation, parameters in system.calls
        if operation in ("UpdateItem", "PutItem")
    ]
    assert written[1:] == [
        ("PutItem", f"{job_id}#log#1"),
        ("PutItem", f"{job_id}#input"),
        ("UpdateItem", job_id),
    ]


def test_log_that_cannot_be_stored_decides_nothing(system: System) -> None:
    """The job completes; its lines are lost."""
    job_id = system.submit("speaking/print-lines", parameters={"count": 3}).body["id"]
    end = hook(system.deployment.table.client, "PutItem", before=unreachable)
    system.deliver()
    end()
    assert system.status(job_id)["state"] == "completed"
    assert messages(system, job_id) == []
