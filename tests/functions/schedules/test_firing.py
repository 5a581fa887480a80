"""One job per instant, whatever is delivered twice, fails or comes late."""

import json

import pytest

from noukai_functions.jobs.lifecycle import State
from noukai_functions.telemetry.emf import Metrics
from noukai_wire.routes import Route
from tests.functions.schedules.scheduled import DAY, HOUR, MINUTE, Scheduled, at
from tests.functions.stand_ins.calls import hook, unreachable


def test_each_instant_is_one_job_that_waits_for_it(scheduled: Scheduled) -> None:
    """The job is submitted up to 90 seconds ahead, and may start at its instant, never before."""
    scheduled.put(cron="*/20 * * * *")
    scheduled.pass_minutes(61)
    assert scheduled.instants() == ["14T12:20", "14T12:40", "14T13:00"]
    for job in scheduled.jobs():
        instant = (job.metadata or {})["instant"]
        assert job.not_before == job.due_at == at(instant[:19])
        assert 0 < job.not_before - job.created_at <= 90_000
        assert (job.metadata or {})["schedule"] == "report"
    events = scheduled.system.send(Route.EVENTS_BY_ID, id=scheduled.jobs()[0].id).body["events"]
    assert events[0]["message"] == "by the schedule report for 2026-05-14T12:20:00.000Z"


def test_second_tick_of_a_minute_submits_nothing(scheduled: Scheduled) -> None:
    """Also one that has read the row before the first wrote it."""
    scheduled.put(cron="* * * * *")
    for _ in range(3):
        scheduled.system.clock.time += MINUTE
        scheduled.tick()
        scheduled.tick()
    assert scheduled.instants() == ["14T12:01", "14T12:02", "14T12:03", "14T12:04"]


def test_tick_that_dies_before_its_write_is_repeated(scheduled: Scheduled) -> None:
    """The next one makes the same submission, and so the same job; the schedule that failed is counted."""
    scheduled.put()
    client = scheduled.system.deployment.schedules.client
    scheduled.at("2026-05-14 12:59:10")
    end = hook(client, "PutItem", before=lambda given: given["TableName"] == "schedules" and unreachable())
    scheduled.tick()
    end()
    assert scheduled.instants() == ["14T13:00"]
    scheduled.pass_minutes(2)
    assert (scheduled.instants(), scheduled.get()["next"][0]) == (["14T13:00"], "2026-05-14T14:00:00.000Z")


def test_instant_that_comes_while_its_job_is_made_has_its_job(
    scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick reads the clock several times: a start that was ahead may be in the past at the next reading."""
    scheduled.put()
    clock = scheduled.system.clock

    def later() -> int:
        clock.time += 3
        return clock.time

    monkeypatch.setattr(clock, "now", later)
    for hour in range(13, 23):
        clock.time = at(f"2026-05-14 {hour}:00:00") - 2 * (hour - 12)
        scheduled.tick()
    assert scheduled.get()["history"] == []
    assert scheduled.instants() == [f"14T{hour}:00" for hour in range(13, 23)]


def test_jobs_of_orgs_and_names_differ(scheduled: Scheduled) -> None:
    """The same expression twice is two schedules, each with its own jobs."""
    scheduled.put("one")
    scheduled.put("two")
    scheduled.system.add_key("nk_other", "globex", ("schedules",))
    scheduled.system.key = "nk_other"
    scheduled.put("one")
    scheduled.at("2026-05-14 12:59:10")
    scheduled.tick()
    assert scheduled.instants() == ["14T13:00"] * 3
    assert sorted((job.org, (job.metadata or {})["schedule"]) for job in scheduled.jobs()) == [
        ("acme", "one"),
        ("acme", "two"),
        ("globex", "one"),
    ]


def test_schedule_that_cannot_be_run_does_not_stop_the_others(scheduled: Scheduled) -> None:
    """Its row cannot be read: the others run, and it is counted and logged."""
    scheduled.put("bad")
    scheduled.put("good")
    client = scheduled.system.deployment.schedules.client
    key = {"o": {"S": "acme"}, "n": {"S": "bad"}}
    client.update_item(
        TableName="schedules",
        Key=key,
        UpdateExpression="SET s = :s",
        ExpressionAttributeValues={":s": {"S": "x"}},
    )
    scheduled.at("2026-05-14 12:59:10")
    firing = scheduled.system.deployment.firing()
    firing.run_due(lambda: True)
    assert (firing.failures, scheduled.instants()) == (1, ["14T13:00"])


def test_tick_without_time_leaves_the_rest(scheduled: Scheduled) -> None:
    """The next one finds it, the longest due first."""
    for name in ("one", "two", "three"):
        scheduled.put(name)
    scheduled.at("2026-05-14 12:59:10")
    left = iter([True, True, False])
    scheduled.system.deployment.firing().run_due(lambda: next(left))
    assert len(scheduled.instants()) == 2
    scheduled.tick()
    assert len(scheduled.instants()) == 3


def test_instant_that_was_missed_by_an_outage(scheduled: Scheduled) -> None:
    """After a night without a tick, the latest instant is run, and the others are in the history."""
    scheduled.put(cron="*/10 * * * *")
    scheduled.system.clock.time += 8 * HOUR
    scheduled.tick()
    assert scheduled.instants() == ["14T20:00"]
    (note,) = scheduled.get()["history"]
    assert note == {"outcome": "missed", "instant": "2026-05-14T19:50:00.000Z", "count": 47}


def test_missed_instants_are_left_out_where_that_is_asked_for(scheduled: Scheduled) -> None:
    """With `none`, an instant is run only while it is on time, for a tenth of its interval."""
    scheduled.put(cron="0 * * * *", missed="none")
    scheduled.at("2026-05-14 13:05:30")
    scheduled.tick()
    assert scheduled.instants() == ["14T13:00"]
    scheduled.at("2026-05-14 16:30:00")
    scheduled.tick()
    assert scheduled.instants() == ["14T13:00"]
    (note,) = scheduled.get()["history"]
    assert note == {"outcome": "missed", "instant": "2026-05-14T16:00:00.000Z", "count": 3}
    scheduled.at("2026-05-14 16:59:10")
    scheduled.tick()
    assert scheduled.instants() == ["14T13:00", "14T17:00"]


def test_thousands_of_missed_instants_are_one_job(scheduled: Scheduled) -> None:
    """A schedule of each minute goes on after a week without a tick."""
    scheduled.put(cron="* * * * *")
    scheduled.system.clock.time += 7 * DAY
    scheduled.tick()
    assert len(scheduled.instants()) <= 4
    assert scheduled.instants()[0] >= "21T11:58"
    assert scheduled.get()["history"][0]["count"] == 1000
    scheduled.pass_minutes(2)
    assert scheduled.get()["history"][0]["count"] == 1000


@pytest.mark.parametrize("late", [30, 90, 119])
def test_late_tick_runs_each_instant(scheduled: Scheduled, late: int) -> None:
    """A tick may be two minutes late, and nothing is missed."""
    scheduled.put(cron="* * * * *")
    scheduled.tick()
    scheduled.system.clock.time += MINUTE + late * 1000
    scheduled.tick()
    scheduled.pass_minutes(1)
    found = scheduled.instants()
    assert found == [f"14T12:{minute:02}" for minute in range(1, len(found) + 1)]
    assert "history" not in scheduled.get() or scheduled.get()["history"] == []


def test_skipped_instant_is_seen(scheduled: Scheduled) -> None:
    """With `skip`, the decision is made at the instant: a job that has ended by then skips nothing."""
    scheduled.put(cron="* * * * *", overlap="skip")
    scheduled.at("2026-05-14 12:01:05")
    scheduled.tick()
    assert scheduled.instants() == ["14T12:01"]
    scheduled.pass_minutes(2)
    assert scheduled.instants() == ["14T12:01"]
    (note,) = scheduled.get()["history"]
    assert note == {"outcome": "skipped", "instant": "2026-05-14T12:03:00.000Z", "count": 2}
    scheduled.end(scheduled.jobs()[0])
    scheduled.pass_minutes(1)
    assert scheduled.instants() == ["14T12:01", "14T12:04"]


def test_older_job_is_cancelled_where_that_is_asked_for(scheduled: Scheduled) -> None:
    """With `cancel`, the older job is cancelled at the instant, then the new one starts."""
    scheduled.put(cron="* * * * *", overlap="cancel")
    scheduled.at("2026-05-14 12:01:05")
    scheduled.tick()
    scheduled.pass_minutes(1)
    first, second = scheduled.jobs(cancelled=True)
    assert (first.state, second.state) == (State.CANCELLED, State.PENDING)
    events = scheduled.system.send(Route.EVENTS_BY_ID, id=first.id).body["events"]
    assert events[-1]["message"] == "by the schedule report"


@pytest.mark.parametrize("overlap", ["skip", "cancel"])
def test_trigger_does_not_hide_the_job_before(scheduled: Scheduled, overlap: str) -> None:
    """A job that was triggered and has ended since then is the latest, and the one before still runs."""
    scheduled.put(cron="* * * * *", overlap=overlap)
    scheduled.pass_minutes(1)
    (before,) = scheduled.jobs()
    triggered = scheduled.system.row(scheduled.send(Route.TRIGGER_SCHEDULE).body["id"])
    scheduled.end(triggered)
    scheduled.pass_minutes(1)
    is_cancelled = scheduled.system.row(before.id).state is State.CANCELLED
    skipped = [each["instant"][8:16] for each in scheduled.get()["history"]]
    assert (is_cancelled, skipped) == ((True, []) if overlap == "cancel" else (False, ["14T12:02"]))


def test_overlapping_jobs_are_allowed_by_default(scheduled: Scheduled) -> None:
    scheduled.put(cron="* * * * *")
    scheduled.pass_minutes(3)
    assert all(job.state is State.PENDING for job in scheduled.jobs())
    assert len(scheduled.jobs()) == 4


def test_repeated_decision_to_skip_submits_no_second_job(scheduled: Scheduled) -> None:
    """A tick that dies after the submission of a schedule with `skip` is repeated without another job."""
    scheduled.put(cron="* * * * *", overlap="skip")
    client = scheduled.system.deployment.schedules.client
    scheduled.at("2026-05-14 12:01:05")
    end = hook(client, "PutItem", before=lambda given: given["TableName"] == "schedules" and unreachable())
    scheduled.tick()
    end()
    scheduled.tick()
    assert (scheduled.instants(), scheduled.get().get("history")) == (["14T12:01"], [])


def test_unreachable_table_fails_the_tick(scheduled: Scheduled) -> None:
    """Lambda counts it as an error; the other parts have run."""
    client = scheduled.system.deployment.schedules.client
    end = hook(client, "Query", before=unreachable)
    with pytest.raises(Exception, match="schedules"):
        scheduled.tick()
    end()


def test_clock_that_steps_back_repeats_nothing(scheduled: Scheduled) -> None:
    """It was two hours ahead, and is put right: the instants that were run are not run again."""
    scheduled.put(cron="*/30 * * * *")
    scheduled.pass_minutes(121)
    before = scheduled.instants()
    assert len(before) == 4
    scheduled.system.clock.time -= 2 * HOUR
    scheduled.pass_minutes(150)
    assert scheduled.instants() == [*before, "14T14:30"]


def test_failures_are_counted(scheduled: Scheduled, capsys: pytest.CaptureFixture[str]) -> None:
    """An instant without a decision is one at each tick: nobody has to notice that nothing ran."""
    scheduled.put()
    deployment = scheduled.system.deployment
    vars(deployment)["metrics"] = Metrics("noukai")
    scheduled.at("2026-05-14 12:59:10")
    end = hook(deployment.schedules.client, "PutItem", before=unreachable)
    scheduled.tick()
    scheduled.tick()
    end()
    scheduled.tick()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["ScheduleFailures"] for line in lines if "_aws" in line] == [1, 1]
    assert scheduled.instants() == ["14T13:00"]
