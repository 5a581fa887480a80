"""What the template promises to the functions, to the operator and to the bill."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.settings import ROOT, SettingsError
from noukai_wire.routes import Route
from tests.infra.template import Template

API = ["submit", "status", "wait", "cancel", "describe"]
READERS = ["worker", "dead_letters"]
ENTRIES = [*API, *READERS, "sweep"]
QUEUES = {"worker": "QueuesJobs", "dead_letters": "QueuesDeadLetters"}
READ_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
DAY = 24 * 60 * 60


def resource_named(template: Template, kind: str, prefix: str) -> tuple[str, dict[str, Any]]:
    return next((name, each) for name, each in template.resources(kind).items() if name.startswith(prefix))


def queue_of(template: Template, handler: str) -> dict[str, Any]:
    source = template.deliveries(handler)["EventSourceArn"]["Fn::GetAtt"][0]
    return template.properties(source)


def test_functions_are_those_of_the_contract(template: Template) -> None:
    """Each entry has one function, and there is no other."""
    assert sorted(template.functions()) == sorted(ENTRIES)
    assert len(template.resources("Lambda::Function")) == len(ENTRIES)


@pytest.mark.parametrize("handler", ENTRIES)
def test_function_runs_on_arm64_on_the_python_that_made_its_byte_code(template: Template, handler: str) -> None:
    """Byte code of another minor version would never be loaded."""
    function = template.functions()[handler]
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize("handler", ENTRIES)
def test_function_logs_json_to_its_own_kept_log_group(template: Template, handler: str) -> None:
    """The platform's own lines are written from WARN on, and no log is kept for ever."""
    logging = template.functions()[handler]["LoggingConfig"]
    assert (logging["LogFormat"], logging["SystemLogLevel"]) == ("JSON", "WARN")
    assert template.properties(logging["LogGroup"]["Ref"])["RetentionInDays"] == 30


def test_no_two_functions_share_a_role_or_a_log_group(template: Template) -> None:
    """What one function may do says nothing of another."""
    functions = template.functions().values()
    assert len({json.dumps(function["Role"]) for function in functions}) == len(functions)
    assert len({json.dumps(function["LoggingConfig"]["LogGroup"]) for function in functions}) == len(functions)


@pytest.mark.parametrize(
    ("handler", "jobs", "keys", "queue"),
    [
        ("submit", {"dynamodb:PutItem"}, {"dynamodb:GetItem"}, {"sqs:SendMessage"}),
        ("status", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, {"dynamodb:GetItem"}, set()),
        ("wait", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, {"dynamodb:GetItem"}, set()),
        ("cancel", {"dynamodb:UpdateItem"}, {"dynamodb:GetItem"}, set()),
        ("describe", set(), {"dynamodb:GetItem"}, set()),
        ("worker", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, set(), READ_QUEUE),
        ("dead_letters", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, set(), READ_QUEUE),
    ],
)
def test_role_allows_exactly_what_its_function_does(
    template: Template, handler: str, jobs: set[str], keys: set[str], queue: set[str]
) -> None:
    """A role has its actions on its resources, may write its own log, and nothing else."""
    jobs_table, _ = resource_named(template, "DynamoDB::Table", "TablesJobs")
    keys_table, _ = resource_named(template, "DynamoDB::Table", "TablesKeys")
    queue_name, _ = resource_named(template, "SQS::Queue", QUEUES.get(handler, "QueuesJobs"))
    log_group = template.functions()[handler]["LoggingConfig"]["LogGroup"]["Ref"]
    expected = {jobs_table: jobs, keys_table: keys, queue_name: queue, log_group: WRITE_LOG}
    assert template.rights(handler) == {(action, name) for name, actions in expected.items() for action in actions}


def test_no_role_has_a_policy_of_somebody_else(template: Template) -> None:
    """No managed policy, and no inline one beside those that are checked action by action."""
    for role in template.resources("IAM::Role").values():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument"}
    assert not template.resources("IAM::ManagedPolicy")


@pytest.mark.parametrize(
    ("handler", "names"),
    [
        ("submit", {"JOBS_TABLE", "KEYS_TABLE", "QUEUE_URL"}),
        ("status", {"JOBS_TABLE", "KEYS_TABLE"}),
        ("wait", {"JOBS_TABLE", "KEYS_TABLE"}),
        ("cancel", {"JOBS_TABLE", "KEYS_TABLE"}),
        ("describe", {"KEYS_TABLE"}),
        ("worker", {"JOBS_TABLE", "QUEUE_URL", "LEASE_SECONDS", "GRACE_SECONDS"}),
        ("dead_letters", {"JOBS_TABLE", "DEAD_LETTER_QUEUE_URL"}),
    ],
)
def test_function_is_told_what_it_needs_and_no_more(template: Template, handler: str, names: set[str]) -> None:
    """The environment of each function is the one it reads."""
    assert template.functions()[handler]["Environment"]["Variables"].keys() == names | {"LOG_LEVEL"}


def test_every_route_of_the_contract_reaches_its_function(template: Template) -> None:
    """Each route has its function, and whatever matches none is answered by ours, too."""
    expected = {
        Route.SUBMIT.key: "submit",
        Route.SUBMIT_VERSION.key: "submit",
        Route.STATUS.key: "status",
        Route.STATUS_BY_ID.key: "status",
        Route.WAIT.key: "wait",
        Route.WAIT_BY_ID.key: "wait",
        Route.CANCEL.key: "cancel",
        Route.CANCEL_BY_ID.key: "cancel",
        Route.FLOWS.key: "describe",
        Route.HEALTH.key: "describe",
        "$default": "describe",
    }
    functions = {template.named(handler): handler for handler in API}
    found = {}
    for route in template.resources("ApiGatewayV2::Route").values():
        integration = template.properties(route["Properties"]["Target"]["Fn::Join"][1][1]["Ref"])
        found[route["Properties"]["RouteKey"]] = functions[integration["IntegrationUri"]["Fn::GetAtt"][0]]
        assert integration["PayloadFormatVersion"] == "2.0"
    assert found == expected
    assert {route.key for route in Route} <= found.keys()


def test_gateway_may_call_the_functions_that_answer(template: Template) -> None:
    """Each of them, and only for this API."""
    every = [each["Properties"] for each in template.resources("Lambda::Permission").values()]
    permissions = [each for each in every if each["Principal"] == "apigateway.amazonaws.com"]
    assert {each["FunctionName"]["Fn::GetAtt"][0] for each in permissions} == {template.named(each) for each in API}
    api, _ = resource_named(template, "ApiGatewayV2::Api", "Api")
    assert all({"Ref": api} in each["SourceArn"]["Fn::Join"][1] for each in permissions)


def test_stage_is_the_default_one_and_is_throttled(template: Template) -> None:
    """A path has no stage in front, a deployment is live at once, and a flood is refused by the gateway."""
    (stage,) = (each["Properties"] for each in template.resources("ApiGatewayV2::Stage").values())
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}


@pytest.mark.parametrize("handler", API)
def test_function_answers_before_the_gateway_gives_up(template: Template, handler: str) -> None:
    """A held request of 20 s fits in as well."""
    assert 20 < template.functions()[handler]["Timeout"] < 30


def test_share_of_held_requests_is_a_setting_and_off_by_default(
    template: Template, template_for: Callable[..., Template]
) -> None:
    """Only `wait` can be bounded."""
    assert not any("ReservedConcurrentExecutions" in each for each in template.functions().values())
    functions = template_for(wait_reserved_concurrency=7).functions()
    assert functions["wait"]["ReservedConcurrentExecutions"] == 7
    assert sum("ReservedConcurrentExecutions" in each for each in functions.values()) == 1


def test_jobs_table_forgets_expired_jobs(template: Template) -> None:
    """Rows are addressed by `id` and go after their `ttl`."""
    _, table = resource_named(template, "DynamoDB::Table", "TablesJobs")
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "t", "Enabled": True}


def test_keys_table_is_addressed_by_the_hash_of_a_key(template: Template) -> None:
    """A key itself is nowhere."""
    _, table = resource_named(template, "DynamoDB::Table", "TablesKeys")
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "hash", "KeyType": "HASH"}]


@pytest.mark.parametrize("prefix", ["TablesJobs", "TablesKeys"])
def test_table_is_paid_per_request_and_recoverable(template: Template, prefix: str) -> None:
    """Idle tables cost their storage only, and any second of the last weeks can be restored."""
    _, table = resource_named(template, "DynamoDB::Table", prefix)
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(("setting", "policy"), [("retain", "Retain"), ("destroy", "Delete")])
def test_tables_outlive_the_stack_as_the_setting_says(
    template_for: Callable[..., Template], setting: str, policy: str
) -> None:
    """By default a destroyed stack leaves jobs and keys behind; everything else goes in either case."""
    template = template_for(tables=setting)
    resources = template.body["Resources"]
    policies = {name: each.get("DeletionPolicy", "Delete") for name, each in resources.items()}
    tables = template.resources("DynamoDB::Table")
    assert {policies[name] for name in tables} == {policy}
    assert {policies[name] for name in resources.keys() - tables.keys()} == {"Delete"}


@pytest.mark.parametrize("prefix", ["QueuesJobs", "QueuesDeadLetters"])
def test_queue_is_encrypted_takes_the_largest_messages_and_refuses_plain_http(template: Template, prefix: str) -> None:
    """Both queues alike."""
    name, queue = resource_named(template, "SQS::Queue", prefix)
    assert queue["Properties"]["SqsManagedSseEnabled"] is True
    assert queue["Properties"]["MaximumMessageSize"] == 1024 * 1024
    (policy,) = (
        each["Properties"]["PolicyDocument"]["Statement"]
        for each in template.resources("SQS::QueuePolicy").values()
        if each["Properties"]["Queues"] == [{"Ref": name}]
    )
    assert [(each["Effect"], each["Condition"], each["Principal"]) for each in policy] == [
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}}, {"AWS": "*"})
    ]


def test_undeliverable_messages_become_dead_letters_which_are_kept_longer(template: Template) -> None:
    """A letter's age counts from its first send."""
    dead_letters, letters = resource_named(template, "SQS::Queue", "QueuesDeadLetters")
    _, queue = resource_named(template, "SQS::Queue", "QueuesJobs")
    assert queue["Properties"]["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters, "Arn"]},
        "maxReceiveCount": 100,
    }
    assert queue["Properties"]["MessageRetentionPeriod"] == 4 * DAY
    assert letters["Properties"]["MessageRetentionPeriod"] == 14 * DAY


def test_message_is_received_as_often_as_it_may_be_long_before_it_expires(template: Template) -> None:
    """Even if every receive takes the whole visibility timeout, half of the retention is left."""
    queue = queue_of(template, "worker")
    receives = queue["RedrivePolicy"]["maxReceiveCount"]
    assert queue["VisibilityTimeout"] * receives < queue["MessageRetentionPeriod"] / 2


@pytest.mark.parametrize("handler", READERS)
def test_delivery_is_invisible_for_as_long_as_its_reader_may_run(template: Template, handler: str) -> None:
    """Else a message would be delivered a second time while the first is handled; Lambda refuses such a mapping."""
    assert queue_of(template, handler)["VisibilityTimeout"] >= template.functions()[handler]["Timeout"]


@pytest.mark.parametrize("handler", READERS)
def test_reader_names_the_deliveries_that_are_to_be_kept(template: Template, handler: str) -> None:
    """The others of its batch are gone, and a flood does not take all of the account's concurrency."""
    deliveries = template.deliveries(handler)
    assert deliveries["EventSourceArn"]["Fn::GetAtt"][0].startswith(QUEUES[handler])
    assert deliveries["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert 2 <= deliveries["ScalingConfig"]["MaximumConcurrency"] <= 10


def test_worker_is_as_its_profile_says(template_for: Callable[..., Template]) -> None:
    """Each value of the profile reaches its place."""
    profile = {
        "memory": 2048,
        "timeout": 120,
        "batch_size": 10,
        "batch_window": 1,
        "max_concurrency": 33,
        "lease_seconds": 30,
        "grace_seconds": 5,
    }
    template = template_for(worker=profile)
    function, deliveries = template.functions()["worker"], template.deliveries("worker")
    environment = function["Environment"]["Variables"]
    assert (function["MemorySize"], function["Timeout"]) == (2048, 120)
    assert (environment["LEASE_SECONDS"], environment["GRACE_SECONDS"]) == ("30", "5")
    assert (deliveries["BatchSize"], deliveries["MaximumBatchingWindowInSeconds"]) == (10, 1)
    assert deliveries["ScalingConfig"] == {"MaximumConcurrency": 33}


def test_one_delivery_at_a_time_is_the_default(template: Template) -> None:
    """A batch runs one after the other, so it is for short flows only; leases and grace are the contract's."""
    assert template.deliveries("worker")["BatchSize"] == 1
    environment = template.functions()["worker"]["Environment"]["Variables"]
    assert (environment["LEASE_SECONDS"], environment["GRACE_SECONDS"]) == ("60", "10")


def test_environment_and_policies_of_the_deployment_reach_the_worker_only(
    template_for: Callable[..., Template],
) -> None:
    """They belong to the flows."""
    policy = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::texts/*"}
    template = template_for(environment={"MODEL": "large"}, policies=[policy])
    told = {handler for handler, each in template.functions().items() if "MODEL" in each["Environment"]["Variables"]}
    allowed = {handler for handler in ENTRIES if ("s3:GetObject", "arn:aws:s3:::texts/*") in template.rights(handler)}
    assert told == allowed == {"worker"}


def test_environment_of_the_deployment_cannot_replace_the_workers_own(template_for: Callable[..., Template]) -> None:
    """The mistake is named."""
    with pytest.raises(SettingsError, match="QUEUE_URL"):
        template_for(environment={"QUEUE_URL": "https://elsewhere"})


def test_sweep_runs_once_a_day_over_the_jobs(template: Template) -> None:
    """It reads the whole table and settles what it finds; nothing else calls it."""
    (rule,) = template.resources("Events::Rule").values()
    assert rule["Properties"]["ScheduleExpression"] == "rate(1 day)"
    assert rule["Properties"]["Targets"][0]["Arn"] == {"Fn::GetAtt": [template.named("sweep"), "Arn"]}
    assert {action for action, _ in template.rights("sweep")} == {
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_outputs_are_what_an_operator_needs(template: Template) -> None:
    """The endpoint is the base URL of the contract."""
    outputs = template.body["Outputs"]
    assert sorted(outputs) == ["DeadLetterQueueUrl", "Endpoint", "JobsTable", "KeysTable", "QueueUrl"]
    assert outputs["Endpoint"]["Value"]["Fn::Join"][1][-1] == "/api/v1"


def test_template_is_the_same_from_run_to_run(template: Template, template_for: Callable[..., Template]) -> None:
    """So that a deployment changes what somebody has changed."""
    assert template_for().text == template.text


def sources() -> list[Path]:
    return [path for path in (ROOT / "functions").rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_no_key_stands_in_the_template_or_the_functions(template: Template) -> None:
    """The local ones are the local launcher's alone."""
    texts = [template.text, *(path.read_text() for path in sources())]
    assert len(texts) > 10
    assert not [found for text in texts for found in re.findall(r"nk_\w+", text)]
