"""Changes of a schedule, and its instants after them."""

import pytest

from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import Answer
from tests.functions.schedules.scheduled import HOUR, Scheduled


def test_same_definition_changes_nothing(scheduled: Scheduled) -> None:
    """Also right before an instant, for instance by a deploy script that puts it each time."""
    scheduled.put()
    scheduled.at("2026-05-14 12:59:30")
    scheduled.tick()
    answer = scheduled.put()
    assert (answer.status, answer.body["changedAt"]) == (200, "2026-05-14T12:00:10.000Z")
    scheduled.pass_minutes(3)
    assert scheduled.instants() == scheduled.instants(cancelled=True) == ["14T13:00"]


def test_edit_causes_no_run(scheduled: Scheduled) -> None:
    """The evening before 11:30, the time becomes 11:00: the first run is the next 11:00 after the edit."""
    scheduled.put(cron="30 13 * * *")
    scheduled.at("2026-05-14 13:10:00")
    scheduled.put(cron="0 13 * * *")
    scheduled.pass_minutes(40)
    assert (scheduled.instants(), scheduled.get()["history"]) == ([], [])
    scheduled.at("2026-05-15 12:59:10")
    scheduled.tick()
    assert scheduled.instants() == ["15T13:00"]


def test_job_ahead_is_replaced_by_an_edit(scheduled: Scheduled) -> None:
    """A job that waits for its instant is taken back, and the new definition's job is the only one."""
    scheduled.put()
    scheduled.at("2026-05-14 12:59:10")
    scheduled.tick()
    scheduled.put(parameters={"a": 2})
    assert scheduled.instants() == []
    scheduled.tick()
    scheduled.pass_minutes(2)
    assert scheduled.instants() == ["14T13:00"]


def test_edit_moves_an_instant_that_was_submitted_ahead(scheduled: Scheduled) -> None:
    """The former time is not run any more."""
    scheduled.put(cron="0 13 * * *")
    scheduled.at("2026-05-14 12:59:10")
    scheduled.tick()
    scheduled.put(cron="2 13 * * *")
    scheduled.pass_minutes(5)
    assert scheduled.instants() == ["14T13:02"]


def test_pause_takes_back_what_waits_for_its_instant(scheduled: Scheduled) -> None:
    """Resumed before the instant, the schedule still runs it, once."""
    scheduled.put()
    scheduled.at("2026-05-14 12:59:10")
    scheduled.tick()
    assert scheduled.send(Route.PAUSE_SCHEDULE).body["state"] == "paused"
    assert scheduled.instants() == []
    scheduled.at("2026-05-14 12:59:40")
    assert scheduled.send(Route.RESUME_SCHEDULE).body["state"] == "active"
    scheduled.tick()
    scheduled.pass_minutes(2)
    assert scheduled.instants() == ["14T13:00"]


@pytest.mark.parametrize(("missed", "run"), [("latest", ["14T15:00"]), ("none", [])])
def test_instants_of_a_pause(scheduled: Scheduled, missed: str, run: list[str]) -> None:
    """At its end the latest is run, or none; the others are in the history."""
    scheduled.put(missed=missed)
    scheduled.send(Route.PAUSE_SCHEDULE)
    scheduled.send(Route.PAUSE_SCHEDULE)
    for _ in range(3):
        scheduled.pass_minutes(60)
    assert scheduled.instants() == []
    scheduled.send(Route.RESUME_SCHEDULE)
    scheduled.send(Route.RESUME_SCHEDULE)
    scheduled.tick()
    assert scheduled.instants() == run
    (note,) = scheduled.get()["history"]
    assert (note["outcome"], note["count"]) == ("missed", 3 - len(run))
    scheduled.at("2026-05-14 15:59:10")
    scheduled.tick()
    assert scheduled.instants() == [*run, "14T16:00"]


def test_put_leaves_a_pause(scheduled: Scheduled) -> None:
    scheduled.put()
    scheduled.send(Route.PAUSE_SCHEDULE)
    assert scheduled.put(cron="* * * * *").body["state"] == "paused"
    scheduled.pass_minutes(3)
    assert scheduled.instants() == []


def test_deleted_schedule_runs_no_more(scheduled: Scheduled) -> None:
    """What waits for its instant is taken back; its other jobs stay. One of the same name begins anew."""
    scheduled.put(cron="* * * * *")
    scheduled.pass_minutes(2)
    before = scheduled.instants()
    answer = scheduled.send(Route.DELETE_SCHEDULE)
    assert (answer.status, answer.body) == (204, "")
    assert scheduled.send(Route.SCHEDULE).code == ErrorCode.NOT_FOUND
    assert scheduled.instants() == before[:-1]
    scheduled.put(cron="* * * * *")
    scheduled.pass_minutes(3)
    found = scheduled.instants()
    assert found == sorted(set(found))
    assert found[0] == before[0]


def test_change_of_one_leaves_the_others(scheduled: Scheduled) -> None:
    scheduled.put("one")
    scheduled.put("two")
    scheduled.at("2026-05-14 12:59:10")
    scheduled.tick()
    before = scheduled.get("two")
    scheduled.put("one", cron="5 * * * *")
    scheduled.send(Route.DELETE_SCHEDULE, "one")
    assert scheduled.get("two") == before


def test_trigger_submits_now(scheduled: Scheduled) -> None:
    """Beside the instants, also while the schedule is paused; the same key gives the same job."""
    scheduled.put()
    scheduled.send(Route.PAUSE_SCHEDULE)

    def trigger(key: str) -> Answer:
        headers = {"idempotency-key": key}
        return scheduled.system.send(Route.TRIGGER_SCHEDULE, name="report", headers=headers)

    first, again, other = trigger("a"), trigger("a"), trigger("b")
    assert (first.status, again.body["id"]) == (202, first.body["id"])
    assert other.body["id"] != first.body["id"]
    jobs = scheduled.get()["jobs"]
    assert [job["id"] for job in jobs] == [other.body["id"], first.body["id"]]
    assert jobs[0]["job"]["metadata"] == {"schedule": "report"}
    assert "instant" not in jobs[0]


def test_week_of_ticks_is_one_job_a_day(scheduled: Scheduled) -> None:
    """The next instant is stored: how often anything is restarted does not count."""
    scheduled.put(cron="0 9 * * *")
    for _ in range(7 * 8):
        scheduled.system.clock.time += 3 * HOUR
        scheduled.tick()
    assert scheduled.instants() == [f"{day}T09:00" for day in range(15, 22)]
