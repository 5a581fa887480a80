"""The rights of a schedule's org as they are at the instant, and schedules that cannot run any more."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from noukai_functions.catalog.entries import Catalog
from noukai_functions.schedules import timetable
from noukai_functions.schedules.row import encode
from noukai_functions.schedules.zones import InvalidZone
from noukai_infra.operations.orgs.budgets import Budgets, Limits
from noukai_wire.routes import Route
from tests.functions.schedules.scheduled import HOUR, Scheduled
from tests.functions.stand_ins.stream import count, ended


@pytest.fixture
def due(scheduled: Scheduled) -> Scheduled:
    """Return a deployment with a schedule that is due at the next tick."""
    scheduled.put()
    scheduled.at("2026-05-14 12:59:10")
    return scheduled


def failures(scheduled: Scheduled) -> list[tuple[str, str, int]]:
    shown = scheduled.get()
    assert (shown["state"], shown["problem"]) == ("broken", shown["history"][0]["message"])
    return [(each["outcome"], each["instant"], each["count"]) for each in shown["history"]]


def set_flows(scheduled: Scheduled, catalog: Catalog) -> None:
    """Deploy other flows: the functions start anew."""
    made = scheduled.system.deployment
    for name in ("catalog", "admission", "schedules_in_code", "schedule_changes"):
        vars(made).pop(name, None)
    vars(made)["catalog"] = catalog


def test_used_up_budget_fails_the_instant(due: Scheduled) -> None:
    """It is in the history, and the next instant is tried again: with a raised budget it runs."""
    budgets = Budgets(due.system.deployment.table.client, "usage")
    budgets.set("acme", Limits(jobs=1))
    count(due.system, [ended(1, completed_at=due.system.clock.time)])
    due.system.expire_budgets()
    due.tick()
    due.tick()
    assert failures(due) == [("failed", "2026-05-14T13:00:00.000Z", 1)]
    assert "used up its budget" in due.get()["problem"]
    due.at("2026-05-14 13:59:10")
    due.tick()
    assert failures(due) == [("failed", "2026-05-14T14:00:00.000Z", 2)]
    budgets.clear("acme")
    due.at("2026-05-14 14:59:10")
    due.tick()
    assert (due.get()["state"], due.instants()) == ("active", ["14T15:00"])


def test_broken_schedule_is_paused_for_all_to_see(due: Scheduled) -> None:
    """Its problem stays, and its state is `paused` until it is resumed."""
    due.put(options={"webhook": "gone"})
    due.tick()
    assert due.get()["state"] == "broken"
    paused = due.send(Route.PAUSE_SCHEDULE).body
    assert (paused["state"], paused["problem"]) == ("paused", paused["history"][0]["message"])
    assert due.send(Route.RESUME_SCHEDULE).body["state"] == "broken"


def test_jobs_of_an_org_without_keys_stop(due: Scheduled) -> None:
    """All keys are revoked or expired: nothing runs any more. Another key of the org is enough."""
    due.system.add_key("nk_every", "acme", ("schedules",), revoked=1)
    due.tick()
    assert due.instants() == ["14T13:00"]  # nk_acme is still valid
    for key in ("nk_acme", "nk_reader"):
        due.system.add_key(key, "acme", revoked=1)
    due.at("2026-05-14 13:59:10")
    due.tick()
    assert due.instants() == ["14T13:00"]
    due.system.add_key("nk_new", "acme", ("schedules", "read"), expires=due.system.clock.time // 1000 + 60)
    due.system.key = "nk_new"
    assert "no valid key" in due.get()["problem"]


def test_flow_that_is_gone_makes_a_broken_schedule(due: Scheduled) -> None:
    """It says so before its instant, and in the history after it; with the flow it goes on."""
    catalog = due.system.deployment.catalog
    others = {name: entry for name, entry in catalog.flows.items() if name != "trial/add"}
    set_flows(due, replace(catalog, flows=others, version="without"))
    assert (due.get()["state"], due.get()["problem"]) == (
        "broken",
        "there is no flow 'trial/add' here any more",
    )
    due.tick()
    assert due.get()["history"][0]["outcome"] == "failed"
    set_flows(due, catalog)
    due.at("2026-05-14 13:59:10")
    due.tick()
    assert (due.instants(), due.get()["state"]) == (["14T14:00"], "active")


def test_input_that_a_changed_flow_refuses_fails_the_instant(due: Scheduled) -> None:
    """The arguments are checked by the flow that is deployed at the instant."""
    catalog = due.system.deployment.catalog
    changed = Catalog.load(catalog.folder)
    changed._validators["trial/add"] = changed._validator("trial/greet")
    set_flows(due, changed)
    due.tick()
    assert "parameters.a" in due.get()["problem"]


@pytest.fixture
def without_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patch:
        yield patch


def test_zone_that_is_gone_makes_a_broken_schedule(due: Scheduled, without_zones: pytest.MonkeyPatch) -> None:
    """It is said, not taken for UTC; once the zone is back, the latest missed instant is run."""

    def gone(name: str) -> None:
        raise InvalidZone(f"there is no time zone {name!r}")

    without_zones.setattr(timetable, "zone", gone)
    due.tick()
    due.pass_minutes(3)
    assert failures(due) == [("failed", "2026-05-14T13:00:00.000Z", 1)]
    without_zones.undo()
    due.system.clock.time += HOUR
    due.tick()
    assert due.instants() == ["14T14:00"]
    assert due.get()["state"] == "active"


def test_stored_instant_that_is_none_any_more_is_left_out(due: Scheduled) -> None:
    """The rules of a zone have changed by law: the instants are those of the rules at the time."""
    table = due.system.deployment.schedules
    seen = table.read("acme", "report")
    assert seen is not None
    assert seen.due_at is not None
    table.replace(seen, replace(seen, due_at=seen.due_at - 30 * 60_000))
    due.tick()
    due.pass_minutes(2)
    assert (due.instants(), due.get()["history"]) == (["14T13:00"], [])


def test_row_stays_short(due: Scheduled) -> None:
    """Each write costs by the kilobyte: one for a row with its latest jobs, two whatever has failed."""
    row = due.system.deployment.schedules.read("acme", "report")
    assert row is not None
    for number in range(9):
        row = row.with_job(f"job_{number:026}", due.system.clock.time)
    assert len(json.dumps(encode(row))) < 1024
    for number in range(9):
        row = row.with_failure(due.system.clock.time, f"{number}{'é' * 2000}")
    assert [len(each) for each in (row.jobs, row.notes)] == [5, 5]
    assert len(json.dumps(encode(row), ensure_ascii=False).encode()) < 2048


def test_triggered_job_needs_the_same_rights(due: Scheduled) -> None:
    budgets = Budgets(due.system.deployment.table.client, "usage")
    budgets.set("acme", Limits(jobs=1))
    count(due.system, [ended(1, completed_at=due.system.clock.time)])
    due.system.expire_budgets()
    assert due.send(Route.TRIGGER_SCHEDULE).status == 402
