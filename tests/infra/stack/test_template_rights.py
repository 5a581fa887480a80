"""The permissions of each function in the template."""

import json
import re
from typing import Any

import pytest

from tests.infra.stack.permission_table import FILE, permission_table
from tests.infra.stack.template import API, ENTRIES, QUEUES, Template

SETTLE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
CANCEL = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
LIST = {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"}
LISTS = ("list_jobs", "cancel_jobs")
READ_PAYLOADS = {"s3:GetObject"}
PAYLOADS = {
    **dict.fromkeys(("submit", "submit_jobs", "execute", "retry"), READ_PAYLOADS),
    **dict.fromkeys(("status", "statuses", "wait", "logs", "trace", "events", "cancel"), READ_PAYLOADS),
    "upload": {"s3:PutObject"},
    "worker": {"s3:GetObject", "s3:PutObject"},
}
READ_BUDGET = {"dynamodb:GetItem"}
COUNT_CALLS = {"dynamodb:UpdateItem"}
CREATE_SCHEDULES = {"scheduler:CreateSchedule"}
WITHDRAW = {"scheduler:GetSchedule", "scheduler:DeleteSchedule"}
SCHEDULES = {
    **dict.fromkeys(("submit", "submit_jobs"), CREATE_SCHEDULES),
    **dict.fromkeys(("cancel", "cancel_jobs"), WITHDRAW),
    "events": {"scheduler:GetSchedule"},
}
USE_KEYS = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
READ_QUEUE = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
}
OF_HEALTH = {"cloudwatch:GetMetricData", "sqs:GetQueueAttributes"}
READ_METRICS = ("cloudwatch:GetMetricData", "*")
WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}


@pytest.mark.parametrize(
    ("handler", "jobs", "keys", "usage", "queue"),
    [
        ("submit", SETTLE, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("execute", SETTLE, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("submit_jobs", SETTLE, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("upload", set(), USE_KEYS, COUNT_CALLS, set()),
        ("statuses", LIST, USE_KEYS, COUNT_CALLS, set()),
        ("retry", SETTLE, USE_KEYS, COUNT_CALLS | READ_BUDGET, {"sqs:SendMessage"}),
        ("status", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, USE_KEYS, COUNT_CALLS, set()),
        ("wait", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, USE_KEYS, COUNT_CALLS, set()),
        (
            "logs",
            {"dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:BatchGetItem"},
            USE_KEYS,
            COUNT_CALLS,
            set(),
        ),
        ("trace", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, USE_KEYS, COUNT_CALLS, set()),
        ("events", {"dynamodb:GetItem", "dynamodb:UpdateItem"}, USE_KEYS, COUNT_CALLS, set()),
        ("cancel", CANCEL, USE_KEYS, COUNT_CALLS, set()),
        ("list_jobs", LIST, USE_KEYS, COUNT_CALLS, set()),
        ("cancel_jobs", LIST | CANCEL - {"dynamodb:GetItem"}, USE_KEYS, COUNT_CALLS, set()),
        ("usage", set(), USE_KEYS, COUNT_CALLS | READ_BUDGET | {"dynamodb:Query"}, set()),
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
    tokens = {"ssm:GetParameter"} if keys else set[str]()
    bucket, _ = template.named_resource("S3::Bucket", "Payloads")
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
        f"{bucket}/*": PAYLOADS.get(handler, set()),
        "parameter/noukai/noukai/tokens": tokens,
        role: {"iam:PassRole"} if schedules == CREATE_SCHEDULES else set(),
    }
    health = {each for each in template.rights(handler) if handler == "usage" and each[0] in OF_HEALTH}
    assert template.rights(handler) - health == {
        (action, name) for name, actions in expected.items() for action in actions
    }


def test_health_counts_messages_of_every_queue_and_reads_metrics(template: Template) -> None:
    """Of no queue more than the numbers; IAM knows no narrower right to metrics."""
    counted = {name for action, name in template.rights("usage") if action == "sqs:GetQueueAttributes"}
    names = ("QueuesJobs", "QueuesDeadLetters", "QueuesUnprocessed")
    assert {template.named_resource("SQS::Queue", name)[0] for name in names} < counted
    told = json.dumps(template.functions()["usage"]["Environment"]["Variables"]["HEALTH_QUEUES"])
    assert counted == {name for name in template.resources("SQS::Queue") if f'"{name}"' in told}
    assert {right for right in template.rights("usage") if right[1] == "*"} == {READ_METRICS}


def test_permissions_are_listed_for_people(template: Template) -> None:
    """As they are: `python -m tests.infra.stack.permission_table` lists them anew."""
    assert FILE.read_text() == permission_table(template)


@pytest.mark.parametrize("handler", ENTRIES)
def test_role_has_no_wildcard(template: Template, handler: str) -> None:
    """Each right is one action on one resource of this stack, on one part of it, or on the schedules of its
    group, or on the objects of its bucket.

    Only the streams of a table AWS allows to list for all of them together, and metrics to read, for nothing
    narrower.
    """
    resources = template.body["Resources"]
    assert template.rights(handler)
    for action, name in template.rights(handler) - {READ_METRICS}:
        of_many = action.startswith(("scheduler:", "s3:")) or action == "dynamodb:ListStreams"
        assert "*" not in f"{action} {name}" or (of_many and name.count("*") == 1)
        # CloudFormation cannot make an encrypted parameter: the functions make it.
        secret = name in ("parameter/noukai/noukai/webhooks", "parameter/noukai/noukai/tokens")
        assert secret or re.split("[/.]", name)[0] in resources


def actions_of(statement: dict[str, Any]) -> list[str]:
    """Return the actions of a statement."""
    stated = statement["Action"]
    return stated if isinstance(stated, list) else [stated]


def test_api_writes_nothing_of_a_key_but_when_it_was_used(template: Template) -> None:
    """A function that answers callers can neither make, widen or revive a key, nor change its org.

    Only the function of an org's own keys makes some.
    """
    statements = [
        statement
        for name, policy in template.resources("IAM::Policy").items()
        if not name.startswith("ApiKeysRole")
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "Keys" in json.dumps(statement["Resource"])
        and not {"dynamodb:GetItem", "dynamodb:Scan"}.issuperset(actions_of(statement))
    ]
    assert statements
    for statement in statements:
        assert statement["Action"] == "dynamodb:UpdateItem"
        assert statement["Condition"] == {
            "ForAllValues:StringEquals": {"dynamodb:Attributes": ["hash", "used"]}
        }


def test_no_function_may_put_a_key(template: Template) -> None:
    """Whole rows of keys are written by the operator's commands and the function of orgs' own keys alone."""
    keys, _ = template.named_resource("DynamoDB::Table", "TablesKeys")
    others = [handler for handler in ENTRIES if handler != "keys"]
    allowed = {action for handler in others for action, of in template.rights(handler) if of == keys}
    assert ("dynamodb:PutItem", keys) in template.rights("keys")
    assert allowed == {"dynamodb:GetItem", "dynamodb:Scan", "dynamodb:UpdateItem"}


def conditions_of_use(template: Template, action: str) -> list[Any]:
    """Return the conditions on functions' rights to the usage table, except for metering."""
    table, _ = template.named_resource("DynamoDB::Table", "TablesUsage")
    metering = template.functions()["metering"]["Role"]["Fn::GetAtt"][0]
    return [
        statement.get("Condition")
        for policy in template.resources("IAM::Policy").values()
        if policy["Properties"]["Roles"] != [{"Ref": metering}]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if table in json.dumps(statement["Resource"]) and action in json.dumps(statement["Action"])
    ]


def test_api_counts_calls_and_changes_no_use_and_no_budget(template: Template) -> None:
    """A function that answers callers writes only the counts of limited keys to the usage table."""
    counting = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#rate/*"]}}
    naming = {
        "ForAllValues:StringEquals": {
            "dynamodb:LeadingKeys": ["#budget"],
            "dynamodb:Attributes": ["o", "k", "hooks"],
        }
    }
    conditions = conditions_of_use(template, "UpdateItem")
    assert [each for each in conditions if each != naming] == [counting] * len(API)
    assert conditions.count(naming) == len({"webhooks", "webhook_secrets"})


def test_whoever_submits_reads_budgets_and_no_use(template: Template) -> None:
    """What an org has used is the report's business, which reads the org's budget beside it."""
    budgets = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#budget"]}}
    assert conditions_of_use(template, "GetItem") == [budgets] * len(
        {"submit", "submit_jobs", "execute", "retry", "schedules", "tick", "usage"}
    )


def test_metering_reads_the_stream_and_adds_up(template: Template) -> None:
    """It reads no job but in the stream, and what it could not count is put where it may put nothing else."""
    jobs, _ = template.named_resource("DynamoDB::Table", "TablesJobs")
    usage, _ = template.named_resource("DynamoDB::Table", "TablesUsage")
    uncounted, _ = template.named_resource("S3::Bucket", "MeteringUncounted")
    log_group = template.functions()["metering"]["LoggingConfig"]["LogGroup"]["Ref"]
    expected = {
        f"{jobs}.StreamArn": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"},
        f"{jobs}/stream/*": {"dynamodb:ListStreams"},
        usage: {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        uncounted: {"s3:ListBucket"},
        f"{uncounted}/aws/lambda/*": {"s3:PutObject"},
        log_group: WRITE_LOG,
    }
    assert template.rights("metering") == {
        (action, name) for name, actions in expected.items() for action in actions
    }


def test_no_role_has_a_policy_of_somebody_else(template: Template) -> None:
    """No managed policy, and no inline one beside those that are checked action by action."""
    for role in template.resources("IAM::Role").values():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument"}
    assert not template.resources("IAM::ManagedPolicy")
