"""Schedules in code: a deploy adds, changes and removes what the flows declare, and nothing else."""

import logging
from dataclasses import replace

import pytest

from noukai_functions.deployment import Deployment
from noukai_functions.schedules.table import SchedulesTable
from noukai_functions.telemetry.logger import SERVICE
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.schedules.scheduled import Scheduled, at
from tests.functions.stand_ins.calls import hook, unreachable

OF_TRIAL = "trial.forget-soon"


def deploy(system: System, version: str, org: str | None = "acme", **crons: str) -> None:
    """Deploy flows that declare these schedules: new processes start with another catalog."""
    made = system.deployment
    catalog = made.catalog
    bare = {name: replace(entry, cron=None) for name, entry in catalog.flows.items()}
    declared = {
        f"trial/{name.replace('_', '-')}": replace(bare[f"trial/{name.replace('_', '-')}"], cron=cron)
        for name, cron in crons.items()
    }
    environment = {
        **{name: value for name, value in made.environment.items() if name != "SCHEDULE_ORG"},
        **({"SCHEDULE_ORG": org} if org else {}),
    }
    system.deployment = Deployment(environment, made.asset, made.clock)
    vars(system.deployment)["catalog"] = replace(catalog, flows={**bare, **declared}, version=version)


def names(scheduled: Scheduled) -> list[str]:
    return [each["name"] for each in scheduled.system.send(Route.LIST_SCHEDULES).body["schedules"]]


def test_schedule_in_code_runs(scheduled: Scheduled) -> None:
    """It is shown as one in code; its jobs are those of the org of the setting."""
    deploy(scheduled.system, "1", forget_soon="0 13 * * *")
    scheduled.at("2026-05-14 12:58:00")
    scheduled.pass_minutes(4)
    (job,) = scheduled.jobs()
    assert (job.org, job.flow) == ("acme", "trial/forget-soon")
    assert job.metadata == {"schedule": OF_TRIAL, "instant": "2026-05-14T13:00:00.000Z"}
    shown = scheduled.get(OF_TRIAL)
    assert (shown["source"], shown["state"], shown["cron"]) == ("code", "active", "0 13 * * *")
    assert shown["jobs"][0]["id"] == job.id


def test_deploy_changes_what_the_code_declares(scheduled: Scheduled) -> None:
    """What it no longer declares is gone; a schedule by the API, and one that it still declares, stay."""
    scheduled.put("own")
    deploy(scheduled.system, "1", forget_soon="0 * * * *", say_who="0 * * * *", refuse="0 * * * *")
    scheduled.tick()
    scheduled.send(Route.PAUSE_SCHEDULE, OF_TRIAL)
    assert names(scheduled) == ["own", OF_TRIAL, "trial.refuse", "trial.say-who"]
    own, kept = scheduled.get("own"), scheduled.get(OF_TRIAL)
    deploy(scheduled.system, "2", forget_soon="0 * * * *", say_who="30 * * * *")
    scheduled.at("2026-05-14 12:01:10")
    scheduled.tick()
    assert names(scheduled) == ["own", OF_TRIAL, "trial.say-who"]
    assert (scheduled.get("own"), scheduled.get(OF_TRIAL)) == (own, kept)
    assert scheduled.get("trial.say-who")["next"][0] == "2026-05-14T12:30:00.000Z"
    assert kept["state"] == "paused"


def test_rollback_is_a_deploy(scheduled: Scheduled) -> None:
    """Deployed back and forth around an instant, it still is one job."""
    for number in range(6):
        deploy(scheduled.system, f"{number % 2}", forget_soon="0 * * * *")
        scheduled.at(f"2026-05-14 12:59:{10 * number:02}")
        scheduled.tick()
    scheduled.pass_minutes(2)
    assert scheduled.instants() == scheduled.instants(cancelled=True) == ["14T13:00"]


def test_deploy_without_schedules_removes_them(scheduled: Scheduled) -> None:
    """An empty list means none; so does the setting, once it is gone, or names another org."""
    deploy(scheduled.system, "1", forget_soon="0 * * * *")
    scheduled.tick()
    deploy(scheduled.system, "2")
    scheduled.tick()
    assert names(scheduled) == []
    deploy(scheduled.system, "3", forget_soon="0 * * * *")
    scheduled.tick()
    deploy(scheduled.system, "3", "globex", forget_soon="0 * * * *")
    scheduled.tick()
    assert names(scheduled) == []
    assert scheduled.system.deployment.schedules.read("globex", OF_TRIAL)
    deploy(scheduled.system, "3", None, forget_soon="0 * * * *")
    scheduled.tick()
    assert not scheduled.system.deployment.schedules.read("globex", OF_TRIAL)


def test_schedules_without_an_org_are_told_of(scheduled: Scheduled, caplog: pytest.LogCaptureFixture) -> None:
    """Once for each deployment, and none of them runs."""
    logging.getLogger(SERVICE).setLevel(logging.WARNING)
    deploy(scheduled.system, "1", None, forget_soon="* * * * *")
    with caplog.at_level(logging.WARNING):
        scheduled.pass_minutes(3)
    told = [record.message for record in caplog.records]
    assert told == ["flows declare schedules that no org has"]
    assert scheduled.jobs() == []


def test_interrupted_agreement_is_completed(scheduled: Scheduled) -> None:
    """A tick that dies while it makes the rows agree leaves it to the next one."""
    deploy(scheduled.system, "1", forget_soon="0 * * * *", say_who="0 * * * *", refuse="0 * * * *")
    client, writes = scheduled.system.deployment.schedules.client, iter(range(10))
    end = hook(client, "PutItem", before=lambda _: next(writes) == 2 and unreachable())
    with pytest.raises(Exception, match="schedules in code"):
        scheduled.tick()
    end()
    scheduled.tick()
    assert names(scheduled) == [OF_TRIAL, "trial.refuse", "trial.say-who"]
    del scheduled.system.calls[:]
    scheduled.tick()
    calls = [operation for operation, _ in scheduled.system.calls]
    assert calls == [] or "PutItem" not in calls


def test_schedule_in_code_is_changed_there(scheduled: Scheduled) -> None:
    """By the API it is paused, resumed and triggered only; a declared flow may have another by the API."""
    deploy(scheduled.system, "1", forget_soon="0 * * * *")
    scheduled.tick()
    assert scheduled.put(OF_TRIAL).code == ErrorCode.INVALID_INPUT
    answer = scheduled.send(Route.DELETE_SCHEDULE, OF_TRIAL)
    assert (answer.status, "remove it there" in answer.body["detail"]["message"]) == (422, True)
    for route in (Route.PAUSE_SCHEDULE, Route.RESUME_SCHEDULE, Route.TRIGGER_SCHEDULE):
        assert scheduled.send(route, OF_TRIAL).status in (200, 202)
    scheduled.put("same", flow="trial/forget-soon", parameters=None)
    scheduled.at("2026-05-14 12:59:10")
    scheduled.tick()
    assert sorted((job.metadata or {})["schedule"] for job in scheduled.jobs() if job.not_before) == [
        "same",
        OF_TRIAL,
    ]


def test_two_stages_never_meet(scheduled: Scheduled) -> None:
    """Each has tables of its own: a tick of one touches no schedule of the other."""
    scheduled.put()
    client = scheduled.system.deployment.schedules.client
    table = client.describe_table(TableName="schedules")["Table"]
    index = table["GlobalSecondaryIndexes"][0]
    client.create_table(
        TableName="staging",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=table["AttributeDefinitions"],
        KeySchema=table["KeySchema"],
        GlobalSecondaryIndexes=[
            {name: index[name] for name in ("IndexName", "KeySchema", "Projection")}  # type: ignore[list-item]
        ],
    )
    made = scheduled.system.deployment
    staging = Deployment({**made.environment, "SCHEDULES_TABLE": "staging"}, made.asset, made.clock)
    assert isinstance(staging.schedules, SchedulesTable)
    scheduled.at("2026-05-14 12:59:10")
    staging.schedules_in_code.agree()
    staging.firing().run_due(lambda: True)
    assert scheduled.jobs() == []


def test_deployment_without_schedules_asks_twice_a_minute(scheduled: Scheduled) -> None:
    """A read of the record, and one of the empty index; nothing is written."""
    calls: list[str] = []
    client = scheduled.system.deployment.schedules.client
    hook(client, before=lambda given: calls.append(str(given.get("IndexName"))))
    scheduled.system.deployment.schedules_in_code.agree()
    scheduled.system.deployment.firing().run_due(lambda: True)
    assert calls == ["None", "due"]


def test_changed_rules_of_zones_move_the_next_instants(scheduled: Scheduled) -> None:
    """By law an hour earlier: no instant is lost, and none runs twice."""
    scheduled.put("berlin", cron="0 15 * * *", zone="Europe/Berlin")
    scheduled.put("often", cron="* * * * *")
    made = scheduled.system.deployment
    scheduled.tick()
    seen = made.schedules.read("acme", "berlin")
    assert seen is not None
    assert seen.due_at == at("2026-05-14 13:00:00")
    made.schedules.replace(seen, replace(seen, due_at=at("2026-05-14 14:00:00")))
    record = made.schedules_in_code.deployed.read()
    assert record is not None
    made.schedules_in_code.deployed.write(replace(record, rules="2020a"))
    for minute in ("12:01:10", "12:02:10", "12:59:10"):
        scheduled.at(f"2026-05-14 {minute}")
        scheduled.tick()
    berlin = [job for job in scheduled.jobs() if (job.metadata or {})["schedule"] == "berlin"]
    assert [job.not_before for job in berlin] == [at("2026-05-14 13:00:00")]
    assert made.schedules_in_code.deployed.read() == record
    often = [job.metadata for job in scheduled.jobs() if (job.metadata or {})["schedule"] == "often"]
    assert len(often) == len({(each or {})["instant"] for each in often}) > 3
