"""The workers in the template that flows ask for, beside the default one."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.app import synthesize
from noukai_infra.settings import Settings, SettingsError, WorkerKind, file_context
from noukai_infra.stack.base.worker_kinds import deployed_queues, kind_named
from tests.infra.stack.template import Template

ASKED = "M2048E1024C33B10T60"
DEFAULT_QUEUE = "QueuesJobs403F2492"
SENDERS = ("submit", "submit_jobs", "execute", "retry", "schedules", "tick")
READ_QUEUE = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
}


@pytest.fixture(scope="module")
def with_kinds(assembly_with_kinds: Path) -> Template:
    return Template.of(assembly_with_kinds)


def without_code(resource: Any) -> str:
    """Leave out the asset, and the version of the flows that is in it."""
    return re.sub(r"[0-9a-f]{64}|'Description': 'flows [0-9a-f]{8}', ", "", str(resource))


def test_worker_kind_has_a_queue_and_a_worker_of_its_own(with_kinds: Template) -> None:
    """It is as asked for, otherwise like the default one; all share one dead-letter queue."""
    queue_name, queue = with_kinds.named_resource("SQS::Queue", f"QueuesJobs{ASKED}")
    function_name, function = with_kinds.named_resource("Lambda::Function", f"Worker{ASKED}")
    default = with_kinds.properties(with_kinds.named_resource("Lambda::Function", "WorkerFunction")[0])
    properties = function["Properties"]
    assert (properties["MemorySize"], properties["EphemeralStorage"]) == (2048, {"Size": 1024})
    assert (properties["Timeout"], properties["Code"]) == (60, default["Code"])
    variables = properties["Environment"]["Variables"]
    assert variables == default["Environment"]["Variables"] | {
        "QUEUE_URL": {"Ref": queue_name},
        "WORKER_KIND_MEMORY": "2048",
        "WORKER_KIND": "m2048-e1024-c33-b10-t60",
    }
    (deliveries,) = with_kinds.mappings_of(function_name)
    assert deliveries["EventSourceArn"] == {"Fn::GetAtt": [queue_name, "Arn"]}
    assert (deliveries["BatchSize"], deliveries["ScalingConfig"]) == (10, {"MaximumConcurrency": 33})
    assert deliveries["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    jobs = with_kinds.properties(with_kinds.named_resource("SQS::Queue", DEFAULT_QUEUE)[0])
    redrive = {**jobs["RedrivePolicy"], "maxReceiveCount": 1000}
    assert queue["Properties"] == {**jobs, "VisibilityTimeout": 60, "RedrivePolicy": redrive}


def test_messages_are_received_as_often_as_they_may_be_long_before_they_expire(with_kinds: Template) -> None:
    """Even if every receive takes the whole visibility timeout, half of the retention is left."""
    for name, queue in with_kinds.resources("SQS::Queue").items():
        if name.startswith("QueuesJobs"):
            properties = queue["Properties"]
            receives = properties["RedrivePolicy"]["maxReceiveCount"]
            assert 100 <= receives <= 1000
            assert properties["VisibilityTimeout"] * receives < properties["MessageRetentionPeriod"] / 2


def test_worker_kind_of_another_time_has_a_queue_that_hides_as_long(with_kinds: Template) -> None:
    """Lambda requires it."""
    _, queue = with_kinds.named_resource("SQS::Queue", "QueuesJobsT60")
    _, function = with_kinds.named_resource("Lambda::Function", "WorkerT60")
    assert (queue["Properties"]["VisibilityTimeout"], function["Properties"]["Timeout"]) == (60, 60)


def test_default_worker_and_its_queue_are_as_without_kinds(template: Template, with_kinds: Template) -> None:
    """Existing resources are neither replaced nor renamed; only what sends to or watches queues changes."""
    before, after = template.body["Resources"], with_kinds.body["Resources"]
    published = {*template.resources("Lambda::Version"), *template.resources("Lambda::Alias")}
    kept = before.keys() - published
    changed = {name for name in kept if without_code(before[name]) != without_code(after.get(name))}
    senders = {template.named(handler) for handler in SENDERS}
    policies = {name for name in changed if before[name]["Type"] == "AWS::IAM::Policy"}
    lookers = {template.named(handler) for handler in ("sweep", "usage")}
    assert changed == senders | policies | lookers
    assert len(policies) == len(senders) + 1 + len(lookers)  # one is that of the schedules
    assert template.body["Outputs"].items() <= with_kinds.body["Outputs"].items()


@pytest.mark.parametrize("handler", SENDERS)
def test_sender_knows_and_reaches_the_queues_that_flows_ask_for(with_kinds: Template, handler: str) -> None:
    """And not that of a worker which is draining."""
    asked = {
        name: with_kinds.named_resource("SQS::Queue", f"QueuesJobs{part}")[0]
        for name, part in (("m2048-e1024-c33-b10-t60", ASKED), ("m512", "M512"))
    }
    told = with_kinds.functions()[handler]["Environment"]["Variables"]["WORKER_KIND_QUEUES"]["Fn::Join"][1]
    assert "".join(part if isinstance(part, str) else part["Ref"] for part in told) == (
        "{" + ", ".join(f'"{name}": "{queue}"' for name, queue in asked.items()) + "}"
    )
    default, _ = with_kinds.named_resource("SQS::Queue", DEFAULT_QUEUE)
    sends = {name for action, name in with_kinds.rights(handler) if action == "sqs:SendMessage"}
    assert sends == {default, *asked.values()}


def test_no_other_function_is_told_of_the_queues(with_kinds: Template) -> None:
    told = {
        handler
        for handler, each in with_kinds.functions().items()
        if "WORKER_KIND_QUEUES" in each["Environment"]["Variables"]
    }
    assert told == set(SENDERS)


@pytest.mark.parametrize("part", ["Function", f"{ASKED}Function", "M512Function", "T60Function"])
def test_worker_reads_its_own_queue_alone(with_kinds: Template, part: str) -> None:
    """One that is draining too."""
    _, function = with_kinds.named_resource("Lambda::Function", f"Worker{part}")
    (queue,) = (
        each["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        for each in with_kinds.resources("Lambda::EventSourceMapping").values()
        if with_kinds.function_behind(each["Properties"]["FunctionName"])
        == with_kinds.named_resource("Lambda::Function", f"Worker{part}")[0]
    )
    rights = with_kinds.rights_of(function["Properties"]["Role"]["Fn::GetAtt"][0])
    assert {right for right in rights if right[0].startswith("sqs:")} == {
        (action, queue) for action in READ_QUEUE
    }


def test_scheduler_may_send_to_every_queue_of_jobs(with_kinds: Template) -> None:
    """A schedule may have waited since before its flow asked for another worker."""
    role, _ = with_kinds.named_resource("IAM::Role", "SchedulesRole")
    queues = {name for name in with_kinds.resources("SQS::Queue") if name.startswith("QueuesJobs")}
    assert with_kinds.rights_of(role) == {("sqs:SendMessage", name) for name in queues}
    assert len(queues) == 4


def test_outputs_say_where_the_queues_are_and_which_is_draining(with_kinds: Template) -> None:
    """By the names of the kinds."""
    outputs = {
        name: each["Value"].get("Ref", "")
        for name, each in with_kinds.body["Outputs"].items()
        if "Ref" in each["Value"]
    }
    found = deployed_queues(outputs)
    assert {name: queue.is_draining for name, queue in found.items()} == {
        "m2048-e1024-c33-b10-t60": False,
        "m512": False,
        "t60": True,
    }
    assert found["t60"].url == with_kinds.named_resource("SQS::Queue", "QueuesJobsT60")[0]


def test_name_says_what_is_not_as_the_default() -> None:
    """Every letter of it, of those that the functions write."""
    settings = Settings(worker=WorkerKind(lease_seconds=30))
    assert kind_named("m128-e512-c2-b3-t60", settings) == WorkerKind(
        memory=128, ephemeral_storage=512, max_concurrency=2, batch_size=3, timeout=60, lease_seconds=30
    )


@pytest.mark.parametrize("name", ["", "large", "ml-large", "m", "m128-", "x1", "M128"])
def test_name_that_is_none_is_refused(name: str) -> None:
    """It is the setting `draining` that may have one."""
    with pytest.raises(SettingsError, match="is not the name of a worker kind"):
        kind_named(name, Settings())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("m1", "m1: memory: 1 is invalid: it should be greater than or equal to 128"),
        ("c1001", "max_concurrency"),
    ],
)
def test_name_with_a_value_that_no_worker_has_is_refused(name: str, said: str) -> None:
    """In the words of the setting itself."""
    with pytest.raises(SettingsError, match=said):
        kind_named(name, Settings())


FLOWS = """
from noukai.flow import flow

@flow(worker="ml-large", timeout=200)
def embed(message: str) -> str:
    return message
"""


@pytest.fixture(scope="module")
def with_named(tmp_path_factory: pytest.TempPathFactory) -> Template:
    flows, outdir = tmp_path_factory.mktemp("flows"), tmp_path_factory.mktemp("cdk.out")
    (flows / "texts.py").write_text(FLOWS)
    settings = {
        "flows": str(flows),
        "platform": "host",
        "worker": {"max_concurrency": 7, "grace_seconds": 20},
        "workers": {"ml-large": {"memory": 4096, "timeout": 300}, "scans": {"batch_size": 5}, "spare": {}},
        "draining": "scans",
    }
    synthesize(outdir, {**file_context(), **settings})
    return Template.of(outdir)


@pytest.mark.parametrize(
    ("resource", "memory", "timeout", "batch"), [("MlLarge", 4096, 300, 1), ("Scans", 1024, 900, 5)]
)
def test_named_worker_kind_has_its_settings_and_else_those_of_the_default(
    with_named: Template, resource: str, memory: int, timeout: int, batch: int
) -> None:
    """One that is draining too."""
    name, function = with_named.named_resource("Lambda::Function", f"Worker{resource}")
    properties = function["Properties"]
    assert (properties["MemorySize"], properties["Timeout"]) == (memory, timeout)
    assert properties["Environment"]["Variables"]["GRACE_SECONDS"] == "20"
    (deliveries,) = with_named.mappings_of(name)
    assert (deliveries["BatchSize"], deliveries["ScalingConfig"]) == (batch, {"MaximumConcurrency": 7})
    _, queue = with_named.named_resource("SQS::Queue", f"QueuesJobs{resource}")
    assert queue["Properties"]["VisibilityTimeout"] == timeout


def test_outputs_have_the_queues_of_named_worker_kinds(with_named: Template) -> None:
    """A kind of the settings that no flow asks for, and that is not draining, has no queue."""
    outputs = {name: str(each["Value"]) for name, each in with_named.body["Outputs"].items()}
    found = {name: queue.is_draining for name, queue in deployed_queues(outputs).items()}
    assert found == {"ml-large": False, "scans": True}


def test_worker_kinds_of_the_settings_that_no_flow_asks_for_change_nothing(
    template: Template, template_for: Callable[..., Template]
) -> None:
    assert template_for(workers={"ml": {"memory": 2048}}).body == template.body
