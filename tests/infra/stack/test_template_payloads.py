"""The buckets in the template."""

from typing import Any

import pytest

from noukai_wire.limits import KEPT_DAYS, MAX_KEEP_SECONDS, MAX_RUN_AHEAD_SECONDS
from tests.infra.stack.template import Template

DAY = 24 * 60 * 60


BUCKETS = ("Payloads", "MeteringUncounted", "ReactionsUntold")


def bucket(template: Template, prefix: str = "Payloads") -> tuple[str, dict[str, Any]]:
    name, each = template.named_resource("S3::Bucket", prefix)
    return name, each["Properties"]


@pytest.mark.parametrize("prefix", BUCKETS)
def test_bucket_is_private_and_encrypted(template: Template, prefix: str) -> None:
    """Only the functions have access to it, and only to objects of this account."""
    _, properties = bucket(template, prefix)
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.mark.parametrize("prefix", BUCKETS)
def test_bucket_refuses_plain_http(template: Template, prefix: str) -> None:
    """Its policy says so, and nothing else; there is no other bucket."""
    name, _ = bucket(template, prefix)
    policies = [each["Properties"] for each in template.resources("S3::BucketPolicy").values()]
    assert len(policies) == len(template.resources("S3::Bucket")) == len(BUCKETS)
    (document,) = [each["PolicyDocument"] for each in policies if each["Bucket"] == {"Ref": name}]
    (statement,) = document["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_object_is_deleted_in_its_time(template: Template) -> None:
    """By the days that its name begins with, and no rule is for anything else."""
    _, properties = bucket(template)
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert {(rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) for rule in rules} == {
        (f"keep-{days}d/", days, "Enabled") for days in KEPT_DAYS
    }


def test_objects_of_the_longest_job_are_kept_for_long_enough() -> None:
    """It waits for a year, has eight days to start, is kept for a year, and has eight days to be retried."""
    assert sorted(KEPT_DAYS) == list(KEPT_DAYS)
    assert KEPT_DAYS[-1] * DAY >= MAX_RUN_AHEAD_SECONDS + MAX_KEEP_SECONDS + (8 + 8 + 1) * DAY
