"""What each function is for, played so that it makes every call of AWS that it can make."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from functions.budgets import CACHE_MS
from functions.lifecycle import Job, State
from functions.sweep import sweep as settle_overdue
from infra.budgets import Budgets
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.schedules import moment
from tests.functions.stream import count, ended
from tests.infra.enforced_stack import Scenario

HOUR = 3600
FOUR_DAYS_MS = 4 * 24 * 3600 * 1000
LISTED = "add-later"
"""A flow of which no other scenario leaves jobs behind."""


def submit(role: System, root: System) -> None:
    """One job is to run at once, another later, a third at a moment that is over: it might be there already.

    Then the org uses up its budget, and it is looked whether the job is one that it has.
    """
    assert role.submit(parameters={"a": 1}).status == 202
    assert role.submit(parameters={"a": 1}, options={"runAt": moment(role, HOUR)}).status == 202
    assert role.submit(parameters={"a": 1}, options={"runAt": moment(role, -1)}).status == 422
    with budget(root):
        count(root, [ended(1, completed_at=role.clock.time)])
        role.clock.time += CACHE_MS
        assert role.submit(parameters={"a": 1}).status == 402


def submit_jobs(role: System, _root: System) -> None:
    """One job is to run at once, another later, a third at a moment that is over: it might be there already."""
    moments = (moment(role, seconds) for seconds in (HOUR, -1))
    jobs = [{"parameters": {"a": 1}}, *({"parameters": {"a": 1}, "options": {"runAt": each}} for each in moments)]
    answer = role.send(Route.SUBMIT_JOBS, body={"jobs": jobs}, org="acme", project="trial", flow="add")
    assert ["job" in entry for entry in answer.body["jobs"]] == [True, True, False]


def retry(role: System, root: System) -> None:
    """One job has failed; another never started, which is noticed only now."""
    failed = running(root)
    root.deployment.inputs.keep(root.message_of(failed.id, arguments={"a": 1}), failed, root.clock.time)
    root.deployment.store.fail(failed, error="no", now=root.clock.time)
    assert role.send(Route.RETRY_BY_ID, id=failed.id).status == 202
    assert role.send(Route.RETRY_BY_ID, id=overdue(root)).status == 422


def status(role: System, root: System) -> None:
    assert role.send(Route.STATUS_BY_ID, id=overdue(root)).body["state"] == "failed"


def statuses(role: System, root: System) -> None:
    (entry,) = role.send(Route.STATUSES, body={"ids": [overdue(root)]}).body["jobs"]
    assert entry["job"]["state"] == "failed"


def wait(role: System, root: System) -> None:
    assert role.send(Route.WAIT_BY_ID, id=overdue(root), query="seconds=1").body["state"] == "failed"


def execute(role: System, root: System) -> None:
    """One job is done by the time of the second look, another is to run later."""
    role.clock.while_asleep = root.deliver
    assert (
        role.send(Route.EXECUTE, body={"parameters": {"a": 1}}, org="acme", project="trial", flow="add").status == 200
    )
    later = {"parameters": {"a": 1}, "options": {"runAt": moment(role, HOUR)}}
    assert role.send(Route.EXECUTE, body=later, org="acme", project="trial", flow="add").status == 504


def list_jobs(role: System, root: System) -> None:
    """One of the jobs never started, which is noticed only now."""
    lost = overdue(root, LISTED)
    jobs = role.send(Route.LIST, query="limit=100", org="acme", project="trial", flow=LISTED).body["jobs"]
    assert {job["state"] for job in jobs if job["id"] == lost} == {"failed"}


def cancel_jobs(role: System, root: System) -> None:
    """One of the jobs waits in a schedule."""
    waiting = pending(root, LISTED, runAt=moment(root, HOUR))
    answer = role.send(Route.CANCEL_JOBS, body={}, org="acme", project="trial", flow=LISTED)
    assert answer.body["cancelled"] >= 1
    assert root.row(waiting).state is State.CANCELLED


def cancel(role: System, root: System) -> None:
    """The job waits in a schedule."""
    waiting = pending(root, runAt=moment(root, HOUR))
    assert role.send(Route.CANCEL_BY_ID, id=waiting).body["state"] == "cancelled"


def describe(role: System, _root: System) -> None:
    assert role.send(Route.FLOWS).status == 200


def usage(role: System, _root: System) -> None:
    assert role.send(Route.USAGE).status == 200


def metering(role: System, root: System) -> None:
    """The only job of the month uses up the budget."""
    with budget(root):
        count(role, [ended(1, completed_at=role.clock.time)])
        assert root.deployment.budgets.is_spent("acme")


def worker(role: System, root: System) -> None:
    """It runs a flow that does not end, and looks after it until the time is over."""
    with TemporaryDirectory() as folder:
        parameters = {"begun": f"{folder}/begun", "ended": f"{folder}/ended"}
        answer = root.submit("trial/hang", parameters=parameters, options={"timeoutSeconds": 20})
        role.clock.step = 2500
        role.deliver()
        assert root.row(answer.body["id"]).state is State.FAILED


def dead_letters(role: System, root: System) -> None:
    """One letter is of a job that runs, another of one that nobody will run."""
    alive, lost = running(root).id, pending(root)
    for job_id in (alive, lost):
        root.deployment.dead_letters.send(root.message_of(job_id))
    assert len(role.deliver(queue=role.deployment.dead_letters)["batchItemFailures"]) == 1
    assert (root.row(alive).state, root.row(lost).state) == (State.RUNNING, State.FAILED)


def sweep(role: System, root: System) -> None:
    lost = overdue(root)
    settle_overdue(role.deployment)
    assert root.row(lost).state is State.FAILED


SCENARIOS: dict[str, Scenario] = {
    "submit": submit,
    "submit_jobs": submit_jobs,
    "retry": retry,
    "status": status,
    "statuses": statuses,
    "wait": wait,
    "execute": execute,
    "cancel": cancel,
    "list_jobs": list_jobs,
    "cancel_jobs": cancel_jobs,
    "usage": usage,
    "describe": describe,
    "worker": worker,
    "dead_letters": dead_letters,
    "sweep": sweep,
    "metering": metering,
}


@contextmanager
def budget(root: System) -> Iterator[None]:
    """The org may have one job a month, for a while."""
    budgets = Budgets(root.deployment.uses.client, root.deployment.environment["USAGE_TABLE"])
    budgets.set("acme", jobs=1, usd=None)
    try:
        yield
    finally:
        budgets.clear("acme")


def pending(root: System, flow: str = "add", **options: str) -> str:
    return str(root.submit(f"trial/{flow}", parameters={"a": 1}, options=options).body["id"])


def running(root: System) -> Job:
    now = root.clock.time
    return root.deployment.store.claim(
        pending(root), created_at=now, owner="a worker", lease_until=now + 60_000, now=now
    )


def overdue(root: System, flow: str = "add") -> str:
    job_id = pending(root, flow)
    root.clock.time += FOUR_DAYS_MS
    return job_id
