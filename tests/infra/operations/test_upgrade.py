"""A deployment of the released version with jobs in every state, updated to today's: nothing is lost."""

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from noukai_infra.app import synthesize
from noukai_infra.bundle.libraries.dependencies import Dependencies
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS, EmulatedStack
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.operations.orgs.budgets import Budgets, Limits
from noukai_infra.settings import file_context
from noukai_wire.routes import BASE_PATH
from tests.e2e.waiting import until
from tests.infra.emulator import running_emulator
from tests.infra.operations.released import released_assembly, released_commit

FLOWS = """
from {package} import flow

@flow
def shout(message: str) -> str:
    return "{version}: " + message.upper()

@flow
def hold(message: str) -> str:
    with open(message) as gate:
        return "{version}: " + gate.read()

@flow(max_attempts=1)
def fail() -> None:
    raise ValueError("as it was asked")
"""
LIMITS = Limits(jobs=1000, unfinished=500)
AHEAD_SECONDS = 300 * 86_400


@dataclass
class Stack:
    """The stack on an emulator, its API for one key, and the jobs that it was given."""

    endpoint: Endpoint
    emulated: EmulatedStack
    jobs: dict[str, str] = field(default_factory=dict)
    """What each job is for, and its id."""

    def send(
        self, method: str, path: str, *, org: str = "acme", submission: str = "", **options: Any
    ) -> httpx.Response:
        """Send a request to the API, with the key of an org; the same submission is one job."""
        headers = {
            "Authorization": f"Bearer {LOCAL_KEYS[org]}",
            **({"Idempotency-Key": submission} if submission else {}),
        }
        url = f"{self.endpoint.url}/_aws/execute-api/{self.emulated.api_id}/$default{BASE_PATH}{path}"
        with httpx.Client(verify=self.endpoint.trust(), trust_env=False, timeout=30) as client:
            return client.request(method, url, headers=headers, **options)

    def submit(self, name: str, flow: str, **body: Any) -> str:
        """Submit a job under a name, or the same one again; gives its id."""
        answer = self.send("POST", f"/seq/acme/upgrades/{flow}/jobs", json=body, submission=name)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        job_id: str = answer.json()["id"]
        self.jobs.setdefault(name, job_id)
        return job_id

    def status(self, name: str) -> dict[str, Any]:
        """Return the status of a job that was submitted."""
        answer = self.send("GET", f"/jobs/{self.jobs[name]}")
        assert answer.status_code == httpx.codes.OK, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def wait(self, name: str, state: str) -> dict[str, Any]:
        """Wait until a job is in a state."""
        until(lambda: self.status(name)["state"] == state, every=0.2)
        return self.status(name)

    def output(self, resource: str) -> str:
        """Return the name of a resource, as the stack's outputs tell it."""
        (described,) = self.emulated.cloudformation.describe_stacks(StackName="noukai")["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}[resource]

    @property
    def budgets(self) -> Budgets:
        """Return the budgets in its table."""
        return Budgets(self.emulated.dynamodb, self.output("UsageTable"))

    def is_empty(self, queue: str) -> bool:
        """Return whether a queue holds no message, visible or not."""
        counts = ("", "NotVisible", "Delayed")
        names = [f"ApproximateNumberOfMessages{count}" for count in counts]
        found = self.endpoint.client("sqs").get_queue_attributes(
            QueueUrl=self.output(queue), AttributeNames=names
        )
        return {*found["Attributes"].values()} == {"0"}

    def deliver(self, *, enabled: bool) -> None:
        """Let the workers' queues deliver, or let what is sent to them wait."""
        client = self.endpoint.client("lambda")
        queue = self.output("QueueUrl").rpartition("/")[2]
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
            if mapping["EventSourceArn"].endswith(f":{queue}"):
                client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def flows_of(version: str, package: str, folder: Path) -> Path:
    """Write the flows for a version, which name it in what they return."""
    folder.mkdir()
    (folder / "upgrades.py").write_text(FLOWS.format(version=version, package=package))
    return folder


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a deployment that was updated while jobs waited, ran and had ended; then all could go on."""
    commit, folder = released_commit(), tmp_path_factory.mktemp("upgrade")
    before = flows_of("released", "functions.flow", folder / "before")
    after = flows_of("today", "noukai.flow", folder / "after")
    today = folder / "today"
    with ThreadPoolExecutor() as pool:
        released = pool.submit(released_assembly, commit, folder, before)
        synthesize(today, {**file_context(), "platform": "host", "flows": str(after)})
    gate = folder / "gate"
    os.mkfifo(gate)
    with running_emulator(tmp_path_factory.mktemp("emulator"), Dependencies("host").of_runtime()) as emulator:
        stack = Stack(emulator.endpoint, EmulatedStack.of(emulator.endpoint))
        asyncio.run(stack.emulated.create(Assembly.read(released.result()), now=int(time.time())))
        stack.budgets.set("acme", LIMITS)
        give_jobs(stack, gate)
        assert asyncio.run(stack.emulated.update(Assembly.read(today)))
        gate.write_text("let go")
        stack.deliver(enabled=True)
        yield stack


def give_jobs(stack: Stack, gate: Path) -> None:
    """Submit jobs of every state to the released version."""
    stack.submit("completed", "shout", message="early")
    stack.submit("failed", "fail")
    stack.submit("running", "hold", message=str(gate))
    stack.wait("completed", "completed")
    stack.wait("failed", "failed")
    stack.wait("running", "running")
    stack.deliver(enabled=False)
    stack.submit("waiting", "shout", message="late")
    stack.submit("delayed", "shout", message="later", options={"delaySeconds": 1})
    stack.submit("cancelled", "shout", message="never")
    stack.send("POST", f"/jobs/{stack.jobs['cancelled']}/cancel")
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + AHEAD_SECONDS))
    stack.submit("scheduled", "shout", message="last", options={"runAt": at})


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("completed", "released: EARLY"),
        ("running", "released: let go"),
        ("waiting", "today: LATE"),
        ("delayed", "today: LATER"),
    ],
)
def test_job_reaches_its_end(stack: Stack, name: str, output: str) -> None:
    """One that ran is ended by the version that began it; one that waited is run by today's."""
    assert stack.wait(name, "completed")["result"]["output"] == output


@pytest.mark.parametrize(
    ("name", "end", "told"),
    [("failed", "failed", "as it was asked"), ("cancelled", "completed", "today: NEVER")],
)
def test_ended_job_is_retried(stack: Stack, name: str, end: str, told: str) -> None:
    """Its end can be read, and today's version runs the input that the released one has kept."""
    assert stack.status(name)["state"] == name
    # The input of a cancelled job is kept when its message comes.
    until(
        lambda: stack.send("POST", f"/jobs/{stack.jobs[name]}/retry").status_code == httpx.codes.ACCEPTED,
        every=0.2,
    )
    stack.jobs[f"{name} again"] = stack.send("POST", f"/jobs/{stack.jobs[name]}/retry").json()["id"]
    again = stack.wait(f"{name} again", end)
    assert told in str(again.get("error") or again["result"]["output"])


def test_job_for_later_is_kept_and_can_be_cancelled(stack: Stack) -> None:
    """Its schedule goes with it."""
    scheduler = stack.endpoint.client("scheduler")
    assert len(scheduler.list_schedules()["Schedules"]) == 1
    assert stack.status("scheduled")["state"] == "pending"
    assert stack.send("POST", f"/jobs/{stack.jobs['scheduled']}/cancel").json()["state"] == "cancelled"
    assert scheduler.list_schedules()["Schedules"] == []


def test_all_jobs_are_listed(stack: Stack) -> None:
    listed = stack.send("GET", "/seq/acme/jobs", params={"limit": 100}).json()
    assert {each["id"] for each in listed["jobs"]} >= {*stack.jobs.values()}
    assert "errors" not in listed


def test_repeated_submission_is_the_same_job(stack: Stack) -> None:
    """A caller that repeats a request over the update starts no second job."""
    assert stack.submit("waiting", "shout", message="late") == stack.jobs["waiting"]


def test_keys_and_budgets_stay(stack: Stack) -> None:
    """Each key still belongs to its org."""
    assert (
        stack.send("GET", f"/jobs/{stack.jobs['completed']}", org="globex").status_code
        == httpx.codes.NOT_FOUND
    )
    assert [(row.org, row.limits) for row in stack.budgets.rows() if row.org == "acme"] == [("acme", LIMITS)]


def test_webhook_can_be_created(stack: Stack) -> None:
    """The released version had none: today's functions make the master secret of their stack."""
    body = {"url": "https://hooks.example/jobs"}
    created = stack.send("PUT", "/webhooks/first", json=body)
    assert created.status_code in (httpx.codes.OK, httpx.codes.CREATED), created.text
    assert created.json()["secret"].startswith("whsec_")


def test_no_message_is_left(stack: Stack) -> None:
    """Neither in the queue nor among the dead letters."""
    for name in ("running", "waiting", "delayed"):
        stack.wait(name, "completed")
    until(lambda: stack.is_empty("QueueUrl"), every=0.2)
    assert stack.is_empty("DeadLetterQueueUrl")
    assert stack.is_empty("UnprocessedQueueUrl")
