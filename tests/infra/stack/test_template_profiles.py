"""What the template says of the workers that flows ask for, beside the default one."""

import re
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.settings import SettingsError, WorkerProfile
from noukai_infra.stack.base.profiles import deployed_queues, profile_named
from tests.infra.stack.template import Template

ASKED = "M2048E1024C33B10T60"
DEFAULT_QUEUE = "QueuesJobs403F2492"
SENDERS = ("submit", "submit_jobs", "execute", "retry")
READ_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}


@pytest.fixture(scope="module")
def profiled(profiled_assembly: Path) -> Template:
    return Template.of(profiled_assembly)


def without_code(resource: Any) -> str:
    """Leave out the asset, and the version of the flows that is in it."""
    return re.sub(r"[0-9a-f]{64}|'Description': 'flows [0-9a-f]{8}', ", "", str(resource))


def test_profile_has_a_queue_and_a_worker_of_its_own(profiled: Template) -> None:
    """As it asks for, and for the rest as the default one; what is undeliverable becomes one kind of dead letters."""
    queue_name, queue = profiled.named_resource("SQS::Queue", f"QueuesJobs{ASKED}")
    function_name, function = profiled.named_resource("Lambda::Function", f"Worker{ASKED}")
    default = profiled.properties(profiled.named_resource("Lambda::Function", "WorkerFunction")[0])
    properties = function["Properties"]
    assert (properties["MemorySize"], properties["EphemeralStorage"]) == (2048, {"Size": 1024})
    assert (properties["Timeout"], properties["Code"]) == (60, default["Code"])
    variables = properties["Environment"]["Variables"]
    assert variables == default["Environment"]["Variables"] | {
        "QUEUE_URL": {"Ref": queue_name},
        "PROFILE_MEMORY": "2048",
        "WORKER_KIND": "m2048-e1024-c33-b10-t60",
    }
    (deliveries,) = profiled.mappings_of(function_name)
    assert deliveries["EventSourceArn"] == {"Fn::GetAtt": [queue_name, "Arn"]}
    assert (deliveries["BatchSize"], deliveries["ScalingConfig"]) == (10, {"MaximumConcurrency": 33})
    assert deliveries["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    jobs = profiled.properties(profiled.named_resource("SQS::Queue", DEFAULT_QUEUE)[0])
    redrive = {**jobs["RedrivePolicy"], "maxReceiveCount": 1000}
    assert queue["Properties"] == {**jobs, "VisibilityTimeout": 60, "RedrivePolicy": redrive}


def test_messages_are_received_as_often_as_they_may_be_long_before_they_expire(profiled: Template) -> None:
    """Even if every receive takes the whole visibility timeout, half of the retention is left."""
    for name, queue in profiled.resources("SQS::Queue").items():
        if name.startswith("QueuesJobs"):
            properties = queue["Properties"]
            receives = properties["RedrivePolicy"]["maxReceiveCount"]
            assert 100 <= receives <= 1000
            assert properties["VisibilityTimeout"] * receives < properties["MessageRetentionPeriod"] / 2


def test_profile_of_another_time_has_a_queue_that_hides_as_long(profiled: Template) -> None:
    """Lambda requires it."""
    _, queue = profiled.named_resource("SQS::Queue", "QueuesJobsT60")
    _, function = profiled.named_resource("Lambda::Function", "WorkerT60")
    assert (queue["Properties"]["VisibilityTimeout"], function["Properties"]["Timeout"]) == (60, 60)


def test_default_worker_and_its_queue_are_as_without_profiles(template: Template, profiled: Template) -> None:
    """What is there already is neither replaced nor renamed; what sends to the queues, and may, is changed alone."""
    before, after = template.body["Resources"], profiled.body["Resources"]
    published = {*template.resources("Lambda::Version"), *template.resources("Lambda::Alias")}
    kept = before.keys() - published
    changed = {name for name in kept if without_code(before[name]) != without_code(after.get(name))}
    senders = {template.named(handler) for handler in SENDERS}
    policies = {name for name in changed if before[name]["Type"] == "AWS::IAM::Policy"}
    assert changed == senders | policies
    assert len(policies) == len(senders) + 1  # that of the schedules
    assert template.body["Outputs"].items() <= profiled.body["Outputs"].items()


@pytest.mark.parametrize("handler", SENDERS)
def test_sender_knows_and_reaches_the_queues_that_flows_ask_for(profiled: Template, handler: str) -> None:
    """And not that of a worker which is draining."""
    asked = {
        name: profiled.named_resource("SQS::Queue", f"QueuesJobs{part}")[0]
        for name, part in (("m2048-e1024-c33-b10-t60", ASKED), ("m512", "M512"))
    }
    told = profiled.functions()[handler]["Environment"]["Variables"]["PROFILE_QUEUES"]["Fn::Join"][1]
    assert "".join(part if isinstance(part, str) else part["Ref"] for part in told) == (
        "{" + ", ".join(f'"{name}": "{queue}"' for name, queue in asked.items()) + "}"
    )
    default, _ = profiled.named_resource("SQS::Queue", DEFAULT_QUEUE)
    sends = {name for action, name in profiled.rights(handler) if action == "sqs:SendMessage"}
    assert sends == {default, *asked.values()}


def test_no_other_function_is_told_of_the_queues(profiled: Template) -> None:
    told = {
        handler
        for handler, each in profiled.functions().items()
        if "PROFILE_QUEUES" in each["Environment"]["Variables"]
    }
    assert told == set(SENDERS)


@pytest.mark.parametrize("part", ["Function", f"{ASKED}Function", "M512Function", "T60Function"])
def test_worker_reads_its_own_queue_alone(profiled: Template, part: str) -> None:
    """One that is draining too."""
    _, function = profiled.named_resource("Lambda::Function", f"Worker{part}")
    (queue,) = (
        each["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        for each in profiled.resources("Lambda::EventSourceMapping").values()
        if profiled.function_behind(each["Properties"]["FunctionName"])
        == profiled.named_resource("Lambda::Function", f"Worker{part}")[0]
    )
    rights = profiled.rights_of(function["Properties"]["Role"]["Fn::GetAtt"][0])
    assert {right for right in rights if right[0].startswith("sqs:")} == {(action, queue) for action in READ_QUEUE}


def test_scheduler_may_send_to_every_queue_of_jobs(profiled: Template) -> None:
    """A schedule may have waited since before its flow asked for another worker."""
    role, _ = profiled.named_resource("IAM::Role", "SchedulesRole")
    queues = {name for name in profiled.resources("SQS::Queue") if name.startswith("QueuesJobs")}
    assert profiled.rights_of(role) == {("sqs:SendMessage", name) for name in queues}
    assert len(queues) == 4


def test_outputs_say_where_the_queues_are_and_which_is_draining(profiled: Template) -> None:
    """By the names of the profiles."""
    outputs = {
        name: each["Value"].get("Ref", "") for name, each in profiled.body["Outputs"].items() if "Ref" in each["Value"]
    }
    found = deployed_queues(outputs)
    assert {name: queue.is_draining for name, queue in found.items()} == {
        "m2048-e1024-c33-b10-t60": False,
        "m512": False,
        "t60": True,
    }
    assert found["t60"].url == profiled.named_resource("SQS::Queue", "QueuesJobsT60")[0]


def test_name_says_what_is_not_as_the_default() -> None:
    """Every letter of it, of those that the functions write."""
    default = WorkerProfile(lease_seconds=30)
    assert profile_named("m128-e512-c2-b3-t60", default) == WorkerProfile(
        memory=128, ephemeral_storage=512, max_concurrency=2, batch_size=3, timeout=60, lease_seconds=30
    )


@pytest.mark.parametrize("name", ["", "large", "m", "m128-", "x1", "M128"])
def test_name_that_is_none_is_refused(name: str) -> None:
    """It is the setting `draining` that may have one."""
    with pytest.raises(SettingsError, match="is not the name of a worker's profile"):
        profile_named(name, WorkerProfile())


@pytest.mark.parametrize(
    ("name", "said"),
    [("m1", "m1: memory: 1 cannot be used: it should be greater than or equal to 128"), ("c1001", "max_concurrency")],
)
def test_name_with_a_value_that_no_worker_has_is_refused(name: str, said: str) -> None:
    """In the words of the setting itself."""
    with pytest.raises(SettingsError, match=said):
        profile_named(name, WorkerProfile())
