"""Held requests: when they are held, for how long, and what they answer."""

from noukai_functions.jobs.estimate import Estimate
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System


def new_job(system: System) -> str:
    job_id: str = system.submit(parameters={"a": 1}).body["id"]
    del system.calls[:]
    return job_id


def wait(system: System, job: str, query: str = "") -> Answer:
    return system.send(Route.WAIT_BY_ID, id=job, query=query)


def test_wait_answers_when_the_job_ends(system: System) -> None:
    """A held request is answered soon after the job has ended."""
    job = new_job(system)
    system.clock.while_asleep = lambda: system.deliver() if len(system.clock.slept) == 3 else None
    answer = wait(system, job)
    assert answer.body["state"] == "completed"
    assert len(system.clock.slept) == 3


def test_wait_answers_when_its_time_is_over(system: System) -> None:
    """A held request of an unfinished job is answered in time, and may be repeated at once."""
    job = new_job(system)
    begun = system.clock.time
    answer = wait(system, job, "seconds=1")
    assert (answer.body["state"], answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == (
        "pending",
        "0",
        "0",
    )
    assert system.clock.time - begun == 1000
    assert max(system.clock.slept) <= 0.25


def test_wait_is_short_while_nobody_claims_the_job(system: System) -> None:
    """A job that nobody claims is watched for two seconds; then the answer says when to come back."""
    job = new_job(system)
    begun = system.clock.time
    answer = wait(system, job, "seconds=20")
    assert 2000 <= system.clock.time - begun < 2300
    assert (answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == ("4", "4000")
    del system.calls[:], system.clock.slept[:]
    assert wait(system, job, "seconds=20").headers["Retry-After"] == "4"
    assert (system.clock.slept, [operation for operation, _ in system.calls]) == ([], ["GetItem"])


def claimed(system: System, *, ends_in: int, spread: int) -> str:
    """Return a job that was just claimed, of a flow whose usual duration is known; both in milliseconds."""
    job, now = new_job(system), system.clock.time
    estimate = Estimate(now + ends_in, spread)
    system.deployment.table.claim(
        job, created_at=now, owner="other", lease_until=now + 60_000, now=now, estimate=estimate
    )
    return job


def test_wait_is_not_held_until_the_usual_end_is_near(system: System) -> None:
    """The client is sent away until just before the usual end, to the millisecond."""
    job = claimed(system, ends_in=9000, spread=800)
    answer = wait(system, job, "seconds=20")
    assert system.clock.slept == []
    assert (answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == ("8", "7400")
    system.clock.time += 7400
    system.clock.while_asleep = lambda: complete(system, job) if len(system.clock.slept) == 5 else None
    assert wait(system, job, "seconds=20").body["state"] == "completed"
    assert max(system.clock.slept) <= 0.25


def complete(system: System, job: str) -> None:
    system.deployment.table.complete(system.row(job), result="1", now=system.clock.time)


def test_plain_status_never_asks_for_more_than_one_request_a_second(system: System) -> None:
    """Near the end of a job, a poll is answered with one second: only a held request may follow at once."""
    job = claimed(system, ends_in=100, spread=50)
    answer = system.send(Route.STATUS_BY_ID, id=job)
    assert (answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == ("1", "1000")


def test_wait_that_sees_the_end_needs_no_further_read(system: System) -> None:
    """A look that finds the end is the answer; an unfinished job is read once more, consistently."""
    job = claimed(system, ends_in=100, spread=50)
    del system.calls[:]
    system.clock.while_asleep = lambda: complete(system, job) if len(system.clock.slept) == 1 else None
    wait(system, job)
    reads = [parameters["ConsistentRead"] for operation, parameters in system.calls if operation == "GetItem"]
    assert reads == [True, True, False]  # the second read is the test's own


def test_wait_with_progress_answers_with_its_change(system: System) -> None:
    """A request that asks for progress is answered as soon as there is more of it."""
    job = claimed(system, ends_in=600_000, spread=1000)

    def report() -> None:
        row = system.row(job)
        system.deployment.table.extend(
            row, lease_until=row.lease_until or 0, progress={"percent": 5}, now=system.clock.time
        )

    system.clock.while_asleep = report
    answer = wait(system, job, "seconds=20&progress=true")
    assert (answer.body["progress"], len(system.clock.slept)) == ({"percent": 5}, 1)
    assert wait(system, job, "progress=maybe").code == "INVALID_INPUT"


def test_wait_for_a_delayed_job_does_not_repeat_at_once(system: System) -> None:
    """The answer says to come back when the job may start."""
    job: str = system.submit(parameters={"a": 1}, options={"delaySeconds": 9}).body["id"]
    assert wait(system, job, "seconds=1").headers["Retry-After"] == "9"


def test_wait_counts_from_the_gateway(system: System) -> None:
    """The duration of a held request counts from when the gateway received it."""
    job = new_job(system)
    system.clock.step = 500
    wait(system, job, "seconds=1")
    assert sum(system.clock.slept) < 0.5


def test_wait_of_no_seconds_is_a_status(system: System) -> None:
    """`seconds=0` answers at once, with the poll interval of a status."""
    answer = wait(system, new_job(system), "seconds=0")
    assert (answer.headers["Retry-After"], system.clock.slept) == ("1", [])


def test_probes_of_a_wait_are_cheap(system: System) -> None:
    """Only the first and the last read of a held request are strongly consistent."""
    job = new_job(system)
    wait(system, job, "seconds=1")
    consistent = [
        parameters["ConsistentRead"] for operation, parameters in system.calls if operation == "GetItem"
    ]
    assert consistent[0]
    assert consistent[-1]
    assert not any(consistent[1:-1])
