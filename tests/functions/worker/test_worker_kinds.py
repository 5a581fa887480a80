"""Jobs of flows with another worker than the default one: who sends and runs them, and their cost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.build.worker_kinds import WorkerTime
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.queues.queue import JobQueue, Message
from noukai_functions.usage.records import Usage
from noukai_wire.limits import WORKER_MARGIN_SECONDS
from noukai_wire.routes import Route
from tests.functions.harness import System, output, system_on_moto
from tests.functions.stand_ins.delayed_messages import delayed_messages, moment
from tests.functions.stand_ins.stream import Stream, count, sums

HOUR = 3600
DEFAULT_SECONDS = 40
FLOWS = """
from noukai.flow import Context, flow

@flow(memory=2048, batch=10, timeout=5)
def weigh(a: int) -> int:
    return a

@flow(memory=2048, batch=10, timeout=5)
def weigh_again(message: str) -> None:
    raise ValueError(message)

@flow(timeout=DEFAULT_SECONDS)
def plain(a: int) -> int:
    return a

@flow(timeout=DEFAULT_SECONDS + 1)
def slow(*, context: Context) -> float:
    return context.remaining_seconds
""".replace("DEFAULT_SECONDS", str(DEFAULT_SECONDS))


@pytest.fixture(scope="module")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return flows of a deployment whose default worker has little time."""
    folder = tmp_path_factory.mktemp("asset")
    (folder / "flows").mkdir()
    (folder / "flows" / "scales.py").write_text(FLOWS)
    build_catalog(folder / "flows", folder / "catalog", WorkerTime(DEFAULT_SECONDS, grace=10))
    return folder


@pytest.fixture
def system(asset: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """Return a deployment with a queue for each worker kind that its flows ask for."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with system_on_moto(asset, kinds=("m2048-b10-t60", "t120")) as system:
        system.add_key("nk_acme", "acme")
        yield system


def queue_of(system: System, flow: str) -> JobQueue:
    """Return the queue of a flow's workers."""
    return system.deployment.queues.of(system.deployment.catalog.flows[flow].worker_kind, "job_a")


def queued(system: System, flow: str) -> list[str]:
    """Return the ids of the jobs in the queue of a flow's workers, without receiving them for good."""
    queue = queue_of(system, flow)
    answer: Any = queue.client.receive_message(
        QueueUrl=queue.url, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [Message.parse(each["Body"]).id for each in answer.get("Messages", ())]


def worker_of(system: System, flow: str, **environment: str) -> System:
    """Return the system as the workers of a flow see it."""
    url = {"QUEUE_URL": queue_of(system, flow).url}
    deployment = replace(
        system.deployment, environment={**system.deployment.environment, **url, **environment}
    )
    return replace(system, deployment=deployment)


def test_catalog_names_what_flows_ask_for(system: System) -> None:
    """Flows that ask for the same share a kind; a flow too long for the default worker needs another."""
    flows = system.deployment.catalog.flows
    assert {name: (entry.worker_kind, entry.longest_seconds) for name, entry in flows.items()} == {
        "scales/weigh": ("m2048-b10-t60", 5),
        "scales/weigh-again": ("m2048-b10-t60", 5),
        "scales/plain": (None, DEFAULT_SECONDS),
        "scales/slow": ("t120", 100),
    }


def test_flow_is_described_with_the_worker_that_it_asks_for(system: System) -> None:
    """A flow that asks for no worker kind is described without one."""
    flows = system.send(Route.FLOWS).body["flows"]
    assert {each["flow"]: each.get("worker") for each in flows} == {
        "acme/scales/weigh": "m2048-b10-t60",
        "acme/scales/weigh-again": "m2048-b10-t60",
        "acme/scales/plain": None,
        "acme/scales/slow": "t120",
    }


def test_submission_goes_to_its_flows_own_queue(system: System) -> None:
    """However it is submitted, and for whatever time, no other queue has it."""
    alone = system.submit("scales/weigh", parameters={"a": 1}).body["id"]
    jobs = {"jobs": [{"parameters": {"a": 2}}, {"parameters": {"a": 3}}]}
    answer = system.send(Route.SUBMIT_JOBS, body=jobs, org="acme", project="scales", flow="weigh")
    many = [entry["job"]["id"] for entry in answer.body["jobs"]]
    later = {"parameters": {"a": 4}, "options": {"runAt": moment(system, HOUR)}}
    scheduled = system.submit("scales/weigh", **later).body["id"]
    executed = system.send(
        Route.EXECUTE, body={"parameters": {"a": 5}}, org="acme", project="scales", flow="weigh"
    ).body["detail"]["id"]
    assert sorted(queued(system, "scales/weigh")) == sorted([alone, *many, executed])
    (schedule,) = delayed_messages(system)
    arn = "arn:aws:sqs:us-east-1:123456789012:m2048-b10-t60"
    assert (schedule["Target"]["Arn"], schedule["Name"].partition("-")[0]) == (arn, scheduled)
    assert (system.messages(), queued(system, "scales/slow")) == (0, [])


def test_flow_without_a_worker_kind_goes_to_the_default_queue(system: System) -> None:
    """The other flows' worker kinds do not matter."""
    job_id = system.submit("scales/plain", parameters={"a": 1}).body["id"]
    assert (queued(system, "scales/plain"), system.messages()) == ([job_id], 1)
    assert queued(system, "scales/weigh") == []


def test_retry_goes_to_its_flows_own_queue(system: System) -> None:
    """A retry goes where a submission goes."""
    old = system.submit("scales/weigh-again", message="no", options={"maxAttempts": 1}).body["id"]
    worker_of(system, "scales/weigh-again").deliver()
    assert system.status(old)["state"] == "failed"
    answer = system.send(Route.RETRY_BY_ID, id=old)
    assert queued(system, "scales/weigh-again") == [answer.body["id"]]
    assert system.messages() == 0


def test_sender_without_the_queue_uses_the_default_one(system: System) -> None:
    """During an update a catalog may be newer than the environment; every worker has all flows."""
    older = {
        name: each for name, each in system.deployment.environment.items() if name != "WORKER_KIND_QUEUES"
    }
    sender = replace(system, deployment=replace(system.deployment, environment=older))
    job_id = sender.submit("scales/weigh", parameters={"a": 7}).body["id"]
    system.deliver()
    assert output(system.status(job_id)) == 7


@pytest.mark.parametrize(
    ("flow", "seconds", "said"),
    [
        ("scales/plain", 40, None),
        ("scales/plain", 41, "must be smaller than or equal to 40"),
        ("scales/slow", 100, None),
        ("scales/slow", 101, "must be smaller than or equal to 100"),
    ],
)
def test_timeout_of_a_submission_is_bounded_by_its_flows_own_worker(
    system: System, flow: str, seconds: int, said: str | None
) -> None:
    """A worker may have less time than another one."""
    parameters = {"a": 1} if flow.endswith("plain") else {}
    answer = system.submit(flow, parameters=parameters, options={"timeoutSeconds": seconds})
    refused = None if said is None else [{"path": "options.timeoutSeconds", "message": said}]
    assert answer.body.get("detail", {}).get("errors") == refused


def test_openapi_bounds_the_timeout_of_each_flow(system: System) -> None:
    """Each has its worker's bound; a general submission has that of the worker with the most time."""
    document = system.deployment.catalog.openapi(of_flows=True)
    bounds, schemas = {}, document["components"]["schemas"]
    for flow in ("plain", "slow"):
        bounds[flow] = schemas[f"DirectSubmission__scales__{flow}"]["properties"]["options"]
    _, own = bounds["plain"]["allOf"]
    assert own["properties"]["timeoutSeconds"]["maximum"] == 40
    assert "allOf" not in bounds["slow"]
    assert schemas["SubmitOptions"]["properties"]["timeoutSeconds"]["maximum"] == 100


def claim(system: System, job_id: str, memory: int | None) -> Job:
    job, now = system.row(job_id), system.clock.now()
    return system.deployment.table.claim(
        job.id, created_at=job.created_at, owner="me", lease_until=now + 60_000, now=now, memory=memory
    )


@pytest.mark.parametrize(("environment", "memory"), [({"WORKER_KIND_MEMORY": "2048"}, 2048), ({}, 1024)])
def test_compute_counts_with_the_memory_of_the_worker_that_ran(
    system: System, environment: dict[str, str], memory: int
) -> None:
    """The flow may ask for another worker by now: what counts is where its job ran."""
    stream = Stream()
    system.submit("scales/weigh", parameters={"a": 1})
    system.clock.step = 5
    worker_of(system, "scales/weigh", **environment).deliver()
    count(system, stream.records())
    (usage,) = sums(system).values()
    assert usage.ran_ms > 0
    assert usage == Usage(completed=1, attempts=1, ran_ms=usage.ran_ms, mb_ms=usage.ran_ms * memory)


def test_last_attempt_decides_which_worker_counts(
    system: System,
) -> None:
    """The row no longer shows that a worker of another kind had claimed it."""
    job_id = system.submit("scales/weigh", parameters={"a": 1}).body["id"]
    job = claim(system, job_id, 2048)
    assert system.row(job_id).memory == 2048
    system.deployment.table.release(job, error="x", not_before=system.clock.now(), now=system.clock.now())
    claim(system, job_id, None)
    assert system.row(job_id).memory is None


def test_message_in_the_queue_of_a_former_worker_kind_runs_there(system: System) -> None:
    """A worker with less time than the flow's timeout gives it what is left, and settles its job."""
    slow, default = "scales/slow", system.deployment.queue
    job_id = system.submit(slow).body["id"]
    moved = queue_of(system, slow)
    (message,) = moved.client.receive_message(QueueUrl=moved.url)["Messages"]
    JobQueue(default.client, default.url).send(Message.parse(message["Body"]))
    system.deliver(remaining_ms=DEFAULT_SECONDS * 1000)
    assert 0 < output(system.status(job_id)) < DEFAULT_SECONDS - WORKER_MARGIN_SECONDS
