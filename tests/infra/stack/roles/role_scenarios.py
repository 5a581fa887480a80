"""The purpose of each function, played so that it makes every call of AWS that it can make."""

from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any

from noukai_functions.handlers.sweep import note_uncounted, run
from noukai_functions.jobs.lifecycle import State
from noukai_functions.jobs.sweep_rounds import Round
from noukai_functions.usage.budgets import CACHE_MS
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.stand_ins.delayed_messages import moment
from tests.functions.stand_ins.stream import count, ended
from tests.infra.stack.roles.enforced_stack import Scenario
from tests.infra.stack.roles.role_jobs import budget, large, overdue, pending, put, running, uploaded
from tests.infra.stack.roles.role_schedules import schedules, tick
from tests.infra.stack.roles.role_tokens import keys
from tests.infra.stack.roles.role_webhooks import looked, posted, told, webhook_secrets, webhooks

HOUR = 3600
LISTED = "add-later"
"""A flow without jobs from other scenarios."""


def submit(role: System, root: System) -> None:
    """Submit a job twice, another one for later, and a third for a time that is over.

    The input of a fourth was uploaded. Then the org uses up its budget, and it is looked whether the job is
    one that it has.
    """
    headers = {"idempotency-key": token_hex(8)}
    for _ in range(2):
        assert role.submit(parameters={"a": 1}, headers=headers).status == 202
    assert role.submit(parameters={"a": 1}, options={"runAt": moment(role, HOUR)}).status == 202
    assert role.submit(parameters={"a": 1}, options={"runAt": moment(role, -1)}).status == 422
    assert role.submit("trial/repeat", input=uploaded(root)).status == 202
    with budget(root):
        count(root, [ended(1, completed_at=role.clock.time)])
        role.clock.time += CACHE_MS
        assert role.submit(parameters={"a": 1}).status == 402


def upload(role: System, _root: System) -> None:
    """Put an input into the place that it gives away, as its role may."""
    assert put(role, b"{}")


def submit_jobs(role: System, root: System) -> None:
    """Submit a job twice, another one for later, and a third for a time that is over.

    The input of a fourth was uploaded.
    """
    moments = (moment(role, seconds) for seconds in (HOUR, -1))
    jobs = [
        {"parameters": {"a": 1}, "idempotencyKey": token_hex(8)},
        *({"parameters": {"a": 1}, "options": {"runAt": each}} for each in moments),
    ]
    for batch, accepted in ((jobs, [True, True, False]), (jobs[:1], [True])):
        answer = role.send(Route.SUBMIT_JOBS, body={"jobs": batch}, org="acme", project="trial", flow="add")
        assert ["job" in entry for entry in answer.body["jobs"]] == accepted
    path = {"org": "acme", "project": "trial", "flow": "repeat"}
    (entry,) = role.send(Route.SUBMIT_JOBS, body={"jobs": [{"input": uploaded(root)}]}, **path).body["jobs"]
    assert "job" in entry


def retry(role: System, root: System) -> None:
    """Retry two failed jobs, one with an uploaded input; a third never started, which is noticed now."""
    for failed in (_failed(root, arguments={"a": 1}), _failed(root, input=uploaded(root))):
        assert role.send(Route.RETRY_BY_ID, id=failed).status == 202
    assert role.send(Route.RETRY_BY_ID, id=overdue(root)).status == 422


def _failed(root: System, **given: Any) -> str:
    """Return a failed job whose message had these values."""
    failed = running(root)
    root.deployment.saved_inputs.keep(root.message_of(failed.id, **given), failed, root.clock.time)
    root.deployment.table.fail(failed, error="no", now=root.clock.time)
    return failed.id


def status(role: System, root: System) -> None:
    assert role.send(Route.STATUS_BY_ID, id=large(root)).body["status"] == "completed"
    assert role.send(Route.STATUS_BY_ID, id=overdue(root)).body["state"] == "failed"


def statuses(role: System, root: System) -> None:
    (entry,) = role.send(Route.STATUSES, body={"ids": [large(root)]}).body["jobs"]
    assert entry["job"]["status"] == "completed"
    (entry,) = role.send(Route.STATUSES, body={"ids": [overdue(root)]}).body["jobs"]
    assert entry["job"]["state"] == "failed"


def wait(role: System, root: System) -> None:
    assert role.send(Route.WAIT_BY_ID, id=large(root)).body["status"] == "completed"
    assert role.send(Route.WAIT_BY_ID, id=overdue(root), query="seconds=1").body["state"] == "failed"


def logs(role: System, root: System) -> None:
    """Read the log of a job that runs, longer than an item; then of one that never started."""
    job = running(root)
    log = root.deployment.new_log(job)
    for _ in range(1000):
        log.hear(0, f"{token_hex(32)}\n".encode())
    log.flush(root.clock.time)
    assert len(role.send(Route.LOGS_BY_ID, id=job.id, query="seconds=1").body["lines"]) == 100
    assert role.send(Route.LOGS_BY_ID, id=job.id, query="seconds=1&after=1-1000").body["lines"] == []
    assert root.row(job.id).followed_until is not None
    assert role.send(Route.LOGS_BY_ID, id=overdue(root)).body["done"]


def trace(role: System, root: System) -> None:
    path = {"org": "acme", "project": "trial"}
    (step,) = role.send(Route.TRACE, id=large(root), flow="repeat", **path).body["steps"]
    assert step["status"] == "completed"
    run = role.send(Route.TRACE, id=overdue(root), flow="add", **path).body["flowRun"]
    assert run["status"] == "failed"


def events(role: System, root: System) -> None:
    assert role.send(Route.EVENTS_BY_ID, id=large(root)).body["events"][-1]["type"] == "completed"
    assert role.send(Route.EVENTS_BY_ID, id=overdue(root)).body["events"][-1]["type"] == "failed"
    assert role.send(Route.INPUT_BY_ID, id=_failed(root, arguments={})).body == {"parameters": {}}
    assert "inputUrl" in role.send(Route.INPUT_BY_ID, id=_failed(root, input=uploaded(root))).body
    later = root.submit(parameters={"a": 1}, options={"runAt": moment(root, HOUR)}).body["id"]
    assert role.send(Route.INPUT_BY_ID, id=later).body == {"parameters": {"a": 1}}


def execute(role: System, root: System) -> None:
    """Execute three jobs, one with an uploaded input; one was submitted before."""
    role.clock.while_asleep = root.deliver
    assert (
        role.send(
            Route.EXECUTE, body={"parameters": {"a": 1}}, org="acme", project="trial", flow="add"
        ).status
        == 200
    )
    by_reference = {"input": uploaded(root)}
    assert (
        role.send(Route.EXECUTE, body=by_reference, org="acme", project="trial", flow="repeat").status == 200
    )
    headers = {"idempotency-key": token_hex(8)}
    assert root.submit(parameters={"a": 1}, headers=headers).status == 202
    repeated = role.send(
        Route.EXECUTE, body={"parameters": {"a": 1}}, headers=headers, org="acme", project="trial", flow="add"
    )
    assert repeated.status == 200


def list_jobs(role: System, root: System) -> None:
    """List jobs, one of which never started, which is noticed only now."""
    lost = overdue(root, LISTED)
    jobs = role.send(Route.LIST_JOBS, query="limit=100", org="acme", project="trial", flow=LISTED).body[
        "jobs"
    ]
    assert {job["state"] for job in jobs if job["id"] == lost} == {"failed"}


def cancel_jobs(role: System, root: System) -> None:
    """Cancel jobs, one of which waits in a schedule."""
    waiting = pending(root, LISTED, runAt=moment(root, HOUR))
    answer = role.send(Route.CANCEL_JOBS, body={}, org="acme", project="trial", flow=LISTED)
    assert answer.body["cancelled"] >= 1
    assert root.row(waiting).state is State.CANCELLED


def cancel(role: System, root: System) -> None:
    """Cancel a job that waits in a schedule, one that has ended, and one by a key for its flow alone."""
    root.add_key("nk_narrow", "acme", flows=["trial/add"])
    role.key, usual = "nk_narrow", role.key
    assert role.send(Route.CANCEL_BY_ID, id=pending(root)).body["state"] == "cancelled"
    role.key = usual
    assert role.send(Route.CANCEL_BY_ID, id=large(root)).body["status"] == "completed"
    waiting = pending(root, runAt=moment(root, HOUR))
    assert role.send(Route.CANCEL_BY_ID, id=waiting).body["state"] == "cancelled"


def describe(role: System, _root: System) -> None:
    assert role.send(Route.FLOWS).status == 200


def usage(role: System, root: System) -> None:
    assert role.send(Route.USAGE).status == 200
    root.add_key("nk_ops", "acme", ("ops",))
    role.key, usual = "nk_ops", role.key
    assert role.send(Route.SYSTEM_HEALTH).body["workers"][0]["workerKind"] == "default"
    role.key = usual


def metering(role: System, root: System) -> None:
    """Count the only job of the month, which uses up the budget."""
    with budget(root):
        count(role, [ended(1, completed_at=role.clock.time)])
        assert root.deployment.budgets.refusal("acme", is_later=False)


def worker(role: System, root: System) -> None:
    """Run a flow that takes and returns much, and one that does not end, until the time is over."""
    much = root.submit("trial/repeat", input=uploaded(root)).body["id"]
    role.deliver()
    assert root.row(much).state is State.COMPLETED
    with TemporaryDirectory() as folder:
        parameters = {"begun": f"{folder}/begun", "ended": f"{folder}/ended"}
        answer = root.submit("trial/hang", parameters=parameters, options={"timeoutSeconds": 20})
        role.clock.step = 2500
        role.deliver()
        assert root.row(answer.body["id"]).state is State.FAILED


def dead_letters(role: System, root: System) -> None:
    """Read a dead-letter message of a job that runs, and one of a job that nobody will run."""
    alive, lost = running(root).id, pending(root)
    for job_id in (alive, lost):
        root.deployment.dead_letters.send(root.message_of(job_id))
    assert len(role.deliver(queue=role.deployment.dead_letters)["batchItemFailures"]) == 1
    assert (root.row(alive).state, root.row(lost).state) == (State.RUNNING, State.FAILED)


def sweep(role: System, root: System) -> None:
    lost = overdue(root)
    root.deployment.rounds.write(Round(0, ended_at=0))
    run(role.deployment, lambda: True)
    assert root.row(lost).state is State.FAILED
    role.deployment.queue_check.take(role.clock.time)
    note_uncounted(role.deployment)


def tick_of_both(role: System, root: System) -> None:
    """Fire schedules, and look at an endpoint."""
    looked(role, root)
    tick(role, root)


def verifying_tokens(scenario: Scenario) -> Scenario:
    """Return a scenario whose function also meets a browser's token, and so reads the keys of tokens."""

    def played(role: System, root: System) -> None:
        scenario(role, root)
        root.deployment.browser_tokens.keys.signing()
        role.deployment.browser_tokens.keys.find("0000")

    return played


_OF_API: dict[str, Scenario] = {
    "submit": submit,
    "upload": upload,
    "submit_jobs": submit_jobs,
    "retry": retry,
    "status": status,
    "statuses": statuses,
    "wait": wait,
    "logs": logs,
    "trace": trace,
    "events": events,
    "execute": execute,
    "cancel": cancel,
    "list_jobs": list_jobs,
    "cancel_jobs": cancel_jobs,
    "keys": keys,
    "usage": usage,
    "schedules": schedules,
    "webhooks": webhooks,
    "webhook_secrets": webhook_secrets,
    "describe": describe,
}

SCENARIOS: dict[str, Scenario] = {
    **{name: verifying_tokens(scenario) for name, scenario in _OF_API.items()},
    "tick": tick_of_both,
    "reactions": told,
    "deliver": posted,
    "worker": worker,
    "dead_letters": dead_letters,
    "sweep": sweep,
    "metering": metering,
}
