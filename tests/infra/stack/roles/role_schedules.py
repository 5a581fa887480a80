"""The purpose of the functions of schedules, played like the other ones."""

from contextlib import suppress
from dataclasses import replace
from secrets import token_hex

from noukai_functions.handlers import tick as handlers_tick
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State
from noukai_functions.schedules.deployed import DeployedFlows
from noukai_functions.telemetry.logger import InvocationFailedError
from noukai_functions.usage.budgets import CACHE_MS
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import System
from tests.functions.stand_ins.stream import count, ended
from tests.infra.stack.roles.role_jobs import budget


def schedules(role: System, root: System) -> None:
    """Put a schedule with a long message, list, show, trigger, pause, resume and delete it.

    One of its jobs has returned more than a row holds, and one never started; the org has no other budget.
    """
    body = {"flow": "trial/repeat", "cron": "* * * * *", "parameters": {"value": "x" * 300, "times": 100}}
    assert role.send(Route.PUT_SCHEDULE, body=body, name="report").status in (200, 201)
    triggered = role.send(Route.TRIGGER_SCHEDULE, name="report")
    assert triggered.status == 202
    root.deliver()
    assert root.row(triggered.body["id"]).state is State.COMPLETED
    lost = role.send(Route.TRIGGER_SCHEDULE, name="report").body["id"]
    role.clock.time += START_WITHIN_MS
    assert {each["id"] for each in role.send(Route.SCHEDULE, name="report").body["jobs"]} >= {lost}
    changed = {**body, "zone": "Europe/Berlin"}
    assert role.send(Route.PUT_SCHEDULE, body=changed, name="report").status == 200
    for route in (Route.PAUSE_SCHEDULE, Route.RESUME_SCHEDULE, Route.LIST_SCHEDULES):
        path = {"name": "report"} if route.variables else {}
        assert role.send(route, **path).status == 200
    assert role.send(Route.DELETE_SCHEDULE, name="report").status == 204
    body = {"flow": "trial/add", "cron": "0 0 1 1 *", "parameters": {"a": 1}}
    assert role.send(Route.PUT_SCHEDULE, body=body, name="report").status in (200, 201)
    with budget(root):
        count(root, [ended(1, completed_at=role.clock.time)])
        role.clock.time += CACHE_MS
        assert role.send(Route.TRIGGER_SCHEDULE, name="report").status == 402
    root.deployment.schedule_changes.delete("acme", "report")


def tick(role: System, root: System) -> None:
    """Submit what is due of two schedules: the latest job of one is cancelled, the key of the other revoked.

    A schedule in code is of other flows.
    """
    root.add_key("nk_scheduler", "acme", tuple(Scope))
    root.key = "nk_scheduler"
    own, gone = token_hex(8), f"trial.{token_hex(8)}"
    body = {"flow": "trial/add", "cron": "* * * * *", "overlap": "cancel", "parameters": {"a": 1}}
    root.send(Route.PUT_SCHEDULE, body=body, name=own)
    root.send(Route.TRIGGER_SCHEDULE, name=own)
    seen = root.deployment.schedules.read("acme", own)
    assert seen is not None
    root.deployment.schedules.create(replace(seen, name=f"{own}-2", put_by="0" * 64))
    root.deployment.schedules.create(replace(seen, name=gone, put_by="", in_code=True))
    root.deployment.schedules_in_code.deployed.write(DeployedFlows("others", "acme", "2020a"))
    role.clock.time += 60_000
    with suppress(InvocationFailedError):
        handlers_tick.run(role.deployment, lambda: True)
    left = {each["name"]: each for each in root.send(Route.LIST_SCHEDULES).body["schedules"]}
    shown = [root.send(Route.SCHEDULE, name=name).body for name in (own, f"{own}-2")]
    for name in left:
        root.deployment.schedule_changes.delete("acme", name)
    assert gone not in left
    assert all("instant" in each["jobs"][0] for each in shown)
