"""The definition of a schedule, and what is shown of it."""

from typing import Any

import pytest

from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import assert_refused
from tests.functions.schedules.scheduled import Scheduled


def test_schedule_is_shown_as_it_was_put(scheduled: Scheduled) -> None:
    """With what it submits, its next instants, and nothing else yet."""
    answer = scheduled.put(
        cron="30  9 * * mon-fri",
        zone="Europe/Berlin",
        flow="acme/trial/add",
        options={"metadata": {"team": "a"}, "maxAttempts": 2},
    )
    assert answer.status == 201
    assert answer.body == {
        "name": "report",
        "flow": "acme/trial/add",
        "cron": "30 9 * * mon-fri",
        "zone": "Europe/Berlin",
        "overlap": "allow",
        "missed": "latest",
        "source": "api",
        "state": "active",
        "createdAt": "2026-05-14T12:00:10.000Z",
        "changedAt": "2026-05-14T12:00:10.000Z",
        "next": [
            "2026-05-15T07:30:00.000Z",
            *(f"2026-05-{day}T07:30:00.000Z" for day in (18, 19, 20, 21)),
        ],
        "parameters": {"a": 1},
        "options": {"metadata": {"team": "a"}, "maxAttempts": 2},
        "jobs": [],
        "history": [],
    }
    assert scheduled.get() == answer.body
    assert len(scheduled.get(query="next=100")["next"]) == 100


def test_latest_jobs_are_shown_with_their_results(scheduled: Scheduled) -> None:
    """The newest first, and only to a key that may read jobs."""
    scheduled.put(cron="* * * * *")
    scheduled.pass_minutes(8)
    scheduled.end(scheduled.jobs()[-1])
    shown = scheduled.get()["jobs"]
    assert len(shown) == limits.SHOWN_SCHEDULED_JOBS
    assert [each["instant"] for each in shown] == sorted((each["instant"] for each in shown), reverse=True)
    assert shown[0]["job"]["result"]["output"] == 1
    scheduled.system.add_key("nk_blind", "acme", ("schedules",))
    scheduled.system.key = "nk_blind"
    blind = scheduled.get()
    assert blind.keys().isdisjoint({"message", "parameters", "options"})
    assert all("job" not in each for each in blind["jobs"])


def test_long_content_is_submitted_as_it_was_put(scheduled: Scheduled) -> None:
    """It is an item of its own, so that an instant does not write it; a change leaves none behind."""
    long = "x" * 5000
    for message in (long, long.upper(), "short", long):
        scheduled.put(flow="trial/greet", message=message, parameters=None)
        scheduled.system.clock.time += 1
        assert scheduled.get()["message"] == message
    scheduled.send(Route.TRIGGER_SCHEDULE)
    scheduled.system.deliver()
    assert scheduled.get()["jobs"][0]["job"]["result"]["output"] == f"hello {long}"
    client = scheduled.system.deployment.schedules.client
    assert client.scan(TableName="schedules")["Count"] == 3
    scheduled.send(Route.DELETE_SCHEDULE)
    assert client.scan(TableName="schedules")["Count"] == 1


def test_org_has_a_bound(scheduled: Scheduled, monkeypatch: pytest.MonkeyPatch) -> None:
    """One schedule more is refused, with what to do; those that it has can be changed."""
    assert limits.MAX_SCHEDULES == 200
    monkeypatch.setattr(limits, "MAX_SCHEDULES", 7)  # 200 take a minute here
    for number in range(limits.MAX_SCHEDULES):
        assert scheduled.put(f"s-{number:03}").status == 201
    del scheduled.system.calls[:]
    answer = scheduled.put("one-more")
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert "delete one" in answer.body["detail"]["message"]
    assert scheduled.put("s-000", cron="5 * * * *").status == 200
    every = scheduled.system.send(Route.LIST_SCHEDULES).body["schedules"]
    assert [each["name"] for each in every] == [f"s-{number:03}" for number in range(limits.MAX_SCHEDULES)]
    assert every[0]["next"] == ["2026-05-14T12:05:00.000Z"]


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"cron": "0 9 31 2 *"}, ErrorCode.INVALID_INPUT, "cron"),
        ({"cron": "every day"}, ErrorCode.INVALID_INPUT, "cron"),
        ({"zone": "Berlin"}, ErrorCode.INVALID_INPUT, "zone"),
        ({"overlap": "queue"}, ErrorCode.INVALID_INPUT, "overlap"),
        ({"missed": "all"}, ErrorCode.INVALID_INPUT, "missed"),
        ({"colour": "red"}, ErrorCode.INVALID_INPUT, "colour"),
        ({"parameters": {"a": "one"}}, ErrorCode.INVALID_INPUT, "parameters.a"),
        ({"options": {"delaySeconds": 5}}, ErrorCode.INVALID_INPUT, "options.delaySeconds"),
        ({"options": {"metadata": {"instant": "x"}}}, ErrorCode.INVALID_INPUT, "options.metadata.instant"),
        (
            {"options": {"metadata": {str(number): "" for number in range(15)}}},
            ErrorCode.INVALID_INPUT,
            "options.metadata",
        ),
        ({"cron": None}, ErrorCode.INVALID_INPUT, "cron"),
        ({"flow": "trial/none"}, ErrorCode.FLOW_NOT_FOUND, None),
        ({"flow": "globex/trial/add"}, ErrorCode.FLOW_NOT_FOUND, None),
        ({"flow": "trial/greet"}, ErrorCode.MISSING_MESSAGE, None),
    ],
)
def test_wrong_definition_is_refused(
    scheduled: Scheduled, changes: dict[str, Any], code: ErrorCode, path: str | None
) -> None:
    """At the put, not at the first instant; nothing is stored."""
    del scheduled.system.calls[:]
    answer = scheduled.put(**changes)
    assert_refused(scheduled.system, answer, code)
    if path is not None:
        assert [each["path"] for each in answer.body["detail"]["errors"]] == [path]


@pytest.mark.parametrize("name", ["trial.add", "Report", "a", "x" * 51, "a#b", "content"])
def test_names_are_slugs(scheduled: Scheduled, name: str) -> None:
    """So that none is that of a schedule in code, or of a content."""
    assert scheduled.put(name).status == (201 if name == "content" else 422)


def test_schedule_of_another_org_is_as_an_unknown_one(scheduled: Scheduled) -> None:
    """For every route, after the same calls; its own org does not notice."""
    scheduled.put()
    before = scheduled.get()
    scheduled.system.add_key("nk_other", "globex", ("schedules", "read"))
    scheduled.system.key = "nk_other"
    scheduled.send(Route.SCHEDULE)
    for route in (
        Route.SCHEDULE,
        Route.DELETE_SCHEDULE,
        Route.PAUSE_SCHEDULE,
        Route.RESUME_SCHEDULE,
        Route.TRIGGER_SCHEDULE,
    ):
        answers = []
        for name in ("report", "unknown"):
            del scheduled.system.calls[:]
            answer = scheduled.send(route, name)
            calls = [operation for operation, _ in scheduled.system.calls]
            answers.append((answer.status, str(answer.body).replace(name, ""), calls))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404
    assert scheduled.system.send(Route.LIST_SCHEDULES).body == {"schedules": []}
    scheduled.system.key = "nk_every"
    assert scheduled.get() == before
