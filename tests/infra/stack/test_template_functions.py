"""The functions in the template: runtime, triggers and environment."""

import json
import sys
from collections.abc import Callable

import pytest

from noukai_infra.settings import SettingsError
from tests.infra.stack.template import ENTRIES, Template

SCHEDULING = ("QUEUE_ARN", "SCHEDULE_GROUP", "SCHEDULE_ROLE")

CHANGING = {"cancel", "cancel_jobs", "keys", "schedules", "webhooks", "webhook_secrets"}
"""The functions that change something on a caller's behalf."""


def test_functions_are_those_of_the_contract(template: Template) -> None:
    """Each entry has one function, and there is no other."""
    assert sorted(template.functions()) == sorted(ENTRIES)
    assert len(template.resources("Lambda::Function")) == len(ENTRIES)


@pytest.mark.parametrize("handler", ENTRIES)
def test_function_runs_on_arm64_on_the_python_that_made_its_byte_code(
    template: Template, handler: str
) -> None:
    """Byte code of another minor version would never be loaded."""
    function = template.functions()[handler]
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == f"python{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize("handler", ENTRIES)
def test_function_is_published_and_its_versions_are_kept(template: Template, handler: str) -> None:
    """What calls it calls the alias `live`, and the version before is there for a rollback."""
    (alias,) = [
        each["Properties"]
        for each in template.resources("Lambda::Alias").values()
        if each["Properties"]["FunctionName"] == {"Ref": template.named(handler)}
    ]
    version = template.body["Resources"][alias["FunctionVersion"]["Fn::GetAtt"][0]]
    assert (alias["Name"], version["DeletionPolicy"], version["UpdateReplacePolicy"]) == (
        "live",
        "Retain",
        "Retain",
    )


def test_architecture_is_a_setting(template_for: Callable[..., Template]) -> None:
    """Of all functions alike."""
    functions = template_for(architecture="x86_64").functions()
    assert {each["Architectures"][0] for each in functions.values()} == {"x86_64"}


def test_xray_is_a_setting(template: Template, template_for: Callable[..., Template]) -> None:
    """Of all functions alike, whose roles may then write segments; without it the template is the same."""
    assert template_for(xray=False).text == template.text
    assert not [word for word in ("xray", "TracingConfig") if word in template.text]
    traced = template_for(xray=True)
    assert {each["TracingConfig"]["Mode"] for each in traced.functions().values()} == {"Active"}
    writes = {("xray:PutTelemetryRecords", "*"), ("xray:PutTraceSegments", "*")}
    for handler in ENTRIES:
        assert traced.rights(handler) - template.rights(handler) == writes
        assert template.rights(handler) <= traced.rights(handler)


@pytest.mark.parametrize(("context", "usd"), [({}, 13.3334), ({"architecture": "x86_64"}, 16.6667)])
def test_compute_is_estimated_at_the_price_of_its_architecture(
    template_for: Callable[..., Template], context: dict[str, object], usd: float
) -> None:
    """Per million GB-seconds, unless the operator sets another: https://aws.amazon.com/lambda/pricing/."""
    functions = template_for(**context).functions()
    prices = {
        functions[each]["Environment"]["Variables"]["PRICE_GB_SECOND"] for each in ("usage", "metering")
    }
    assert [float(price) * 1_000_000 for price in prices] == [pytest.approx(usd)]
    own = template_for(**context, price_gb_second=0.5).functions()["usage"]["Environment"]["Variables"]
    assert float(own["PRICE_GB_SECOND"]) == 0.5


@pytest.mark.parametrize("handler", ENTRIES)
def test_function_logs_json_to_its_own_kept_log_group(template: Template, handler: str) -> None:
    """The platform's own lines are written from WARN on, and no log is kept for ever."""
    logging = template.functions()[handler]["LoggingConfig"]
    assert (logging["LogFormat"], logging["SystemLogLevel"]) == ("JSON", "WARN")
    kept = 365 if "Audit" in logging["LogGroup"]["Ref"] else 30
    assert template.properties(logging["LogGroup"]["Ref"])["RetentionInDays"] == kept


def test_no_two_functions_share_a_role_or_a_log_group(template: Template) -> None:
    """What one function may do says nothing of another; those that are audited write one log together."""
    functions = template.functions()
    assert len({json.dumps(function["Role"]) for function in functions.values()}) == len(functions)
    writers: dict[str, set[str]] = {}
    for name, function in functions.items():
        writers.setdefault(function["LoggingConfig"]["LogGroup"]["Ref"], set()).add(name)
    audit, _ = template.named_resource("Logs::LogGroup", "ApiAudit")
    assert writers.pop(audit) == CHANGING
    assert {len(names) for names in writers.values()} == {1}


def test_audit_log_is_kept_for_a_year_and_longer_than_the_stack(template: Template) -> None:
    _, group = template.named_resource("Logs::LogGroup", "ApiAudit")
    assert (group["Properties"]["RetentionInDays"], group["DeletionPolicy"]) == (365, "Retain")


def test_submissions_are_audited_where_it_is_asked_for(
    template: Template, template_for: Callable[..., Template]
) -> None:
    """Their functions then write the audit log; nothing else changes."""
    asked = template_for(audit_submissions=True)
    audit, _ = asked.named_resource("Logs::LogGroup", "ApiAudit")
    audited = {
        name
        for name, function in asked.functions().items()
        if function["Environment"]["Variables"].get("AUDIT") == "on"
    }
    submitting = {"submit", "submit_jobs", "execute", "retry"}
    assert audited == CHANGING | submitting
    writers = {
        name
        for name, function in asked.functions().items()
        if function["LoggingConfig"]["LogGroup"]["Ref"] == audit
    }
    assert writers == audited
    for name in template.functions().keys() - submitting:
        assert asked.functions()[name] == template.functions()[name]


@pytest.mark.parametrize(
    ("handler", "names"),
    [
        ("submit", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET", "QUEUE_URL", *SCHEDULING}),
        ("execute", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET", "QUEUE_URL"}),
        (
            "submit_jobs",
            {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET", "QUEUE_URL", *SCHEDULING},
        ),
        ("statuses", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        ("retry", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET", "QUEUE_URL"}),
        ("upload", {"KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        ("status", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        ("wait", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        ("logs", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        ("trace", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        ("events", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET", "SCHEDULE_GROUP"}),
        ("cancel", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET", "SCHEDULE_GROUP", "AUDIT"}),
        ("list_jobs", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE"}),
        ("cancel_jobs", {"JOBS_TABLE", "KEYS_TABLE", "USAGE_TABLE", "SCHEDULE_GROUP", "AUDIT"}),
        ("usage", {"KEYS_TABLE", "USAGE_TABLE", "PRICE_JOB", "PRICE_GB_SECOND", "HEALTH_QUEUES"}),
        ("metering", {"USAGE_TABLE", "WORKER_MEMORY", "PRICE_JOB", "PRICE_GB_SECOND"}),
        ("describe", {"KEYS_TABLE", "USAGE_TABLE", "PAYLOADS_BUCKET"}),
        (
            "worker",
            {
                "JOBS_TABLE",
                "PAYLOADS_BUCKET",
                "QUEUE_URL",
                "LEASE_SECONDS",
                "GRACE_SECONDS",
                "IMPORT_SECONDS",
                "PYTHONUNBUFFERED",
            },
        ),
        ("dead_letters", {"JOBS_TABLE", "DEAD_LETTER_QUEUE_URL"}),
    ],
)
def test_function_is_told_what_it_needs_and_no_more(
    template: Template, handler: str, names: set[str]
) -> None:
    """The environment of each function is the one it reads."""
    all_have = {"LOG_LEVEL", "METRICS_NAMESPACE"}
    if "KEYS_TABLE" in names:
        all_have |= {"TOKENS_SECRET"}
    assert template.functions()[handler]["Environment"]["Variables"].keys() == names | all_have


def test_environment_and_policies_of_the_deployment_reach_the_worker_only(
    template_for: Callable[..., Template],
) -> None:
    """They belong to the flows."""
    policy = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::texts/*"}
    template = template_for(environment={"MODEL": "large"}, policies=[policy])
    told = {
        handler
        for handler, each in template.functions().items()
        if "MODEL" in each["Environment"]["Variables"]
    }
    allowed = {
        handler for handler in ENTRIES if ("s3:GetObject", "arn:aws:s3:::texts/*") in template.rights(handler)
    }
    assert told == allowed == {"worker"}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("QUEUE_URL", "https://elsewhere", "must not set QUEUE_URL"),
        ("WORKER_KIND", "m512", "must not set WORKER_KIND"),
        ("WORKER_KIND_MEMORY", "512", "must not set WORKER_KIND_MEMORY"),
        ("PAYLOADS_BUCKET", "mine", "must not set PAYLOADS_BUCKET"),
        ("LOG_LEVEL", "DEBUG", "must not set LOG_LEVEL"),
        ("LOG_ERROR_TEXTS", "yes", 'LOG_ERROR_TEXTS: "yes" is invalid: it should be "true" or "false"'),
    ],
)
def test_environment_of_the_deployment_cannot_replace_the_workers_own(
    template_for: Callable[..., Template], name: str, value: str, said: str
) -> None:
    """It is refused, even if this worker has no such variable; what the worker reads has a known value."""
    with pytest.raises(SettingsError, match=f"^environment.*{said}"):
        template_for(environment={name: value})


def test_sweep_goes_on_every_quarter_of_an_hour(template: Template) -> None:
    """It reads the whole table and settles what it finds; a run is over before the next."""
    rules = template.resources("Events::Rule")
    rule = next(each for name, each in rules.items() if name.startswith("SweepOften"))
    assert rule["Properties"]["ScheduleExpression"] == "rate(15 minutes)"
    assert template.function_behind(rule["Properties"]["Targets"][0]["Arn"]) == template.named("sweep")
    assert {action for action, _ in template.rights("sweep")} == {
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:ListBucket",
        "sqs:GetQueueAttributes",
    }
