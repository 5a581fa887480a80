"""The tables in the template."""

from collections.abc import Callable

import pytest

from tests.infra.stack.template import Template


def test_jobs_table_forgets_expired_jobs(template: Template) -> None:
    """Rows are addressed by `id` and go after the time in `t`."""
    _, table = template.named_resource("DynamoDB::Table", "TablesJobs")
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "t", "Enabled": True}


def test_keys_table_is_addressed_by_the_hash_of_a_key(template: Template) -> None:
    """A key itself is nowhere."""
    _, table = template.named_resource("DynamoDB::Table", "TablesKeys")
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "hash", "KeyType": "HASH"}]


def test_usage_table_forgets_counts_of_calls(template: Template) -> None:
    """Its sums, which have no time in `t`, stay."""
    _, table = template.named_resource("DynamoDB::Table", "TablesUsage")
    assert [key["AttributeName"] for key in table["Properties"]["KeySchema"]] == ["o", "k"]
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "t", "Enabled": True}


@pytest.mark.parametrize("prefix", ["TablesJobs", "TablesKeys", "TablesUsage"])
def test_table_is_paid_per_request_and_recoverable(template: Template, prefix: str) -> None:
    """Idle tables cost their storage only, and any second of the last weeks can be restored."""
    _, table = template.named_resource("DynamoDB::Table", prefix)
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(("setting", "policy"), [("retain", "Retain"), ("destroy", "Delete")])
def test_tables_outlive_the_stack_as_the_setting_says(
    template_for: Callable[..., Template], setting: str, policy: str
) -> None:
    """By default a destroyed stack leaves jobs and keys behind, and nobody else can delete them either.

    So it does with inputs and results, which belong to jobs, and with the audit log. Everything else goes in
    either case: a function takes its versions along.
    """
    template = template_for(tables=setting)
    resources = template.body["Resources"]
    policies = {name: each.get("DeletionPolicy", "Delete") for name, each in resources.items()}
    tables = template.resources("DynamoDB::Table")
    assert {policies[name] for name in tables} == {policy}
    protected = {each["Properties"]["DeletionProtectionEnabled"] for each in tables.values()}
    assert protected == {policy == "Retain"}
    buckets = template.resources("S3::Bucket")
    assert {policies[name] for name in buckets} == {policy}
    audit, _ = template.named_resource("Logs::LogGroup", "ApiAudit")
    assert policies[audit] == policy
    kept = {*tables, *buckets, audit, *template.resources("Lambda::Version")}
    others = resources.keys() - kept
    assert {policies[name] for name in others} == {"Delete"}
