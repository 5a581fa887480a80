"""What the template says of each function: what it runs on, what invokes it and what it is told."""

import json
import sys
from collections.abc import Callable

import pytest

from infra.settings import SettingsError
from tests.infra.permission_table import FILE, permission_table
from tests.infra.template import API, ENTRIES, QUEUES, Template

SETTLE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
SUBMIT = {"dynamodb:GetItem", "dynamodb:PutItem"}
CANCEL = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
LIST = {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"}
LISTS = ("list_jobs", "cancel_jobs")
READ_BUDGET = {"dynamodb:GetItem"}
COUNT_CALLS = {"dynamodb:UpdateItem"}
CREATE_SCHEDULES = {"scheduler:CreateSchedule"}
WITHDRAW = {"scheduler:GetSchedule", "scheduler:DeleteSchedule"}
SCHEDULES = {"submit": CREATE_SCHEDULES, "execute": CREATE_SCHEDULES, "cancel": WITHDRAW, "cancel_jobs": WITHDRAW}
USE_KEYS = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
READ_QUEUE = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"}
SCHEDULING = ("QUEUE_ARN", "SCHEDULE_GROUP", "SCHEDULE_ROLE")
WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}


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
    ("handler", "jobs", "keys", "usage", "queue"),
    [
        ("submit", SUBMIT, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("execute", SUBMIT, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("retry", SETTLE, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("status", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, USE_KEYS, COUNT_CALLS, set()),
        ("wait", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, USE_KEYS, COUNT_CALLS, set()),
        ("cancel", CANCEL, USE_KEYS, COUNT_CALLS, set()),
        ("list_jobs", LIST, USE_KEYS, COUNT_CALLS, set()),
        ("cancel_jobs", LIST | CANCEL, USE_KEYS, COUNT_CALLS, set()),
        ("usage", set(), USE_KEYS, COUNT_CALLS | {"dynamodb:Query"}, set()),
        ("describe", set(), USE_KEYS, COUNT_CALLS, set()),
        ("worker", SETTLE, set(), set(), READ_QUEUE),
        ("dead_letters", SETTLE, set(), set(), READ_QUEUE),
    ],
)
def test_role_allows_exactly_what_its_function_does(
    template: Template, *, handler: str, jobs: set[str], keys: set[str], usage: set[str], queue: set[str]
) -> None:
    """A role has its actions on its resources, may write its own log, and nothing else."""
    jobs_table, _ = template.named_resource("DynamoDB::Table", "TablesJobs")
    keys_table, _ = template.named_resource("DynamoDB::Table", "TablesKeys")
    usage_table, _ = template.named_resource("DynamoDB::Table", "TablesUsage")
    queue_name, _ = template.named_resource("SQS::Queue", QUEUES.get(handler, "QueuesJobs"))
    log_group = template.functions()[handler]["LoggingConfig"]["LogGroup"]["Ref"]
    group, _ = template.named_resource("Scheduler::ScheduleGroup", "Schedules")
    role, _ = template.named_resource("IAM::Role", "Schedules")
    schedules = SCHEDULES.get(handler, set())
    index = {"dynamodb:Query"} if handler in LISTS else set[str]()
    expected = {
        f"{jobs_table}/index/newest": index,
        jobs_table: jobs,
        keys_table: keys,
        usage_table: usage,
        queue_name: queue,
        log_group: WRITE_LOG,
        f"{group}/*": schedules,
        role: {"iam:PassRole"} if schedules == CREATE_SCHEDULES else set(),
    }
    assert template.rights(handler) == {(action, name) for name, actions in expected.items() for action in actions}


def test_permissions_are_listed_for_people(template: Template) -> None:
    """As they are: `python -m tests.infra.permission_table` lists them anew."""
    assert FILE.read_text() == permission_table(template)


@pytest.mark.parametrize("handler", ENTRIES)
def test_role_has_no_wildcard(template: Template, handler: str) -> None:
    """Each right is one action on one resource of this stack, on one part of it, or on the schedules of its group."""
    resources = template.body["Resources"]
    assert template.rights(handler)
    for action, name in template.rights(handler):
        assert "*" not in f"{action} {name}" or (action.startswith("scheduler:") and name.count("*") == 1)
        assert name.partition("/")[0] in resources


def test_api_writes_nothing_of_a_key_but_when_it_was_used(template: Template) -> None:
    """A function that answers callers can neither make a key, nor widen or revive one."""
    statements = [
        statement
        for policy in template.resources("IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "Keys" in json.dumps(statement["Resource"]) and statement["Action"] != "dynamodb:GetItem"
    ]
    assert statements
    for statement in statements:
        assert statement["Action"] == "dynamodb:UpdateItem"
        assert statement["Condition"] == {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["hash", "org", "used"]}}


def test_api_counts_calls_and_changes_no_use_and_no_budget(template: Template) -> None:
    """A function that answers callers writes to the usage table what is counted of limited keys, and nothing else."""
    table, _ = template.named_resource("DynamoDB::Table", "TablesUsage")
    metering = template.functions()["metering"]["Role"]["Fn::GetAtt"][0]
    conditions = [
        statement.get("Condition")
        for policy in template.resources("IAM::Policy").values()
        if policy["Properties"]["Roles"] != [{"Ref": metering}]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if table in json.dumps(statement["Resource"]) and "UpdateItem" in json.dumps(statement["Action"])
    ]
    assert conditions == [{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#rate/*"]}}] * len(API)


def test_metering_reads_the_stream_and_adds_up(template: Template) -> None:
    """It reads no job but in the stream, and may say what it could not count."""
    jobs, _ = template.named_resource("DynamoDB::Table", "TablesJobs")
    usage, _ = template.named_resource("DynamoDB::Table", "TablesUsage")
    uncounted, _ = template.named_resource("SQS::Queue", "QueuesUncounted")
    log_group = template.functions()["metering"]["LoggingConfig"]["LogGroup"]["Ref"]
    expected = {
        f"{jobs}.StreamArn": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        f"{jobs}/stream/*": {"dynamodb:ListStreams"},
        usage: {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        uncounted: {"sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"},
        log_group: WRITE_LOG,
    }
    assert template.rights("metering") == {(action, name) for name, actions in expected.items() for action in actions}


def test_no_role_has_a_policy_of_somebody_else(template: Template) -> None:
    """No managed policy, and no inline one beside those that are checked action by action."""
    for role in template.resources("IAM::Role").values():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument"}
    assert not template.resources("IAM::ManagedPolicy")


@pytest.mark.parametrize(
    ("handler", "names"),
    [
        ("submit", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "QUEUE_URL", *SCHEDULING}),
        ("execute", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "QUEUE_URL", *SCHEDULING}),
        ("retry", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "QUEUE_URL"}),
        ("status", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE"}),
        ("wait", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE"}),
        ("cancel", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "SCHEDULE_GROUP"}),
        ("list_jobs", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE"}),
        ("cancel_jobs", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "SCHEDULE_GROUP"}),
        ("usage", {"KEYS_TABLE", "USAGE_TABLE", "PRICE_JOB", "PRICE_GB_SECOND"}),
        ("metering", {"USAGE_TABLE", "WORKER_MEMORY", "PRICE_JOB", "PRICE_GB_SECOND"}),
        ("describe", {"KEYS_TABLE", "USAGE_TABLE"}),
        ("worker", {"JOBS_TABLE", "QUEUE_URL", "LEASE_SECONDS", "GRACE_SECONDS"}),
        ("dead_letters", {"JOBS_TABLE", "DEAD_LETTER_QUEUE_URL"}),
    ],
)
def test_function_is_told_what_it_needs_and_no_more(template: Template, handler: str, names: set[str]) -> None:
    """The environment of each function is the one it reads."""
    assert template.functions()[handler]["Environment"]["Variables"].keys() == names | {"LOG_LEVEL"}


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
